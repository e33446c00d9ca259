import os
import shutil

import numpy as np
import pytest

from edgekit.data import load_dataset
from edgekit.errors import DataError


def load(folder, progress=None, **options):
    options.setdefault("resolution", 16)
    return load_dataset(str(folder), **({"progress": progress} if progress else {}), **options)


def everything(dataset):
    return [dataset.train, dataset.calibration, dataset.evaluation]


def total(dataset):
    return sum(len(split) for split in everything(dataset))


def test_classes_are_the_sub_folders_and_images_are_resized(folder, progress):
    dataset = load(folder, progress)
    assert dataset.name == "pets"
    assert dataset.labels == ("cat", "dog")
    assert [len(split) for split in everything(dataset)] == [12, 4, 4]
    images = dataset.evaluation.images.read(range(4))
    assert images.shape == (4, 16, 16, 3)
    assert images.dtype == np.uint8
    assert progress.steps == [("Reading 20 images", 20)]
    assert progress.done == list(range(1, 21))
    assert progress.notes == []


def test_splits_are_disjoint_and_do_not_depend_on_file_names_or_resolution(folder, tmp_path):
    before = load(folder)
    renamed = tmp_path / "renamed"
    for name in ("cat", "dog"):
        (renamed / name).mkdir(parents=True)
        for i, path in enumerate(sorted((folder / name).iterdir(), reverse=True)):
            shutil.copy(path, renamed / name / f"z{i}.PNG")
    after = load(renamed, resolution=8, seed=3)
    assert [s.record() for s in everything(before)] == [s.record() for s in everything(after)]
    hashes = [digest for split in everything(before) for digest in split.hashes]
    assert len(set(hashes)) == len(hashes) == 20


def test_images_are_decoded_when_read(folder):
    dataset = load(folder)
    shutil.rmtree(folder)
    with pytest.raises(DataError, match="changed while it was in use: nothing is there"):
        dataset.train.images.read([0])


def test_broken_images_are_named_counted_and_skipped(folder, progress):
    whole = (folder / "cat" / "0.png").read_bytes()
    (folder / "cat" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no image")
    (folder / "cat" / "empty.png").write_bytes(b"")
    (folder / "dog" / "truncated.png").write_bytes(whole[: len(whole) // 2])
    assert total(load(folder, progress)) == 20
    assert len(progress.notes) == 4
    assert progress.notes[0].startswith("Skipped 'cat/broken.jpg': ")
    assert progress.notes[1] == "Skipped 'cat/empty.png': not an image in a known format."
    assert progress.notes[2].startswith("Skipped 'dog/truncated.png': ")
    assert progress.notes[3] == "Skipped 3 of 23 images: they cannot be read."


def test_of_many_broken_images_only_the_first_are_named(folder, progress):
    for i in range(30):
        (folder / "cat" / f"broken{i:02}.png").write_bytes(b"no")
    load(folder, progress)
    assert len(progress.notes) == 11
    assert progress.notes[-1] == "Skipped 30 of 50 images: they cannot be read."


def test_copies_in_another_format_do_not_land_in_two_splits(folder, progress, image):
    image(0).save(folder / "cat" / "again.bmp")
    image(0).save(folder / "cat" / "and again.tiff")
    assert total(load(folder, progress)) == 20
    assert progress.notes == ["2 images are copies of others; each image is used once."]


def test_an_image_in_two_classes_is_not_used(folder, progress):
    shutil.copy(folder / "cat" / "0.png", folder / "dog" / "cat or dog.png")
    assert total(load(folder, progress)) == 19
    assert "1 image is in more than one class and is not used." in progress.notes


def test_other_files_and_hidden_ones_are_left_alone(folder, progress, image):
    (folder / "cat" / "notes.txt").write_text("hello")
    (folder / "dog" / "raw.heic").write_bytes(b"x")
    (folder / "cat" / "._0.png").write_bytes(b"hidden")
    (folder / ".thumbnails").mkdir()
    image(9).save(folder / ".thumbnails" / "a.png")
    (folder / "README.md").write_text("about")
    dataset = load(folder, progress)
    assert dataset.labels == ("cat", "dog")
    assert total(dataset) == 20
    assert progress.notes == [
        "Ignored 'cat/notes.txt', which is not an image.",
        "Ignored 1 HEIC image, such as 'dog/raw.heic'. To use them: "
        f"find {folder} -iname '*.hei[cf]' -exec mogrify -format jpg {{}} +",
        "Ignored the folder '.thumbnails': it holds no classes.",
    ]


def test_a_single_file_that_is_no_image_is_named(folder, progress):
    (folder / "cat" / "notes.txt").write_text("hello")
    load(folder, progress)
    assert progress.notes == ["Ignored 'cat/notes.txt', which is not an image."]


def test_images_deeper_in_a_class_belong_to_it(folder, image):
    (folder / "cat" / "2024" / "may").mkdir(parents=True)
    image(999).save(folder / "cat" / "2024" / "may" / "deep.png")
    assert total(load(folder)) == 21


@pytest.mark.parametrize(
    "name", ["with space.png", "line\nbreak.png", "snow ☃ é.png", "-rf.png", "'quote\".png", "%s{0}\\.png"]
)
def test_odd_file_names_are_read(folder, image, progress, name):
    image(999).save(folder / "cat" / name, format="png")
    assert total(load(folder, progress)) == 21
    assert progress.notes == []


def test_odd_file_names_are_shown_on_one_line(folder, progress):
    (folder / "cat" / "line\nbreak \x1b[31m.png").write_bytes(b"no")
    (folder / "cat" / os.fsdecode(b"caf\xe9.png")).write_bytes(b"no")
    load(folder, progress)
    assert all(note.isprintable() and note.encode() for note in progress.notes)


def test_odd_class_names_are_kept(tmp_path, folder):
    odd = tmp_path / "-odd"
    shutil.copytree(folder / "cat", odd / "-dash")
    shutil.copytree(folder / "dog", odd / "snow ☃ man")
    assert load(odd).labels == ("-dash", "snow ☃ man")


@pytest.mark.parametrize("name", ["two\nlines", "tab\there", os.fsdecode(b"caf\xe9")])
def test_a_class_name_that_does_not_fit_on_a_line_is_refused(folder, name):
    (folder / "cat").rename(folder / name)
    with pytest.raises(DataError, match="unprintable character in its name"):
        load(folder)


def test_a_folder_with_an_unprintable_name_gets_a_name_that_can_be_written(folder):
    odd = folder.rename(folder.with_name(os.fsdecode(b"caf\xe9\n")))
    assert load(odd).name == "caf??"


def test_links_to_images_and_classes_are_followed_and_dead_ones_named(folder, tmp_path, progress):
    store = tmp_path / "store"
    shutil.move(folder / "dog", store)
    (folder / "dog").symlink_to(store, target_is_directory=True)
    shutil.move(folder / "cat" / "0.png", tmp_path / "elsewhere.png")
    (folder / "cat" / "0.png").symlink_to(tmp_path / "elsewhere.png")
    (folder / "cat" / "dead.png").symlink_to(tmp_path / "gone.png")
    (folder / "cat" / "loop").symlink_to(folder, target_is_directory=True)
    assert total(load(folder, progress)) == 20
    assert progress.notes[0] == "Skipped 'cat/dead.png': nothing is there."


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_named_like_an_image_does_not_block(folder, progress):
    os.mkfifo(folder / "cat" / "pipe.png")
    (folder / "dog" / "folder.png").mkdir()
    assert total(load(folder, progress)) == 20
    assert progress.notes[0] == "Skipped 'cat/pipe.png': not a file."


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="has no sub-folders; a dataset has one sub-folder for each"):
        load(tmp_path)


def test_a_single_class_is_refused(folder):
    shutil.rmtree(folder / "dog")
    with pytest.raises(DataError, match="has only the sub-folder 'cat'"):
        load(folder)


def test_classes_without_images_are_refused(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").touch()
    with pytest.raises(DataError, match="has 2 class folders but no images"):
        load(tmp_path)


def test_images_that_are_all_broken_are_refused(tmp_path, progress):
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.png").write_bytes(b"no")
    with pytest.raises(DataError, match="none of its 2 can be read"):
        load(tmp_path, progress)
    assert len(progress.notes) == 3


def test_a_class_with_too_few_images_is_named(folder):
    for i in range(2, 10):
        (folder / "dog" / f"{i}.png").unlink()
    with pytest.raises(DataError, match=r"'dog' has 2 different usable images\. It needs at least 3"):
        load(folder)


def test_the_users_own_division_is_kept(folder, tmp_path, image):
    own = tmp_path / "own"
    shutil.copytree(folder, own / "Train")
    for part, seed in (("val", 500), ("test", 600)):
        for label, name in enumerate(("cat", "dog")):
            (own / part / name).mkdir(parents=True)
            image(seed + label).save(own / part / name / "a.png")
    shutil.copy(own / "Train" / "cat" / "0.png", own / "test" / "cat" / "copy.png")
    dataset = load(own)
    assert dataset.labels == ("cat", "dog")
    assert len(dataset.evaluation) == 3
    assert total(dataset) == 24
    assert not set(dataset.evaluation.hashes) & {*dataset.train.hashes, *dataset.calibration.hashes}
    shutil.rmtree(own / "test")
    assert len(load(own).evaluation) == 2


def test_classes_that_are_called_train_and_test_are_classes(folder):
    (folder / "cat").rename(folder / "train")
    (folder / "dog").rename(folder / "test")
    assert load(folder).labels == ("test", "train")
