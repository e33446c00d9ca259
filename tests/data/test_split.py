import hashlib

import numpy as np
import pytest

from edgekit.artefact import Preprocessing
from edgekit.data.arrays import ArrayImages
from edgekit.data.split import Sizes, split_images
from edgekit.errors import DataError


def images(count):
    images = np.arange(count, dtype=np.uint8)[:, None, None] * np.ones((1, 4, 4), dtype=np.uint8)
    return ArrayImages(images, Preprocessing(height=4, width=4))


def divide(count=100, classes=4, **options):
    labels = np.arange(count) % classes
    source = images(count)
    names = [f"class {label}" for label in range(classes)]
    return split_images(source, labels, source.hashes(), names, **options)


def test_no_image_lies_in_two_splits_and_none_is_lost():
    splits = divide()
    hashes = [set(split.hashes) for split in splits]
    assert [len(split) for split in splits] == [60, 16, 24]
    assert sum(map(len, hashes)) == len(set.union(*hashes)) == 100


def test_every_class_gives_its_share_and_every_beginning_is_stratified():
    for split in divide():
        assert len(set(np.bincount(split.labels).tolist())) == 1
        assert split.labels[:8].tolist() == [0, 1, 2, 3, 0, 1, 2, 3]


def test_a_split_reads_the_images_that_its_hashes_and_labels_belong_to():
    for split in divide():
        images = split.images.read(range(len(split)))
        assert [hashlib.sha256(image[..., 0].tobytes()).hexdigest() for image in images] == list(split.hashes)
        assert (images[:, 0, 0, 0] % 4 == split.labels).all()


def test_the_order_of_reading_does_not_matter():
    source = images(60)
    labels = np.arange(60) % 3
    order = np.random.default_rng(5).permutation(60)
    shuffled = ArrayImages(source.images[order], source.preprocessing)
    names = ["a", "b", "c"]
    one = split_images(source, labels, source.hashes(), names)
    two = split_images(shuffled, labels[order], shuffled.hashes(), names)
    assert [split.record() for split in one] == [split.record() for split in two]


def test_copies_are_used_once_and_said(progress):
    source = images(30)
    hashes = [*source.hashes()[:29], source.hashes()[1]]
    splits = split_images(source, np.arange(30) % 2, hashes, ["a", "b"], progress=progress)
    assert sum(map(len, splits)) == 29
    assert progress.notes == ["1 image is a copy of another; each image is used once."]


def test_an_image_in_two_classes_is_not_used(progress):
    source = images(30)
    hashes = [*source.hashes()[:29], source.hashes()[0]]
    splits = split_images(source, np.arange(30) % 2, hashes, ["a", "b"], progress=progress)
    assert source.hashes()[0] not in {digest for split in splits for digest in split.hashes}
    assert "1 image is in more than one class and is not used." in progress.notes


def test_what_the_source_sets_aside_evaluates_also_when_a_copy_lies_in_training():
    source = images(40)
    hashes = [*source.hashes()[:20], *source.hashes()[:10], *source.hashes()[30:]]
    held_out = np.arange(40) >= 20
    train, calibration, evaluation = split_images(
        source, np.arange(40) % 2, hashes, ["a", "b"], held_out=held_out
    )
    assert set(evaluation.hashes) == set(hashes[20:])
    assert set(train.hashes) | set(calibration.hashes) == set(hashes[10:20])


def test_twenty_images_are_enough():
    train, calibration, evaluation = divide(20, 2)
    assert (len(train), len(calibration), len(evaluation)) == (12, 4, 4)


def test_three_images_a_class_are_enough_and_two_are_refused():
    assert [len(split) for split in divide(6, 2)] == [2, 2, 2]
    with pytest.raises(DataError, match=r"'class 0' has 2 different usable images\. It needs at least 3"):
        divide(4, 2)


def test_an_evaluation_part_without_usable_images_is_refused():
    with pytest.raises(DataError, match="set aside for evaluation has no usable images"):
        divide(20, 2, held_out=np.zeros(20, dtype=bool))


def test_sizes_are_kept_where_they_are_given():
    splits = divide(100, 4, sizes=Sizes(calibration=3, evaluation=5))
    assert [len(split) for split in splits] == [68, 12, 20]
