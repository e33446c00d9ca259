"""Folders as people have them."""

import os
import shutil
import subprocess

import pytest

from edgekit.artefact import Preprocessing
from edgekit.data import load_dataset
from edgekit.data.sources import load_images
from edgekit.errors import DataError, UsageError

CONTRACT = Preprocessing(height=8, width=8)


def load(folder, progress=None):
    return load_dataset(str(folder), resolution=8, **({"progress": progress} if progress else {}))


def sizes(dataset):
    return [len(dataset.train), len(dataset.calibration), len(dataset.evaluation)]


@pytest.fixture
def save(image):
    """Write some different images into a folder."""

    def write(folder, count, first):
        folder.mkdir(parents=True, exist_ok=True)
        for i in range(first, first + count):
            image(i).save(folder / f"{i}.png")

    return write


def test_what_holds_no_classes_is_named(folder, save, progress):
    save(folder / "__MACOSX" / "cat", 1, 900)
    save(folder / "annotations" / "trimaps", 2, 910)
    (folder / "empty").mkdir()
    (folder / "masks").mkdir()
    (folder / "masks" / "0.xml").write_text("<a/>")
    assert load(folder, progress).labels == ("cat", "dog")
    assert progress.notes == [
        "Ignored 'masks/0.xml', which is not an image.",
        "Ignored the folders '__MACOSX', 'annotations', 'empty' and 'masks': they hold no classes.",
    ]


def test_of_a_competitions_folder_only_what_has_classes_is_used(folder, save, tmp_path, progress):
    root = tmp_path / "kaggle"
    shutil.move(folder, root / "train")
    save(root / "test", 5, 900)
    (root / "sample_submission.csv").write_text("id,label")
    dataset = load(root, progress)
    assert dataset.labels == ("cat", "dog")
    assert sizes(dataset) == sizes(load(root / "train"))
    assert progress.notes == ["Ignored the folder 'test': it holds no classes."]


def test_a_test_part_whose_only_folder_is_no_class_is_not_used(folder, save, tmp_path):
    root = tmp_path / "kaggle"
    shutil.move(folder, root / "train")
    save(root / "test" / "unknown", 5, 900)
    assert load(root).labels == ("cat", "dog")


def test_a_part_to_validate_with_evaluates_where_the_test_has_no_classes(folder, save, tmp_path):
    root = tmp_path / "parts"
    shutil.move(folder, root / "train")
    for place, name in enumerate(("cat", "dog")):
        save(root / "valid" / name, 3, 700 + 10 * place)
    save(root / "test", 5, 900)
    dataset = load(root)
    assert (dataset.labels, len(dataset.evaluation)) == (("cat", "dog"), 6)


def test_of_three_parts_each_is_used_for_what_it_is_named_after(folder, save, tmp_path):
    root = tmp_path / "divided"
    shutil.move(folder, root / "train")
    for place, name in enumerate(("cat", "dog")):
        save(root / "validation" / name, 4, 700 + 10 * place)
        save(root / "test" / name, 3, 800 + 10 * place)
    shutil.copy(root / "train" / "cat" / "0.png", root / "validation" / "cat" / "copy.png")
    dataset = load(root)
    assert sizes(dataset) == [19, 9, 6], "a copy is where it does no harm"
    alone = load(root / "train")
    known = {digest for part in (alone.train, alone.calibration, alone.evaluation) for digest in part.hashes}
    assert set(dataset.train.hashes) < known
    shutil.rmtree(root / "validation" / "dog")
    assert sizes(load(root)) == [19 - 2, 5 + 2, 6], "of a class with nothing to validate, some are drawn"


def test_an_empty_part_to_evaluate_with_is_named(folder, tmp_path):
    root = tmp_path / "divided"
    shutil.move(folder, root / "train")
    (root / "test" / "cat").mkdir(parents=True)
    with pytest.raises(DataError, match=r"divided/test' is for evaluation, but has no images.*remove"):
        load(root)


def test_a_folder_inside_a_folder_is_opened(folder, tmp_path, progress):
    outer = tmp_path / "outer"
    outer.mkdir()
    shutil.move(folder, outer / "pets")
    assert load(outer, progress).labels == ("cat", "dog")
    assert progress.notes == ["The classes are the sub-folders of 'pets'."]


def test_numbered_folders_are_in_the_order_of_their_numbers_and_that_is_said(save, tmp_path, progress):
    for name in range(11):
        save(tmp_path / "many" / str(name), 3, 10 * name)
    assert load(tmp_path / "many", progress).labels == tuple(map(str, range(11)))
    [note] = progress.notes
    assert "sorted as numbers: 0, 1, 2 …" in note
    assert "as text: 0, 1, 10 …" in note
    shutil.rmtree(tmp_path / "many" / "10")
    progress.notes.clear()
    assert load(tmp_path / "many", progress).labels == tuple(map(str, range(10)))
    assert progress.notes == []


def test_images_in_no_sub_folder_have_no_classes(save, tmp_path):
    save(tmp_path / "flat", 20, 0)
    dataset = load(tmp_path / "flat")
    assert (dataset.labels, dataset.labelled, sizes(dataset)) == ((), False, [0, 15, 5])
    assert set(dataset.evaluation.labels.tolist()) == {-1}
    assert not set(dataset.calibration.hashes) & set(dataset.evaluation.hashes)


def test_images_next_to_classes_are_counted(folder, image, progress):
    image(900).save(folder / "loose.png")
    load(folder, progress)
    assert progress.notes == [f"Ignored 1 image directly in {str(folder)!r}: they belong to no class."]


def test_to_calibrate_images_are_taken_from_any_depth(folder):
    dataset = load_images(str(folder), CONTRACT)
    assert (dataset.labelled, sum(sizes(dataset))) == (False, 20)


def test_what_cannot_calibrate_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no folder or"):
        load_images(str(tmp_path / "none"), CONTRACT)
    with pytest.raises(DataError):
        load_images(str(tmp_path), CONTRACT)


def test_one_image_is_too_few(save, tmp_path):
    save(tmp_path / "flat", 1, 0)
    with pytest.raises(DataError, match="There is 1 usable image"):
        load(tmp_path / "flat")


@pytest.mark.skipif(os.name == "nt", reason="the command is one of a Unix shell")
def test_the_command_that_converts_heic_images_names_each_of_them(tmp_path):
    place = tmp_path / "my photos"
    place.mkdir()
    for name in ("a.heic", "b c.HEIF", "d.jpg.txt"):
        (place / name).write_bytes(b"x")
    with pytest.raises(DataError, match="2 HEIC images") as raised:
        load(place)
    tool = tmp_path / "bin" / "mogrify"
    tool.parent.mkdir()
    tool.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    tool.chmod(0o755)
    command = raised.value.hint.removeprefix("Convert them: ")
    path = f"{tool.parent}:{os.environ['PATH']}"
    typed = subprocess.run(
        command, shell=True, env={"PATH": path}, capture_output=True, text=True, check=True
    )
    assert sorted(typed.stdout.splitlines()) == [
        "-format",
        str(place / "a.heic"),
        str(place / "b c.HEIF"),
        "jpg",
    ]


def table(folder, rows, header="filename, cat, dog"):
    (folder / "_classes.csv").write_text("\n".join([header, *rows]) + "\n")


def test_a_table_says_which_labels_each_image_has(save, tmp_path, progress):
    for part, first in (("train", 0), ("valid", 100)):
        save(tmp_path / part, 8, first)
        table(tmp_path / part, [f"{i}.png, {i % 2}, 1" for i in range(first, first + 8)] + ["gone.png, 0, 0"])
    dataset = load(tmp_path, progress)
    assert (dataset.labels, dataset.multilabel, sizes(dataset)) == (("cat", "dog"), True, [0, 8, 8])
    assert sorted(dataset.evaluation.labels.tolist()) == [2] * 4 + [3] * 4
    assert "2 images of _classes.csv cannot be found and will not be used." in progress.notes


@pytest.mark.parametrize(
    ("header", "row", "said"),
    [
        ("filename, cat, dog", "0.png, 1", "in line 2"),
        ("filename, cat, dog", "0.png, 1, maybe", "in line 2"),
        ("filename", "0.png", "does not begin with"),
        ("filename, cat, cat", "0.png, 1, 0", "does not begin with"),
        ("filename, cat, dog", "gone.png, 1, 0", "none of the images"),
        ("filename, " + ", ".join(map(str, range(63))), "0.png", "at most 62"),
    ],
)
def test_a_table_that_cannot_be_understood_is_refused(save, tmp_path, header, row, said):
    save(tmp_path, 3, 0)
    table(tmp_path, [row], header)
    with pytest.raises(DataError, match=said):
        load(tmp_path)
