import pickle
import zipfile

import numpy as np
import pytest

from edgekit.data import load_dataset
from edgekit.errors import DataError

RNG = np.random.default_rng(3)
IMAGES = RNG.integers(0, 256, (30, 9, 7, 3), dtype=np.uint8)
LABELS = np.arange(30) % 3


@pytest.fixture
def load(tmp_path):
    def saved(name="set.npz", resolution=(9, 7), **arrays):
        path = tmp_path / name
        np.savez_compressed(path, **arrays)
        return load_dataset(str(path), resolution=resolution)

    return saved


def pixels(dataset):
    splits = (dataset.train, dataset.calibration, dataset.evaluation)
    images = np.concatenate([split.images.read(range(len(split))) for split in splits])
    return images, np.concatenate([split.labels for split in splits])


def as_set(images):
    return {image.tobytes() for image in images}


@pytest.mark.parametrize(("images", "labels"), [("images", "labels"), ("x", "y")])
def test_images_and_labels_are_found_by_their_usual_names(load, images, labels):
    dataset = load(**{images: IMAGES, labels: LABELS})
    found, classes = pixels(dataset)
    assert dataset.name == "set"
    assert dataset.labels == ("0", "1", "2")
    assert as_set(found) == as_set(IMAGES)
    label = {image.tobytes(): int(known) for image, known in zip(IMAGES, LABELS, strict=True)}
    assert [label[image.tobytes()] for image in found] == classes.tolist()


def test_keras_own_division_is_kept(load):
    dataset = load(
        x_train=IMAGES[:20], y_train=LABELS[:20, None], x_test=IMAGES[20:], y_test=LABELS[20:, None]
    )
    assert as_set(dataset.evaluation.images.read(range(10))) == as_set(IMAGES[20:])
    assert len(dataset.train) + len(dataset.calibration) == 20


@pytest.mark.parametrize("shape", [(30, 9, 7), (30, 9, 7, 1)])
def test_grey_images_become_rgb(load, shape):
    grey = IMAGES[..., 0].reshape(shape)
    found, _ = pixels(load(images=grey, labels=LABELS))
    assert as_set(found) == as_set(np.repeat(IMAGES[..., :1], 3, axis=3))


def test_images_are_resized_when_read(load):
    assert load(resolution=32, images=IMAGES, labels=LABELS).train.images.read([0, 1]).shape == (
        2,
        32,
        32,
        3,
    )


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_from_0_to_1_are_brightness(load, dtype):
    found, _ = pixels(load(images=(IMAGES / 255).astype(dtype), labels=LABELS))
    assert as_set(found) == as_set(IMAGES)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.uint16, ">i4"])
def test_numbers_from_0_to_255_are_brightness(load, dtype):
    found, _ = pixels(load(images=IMAGES.astype(dtype), labels=LABELS))
    assert as_set(found) == as_set(IMAGES)


@pytest.mark.parametrize(
    ("images", "shown"),
    [
        (IMAGES / 127.5 - 1, "from -1 to 1"),
        (IMAGES / 16.0, "from 0 to 15.9375"),
        (IMAGES.astype(np.uint16) * 257, "from 0 to 65535"),
        (IMAGES.astype(np.int32) // 255, "from 0 to 1"),
        (np.zeros((30, 9, 7), dtype=np.float32), "from 0 to 0"),
    ],
)
def test_a_range_that_could_mean_several_is_refused(load, images, shown):
    with pytest.raises(DataError, match=f"{shown}; that could mean several brightness ranges"):
        load(images=images, labels=LABELS)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(load, value):
    images = IMAGES / 255
    images[3, 2, 1, 0] = value
    with pytest.raises(DataError, match="not finite"):
        load(images=images, labels=LABELS)


@pytest.mark.parametrize(
    "images",
    [
        IMAGES[0, 0],
        IMAGES[..., :2],
        IMAGES[:0],
        IMAGES[:, :0],
        IMAGES[None],
        np.uint8(3),
        IMAGES.reshape(30, -1),
    ],
)
def test_shapes_that_are_no_images_are_refused_with_what_was_received(load, images):
    with pytest.raises(DataError) as caught:
        load(images=images, labels=LABELS)
    assert str(images.shape) in caught.value.what


def test_channels_first_are_refused_with_the_way_out(load):
    with pytest.raises(DataError, match="moveaxis"):
        load(images=np.moveaxis(IMAGES, -1, 1), labels=LABELS)


@pytest.mark.parametrize("images", [IMAGES > 5, IMAGES.astype(str), IMAGES.astype(complex)])
def test_other_dtypes_are_refused(load, images):
    with pytest.raises(DataError, match=f"dtype {images.dtype}, not numbers".replace("<", ".")):
        load(images=images, labels=LABELS)


@pytest.mark.parametrize(
    ("labels", "shown"),
    [
        (LABELS[:29], "29 labels for 30 images"),
        (LABELS - 1, "labels from -1 to 1"),
        (LABELS * 10**9, "labels from 0 to 2000000000"),
        (LABELS.astype(float), "float64 of shape \\(30,\\)"),
        (np.eye(3)[LABELS] * 0.9, "argmax"),
        (LABELS * 0, "only one class"),
        (LABELS * 2, "Class '1' has 0 different usable images"),
    ],
)
def test_labels_that_do_not_fit_are_refused(load, labels, shown):
    with pytest.raises(DataError, match=shown):
        load(images=IMAGES, labels=labels)


def test_classes_may_be_named(load):
    assert load(images=IMAGES, labels=LABELS, class_names=["a", "b c", "☃"]).labels == ("a", "b c", "☃")


@pytest.mark.parametrize(
    "names", [["a", "b"], ["a", "a", "b"], ["a", "b", "c\nd"], ["a", " ", "c"], [1, 2, 3], "abc"]
)
def test_class_names_that_do_not_fit_are_refused(load, names):
    with pytest.raises(DataError, match="class_names"):
        load(images=IMAGES, labels=LABELS, class_names=names)


def test_arrays_by_other_names_are_refused(load):
    with pytest.raises(DataError, match="does not hold the arrays of a dataset; of them it has y"):
        load(y=LABELS, photos=IMAGES)


def test_training_and_test_images_of_different_shapes_are_refused(load):
    with pytest.raises(DataError, match=r"x_train holds images of shape \(9, 7, 3\), x_test of \(9, 7\)"):
        load(x_train=IMAGES, y_train=LABELS, x_test=IMAGES[..., 0], y_test=LABELS)


def test_copies_of_test_images_do_not_train(load):
    dataset = load(x_train=IMAGES, y_train=LABELS, x_test=IMAGES[20:], y_test=LABELS[20:])
    assert len(dataset.evaluation) == 10
    assert len(dataset.train) + len(dataset.calibration) == 20


class Bomb:
    exploded = False

    def __reduce__(self):
        return (setattr, (Bomb, "exploded", True))


def test_a_file_with_pickled_objects_is_refused_and_not_run(load):
    with pytest.raises(DataError, match="Object arrays cannot be loaded"):
        load(images=IMAGES, labels=np.array([Bomb()] * 30, dtype=object))
    assert not Bomb.exploded


def _not_a_zip(path):
    path.write_text("images")


def _a_pickle(path):
    path.write_bytes(pickle.dumps(Bomb()))


def _empty(path):
    path.write_bytes(b"")


def _single_array(path):
    with path.open("wb") as file:
        np.save(file, IMAGES)


def _truncated(path):
    np.savez(path, images=IMAGES, labels=LABELS)
    path.write_bytes(path.read_bytes()[:-200])


def _flipped(path):
    np.savez(path, images=IMAGES, labels=LABELS)
    data = bytearray(path.read_bytes())
    data[3000] ^= 255
    path.write_bytes(data)


def _lying_header(path):
    with zipfile.ZipFile(path, "w") as archive:
        header = "{'descr': '|u1', 'fortran_order': False, 'shape': (4000000000000, 224, 224, 3), }\n"
        data = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()
        archive.writestr("images.npy", data)
        archive.writestr("labels.npy", data)


@pytest.mark.parametrize(
    "damage", [_not_a_zip, _a_pickle, _empty, _single_array, _truncated, _flipped, _lying_header]
)
def test_a_damaged_file_is_refused(tmp_path, damage):
    path = tmp_path / "line\nbreak.npz"
    damage(path)
    with pytest.raises(DataError, match=r"cannot be read as \.npz|does not fit in memory") as caught:
        load_dataset(str(path), resolution=32)
    assert "\n" not in str(caught.value)
    assert not Bomb.exploded
