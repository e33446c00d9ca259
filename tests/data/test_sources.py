import numpy as np
import pytest

from edgekit.data import load_dataset, normalise
from edgekit.errors import DataError, UsageError


def test_an_unknown_name_gets_the_nearest_known():
    with pytest.raises(UsageError) as caught:
        load_dataset("digts", resolution=32)
    assert "'digts'" in caught.value.what
    assert "Did you mean 'digits'?" in caught.value.what


@pytest.mark.parametrize("source", ["", "nothing-like-it", "-rf", "a\nb", "a\0b", "~nobody-here/x"])
def test_a_source_that_is_nothing_is_refused_with_what_would_do(source):
    with pytest.raises(UsageError) as caught:
        load_dataset(source, resolution=32)
    assert repr(source) in caught.value.what
    assert "cifar10, digits, shapes" in caught.value.hint


def test_a_file_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "images.zip"
    path.write_bytes(b"PK")
    with pytest.raises(DataError, match=r"neither a folder nor a \.npz file"):
        load_dataset(str(path), resolution=32)


@pytest.mark.parametrize("resolution", [0, -1, 5000, (32, 0)])
def test_a_resolution_out_of_range_is_refused(resolution):
    with pytest.raises(UsageError, match="pixels cannot be read"):
        load_dataset("digits", resolution=resolution)


@pytest.mark.parametrize(
    "options", [{"std": (0.0, 1.0, 1.0)}, {"mean": (float("nan"), 0.0, 0.0)}, {"seed": -1}, {"seed": 2**64}]
)
def test_settings_that_give_no_numbers_are_refused(options):
    with pytest.raises(UsageError):
        load_dataset("digits", resolution=32, **options)


def test_images_are_normalised_by_the_contract():
    dataset = load_dataset("digits", resolution=32, mean=(127.5, 0.0, 255.0), std=(127.5, 255.0, 1.0))
    images = np.full((1, 1, 1, 3), 255, dtype=np.uint8)
    result = normalise(images, dataset.preprocessing)
    assert result.dtype == np.float32
    assert result.ravel().tolist() == [1, 1, 0]


def test_the_contract_says_how_images_were_read_and_its_hash_follows():
    square = load_dataset("shapes", resolution=32).preprocessing
    tall = load_dataset("shapes", resolution=(48, 32)).preprocessing
    assert (tall.height, tall.width) == (48, 32)
    assert square.sha256 == load_dataset("digits", resolution=32).preprocessing.sha256 != tall.sha256
