"""The order of a model's classes."""

import numpy as np
import pytest

from edgekit.data import load_dataset
from edgekit.data.classes import (
    imagenet,
    imagenet_labels,
    labels_next_to,
    places_among,
    places_in_imagenet,
    read_labels,
    with_classes,
)
from edgekit.errors import DataError, UsageError


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("cat\ndog\n", ("cat", "dog")),
        ("\ufeffcat\r\n\r\n dog \r\n", ("cat", "dog")),
        ("0 cat\n1 big dog\n", ("cat", "big dog")),
        ("0\n1\n2\n", ("0", "1", "2")),
        ("7 cat\n9 dog\n", ("7 cat", "9 dog")),
    ],
)
def test_a_file_has_a_class_on_each_line(tmp_path, text, names):
    path = tmp_path / "labels.txt"
    path.write_text(text, encoding="utf-8")
    assert read_labels(path) == names
    assert labels_next_to(tmp_path / "model.keras") == path


@pytest.mark.parametrize("data", [b"", b"cat\ncat\n", b"\xff\xfe", b"a\x1bb\nc\n"])
def test_a_file_that_is_no_list_of_classes_is_refused(tmp_path, data):
    (tmp_path / "labels.txt").write_bytes(data)
    with pytest.raises(DataError):
        read_labels(tmp_path / "labels.txt")


def test_an_empty_file_next_to_a_model_says_nothing(tmp_path):
    """A set made from images without classes has one, next to float files that may be converted again."""
    (tmp_path / "labels.txt").touch()
    assert labels_next_to(tmp_path / "float32.onnx") is None
    (tmp_path / "class_names.txt").write_text("cat\ndog\n", encoding="utf-8")
    assert labels_next_to(tmp_path / "float32.onnx") == tmp_path / "class_names.txt"


def test_imagenets_classes_are_in_the_order_of_its_models():
    synsets = [synset for synset, _ in imagenet()]
    assert (len(synsets), synsets) == (1000, sorted(synsets))
    assert (synsets[0], synsets[281], synsets[999]) == ("n01440764", "n02123045", "n15075141")
    assert imagenet_labels(1000)[281] == "tabby"
    assert len(set(imagenet_labels(1001))) == 1001
    assert imagenet_labels(1001)[282] == "tabby"


def test_imagenets_classes_are_found_by_synset_and_by_any_of_their_words():
    names = ["n01440764", "Tabby", "great_white_shark", "Goldfish, Carassius auratus", "tabby cat"]
    assert list(places_in_imagenet(names, 1000).values()) == [0, 281, 2, 1, 281]
    assert places_in_imagenet(["tench"], 1001) == {"tench": 1}
    assert places_in_imagenet(["tench", "my cat"], 1000) is None
    with pytest.raises(DataError, match="several classes 'crane'") as raised:
        places_in_imagenet(["crane"], 1000)
    assert "n02012849 or n03126707" in raised.value.hint


def test_classes_are_found_whatever_the_case_or_by_their_number():
    labels = ("red", "Light Green", "blue")
    assert places_among(["light_green", "red"], labels) == {"light_green": 1, "red": 0}
    assert places_among(["2", "0"], labels) == {"2": 2, "0": 0}
    with pytest.raises(UsageError, match="'grean' of the images is not one of the model's 3") as raised:
        places_among(["grean"], labels)
    assert "--labels FILE" in raised.value.hint


def test_images_of_some_classes_are_numbered_as_the_model_does(folder):
    dataset = load_dataset(str(folder), resolution=8)
    labels = ("dog", "bird", "cat")
    moved = with_classes(dataset, labels, {"cat": 2, "dog": 0})
    assert moved.labels == labels
    assert moved.evaluation.labels.tolist() == [[2, 0][i] for i in dataset.evaluation.labels]
    assert moved.evaluation.hashes == dataset.evaluation.hashes


def test_several_labels_are_moved_bit_by_bit(tmp_path):
    hot = np.random.default_rng(0).integers(0, 2, (12, 3))
    images = np.random.default_rng(1).integers(0, 256, (12, 8, 8, 3), dtype=np.uint8)
    np.savez(tmp_path / "x.npz", images=images, labels=hot, class_names=["a", "b", "c"])
    dataset = load_dataset(str(tmp_path / "x.npz"), resolution=8)
    moved = with_classes(dataset, ("c", "x", "a", "b"), {"a": 2, "b": 3, "c": 0})
    for before, after in zip(dataset.evaluation.labels, moved.evaluation.labels, strict=True):
        assert [after >> place & 1 for place in (2, 3, 0)] == [before >> bit & 1 for bit in range(3)]


def test_images_alone_and_labels_beyond_count_have_no_classes(tmp_path, progress):
    images = np.random.default_rng(1).integers(0, 256, (12, 8, 8, 3), dtype=np.uint8)
    np.savez(tmp_path / "x.npz", images=images)
    assert not load_dataset(str(tmp_path / "x.npz"), resolution=8).labelled
    np.savez(tmp_path / "x.npz", images=images, labels=np.zeros((12, 63), np.uint8))
    assert not load_dataset(str(tmp_path / "x.npz"), resolution=8, progress=progress).labelled
    assert "63 labels are more than 62" in progress.notes[0]
