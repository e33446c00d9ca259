"""MediaPipe's ImageClassifier loads our files as they are, and says of images what `edgekit try` says."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image
from support.once import once
from support.pages import ROOT, python_of

import edgekit
from edgekit.artefact import read_set
from edgekit.conversion import ConvertRequest, convert
from edgekit.conversion.formats import FORMATS
from edgekit.inspection import inspect_file
from labs.mediapipe_app import classify, packages_folder, run
from labs.roots import labs_folder

AGREEMENT = 0.98


@pytest.fixture(scope="session")
def packages() -> Path:
    folder = packages_folder(labs_folder())
    if not folder.is_dir():
        pytest.skip(f"the lab has no {folder.name}; build it, as root: make lab")
    return folder


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set of digits whose int8 file takes bytes."""

    def make(folder: Path) -> None:
        convert(
            ConvertRequest(alpha=0.25, resolution=32, formats=("tflite",), io="uint8", output=folder / "set")
        )

    return once(tmp_path_factory, "bytes", make) / "set"


@pytest.fixture(scope="session")
def images(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("images")
    with np.load(digits / "evaluation.npz") as arrays:
        for number, pixels in enumerate(arrays["images"][:200]):
            Image.fromarray(pixels).save(folder / f"{number:03d}.png")
    return sorted(folder.iterdir())


@pytest.mark.parametrize("name", ["float32.tflite", "int8.tflite"])
def test_it_agrees_with_edgekit_try(packages: Path, digits: Path, images: list[Path], name: str) -> None:
    labels = read_set(digits).manifest.labels
    theirs = classify(packages, digits / name, images)
    ours = edgekit.classify(digits / name, images, top=1)
    assert all(labels[found["number"]] == found["name"] for found in theirs)
    agree = [(found["name"],) == each.answer for found, each in zip(theirs, ours, strict=True)]
    assert np.mean(agree) >= AGREEMENT
    apart = [abs(found["score"] - each.scores[0].score) for found, each in zip(theirs, ours, strict=True)]
    step = 1 / 256 if name == "int8.tflite" else 1e-4
    assert np.mean(np.array(apart) <= step) >= AGREEMENT, "a byte that is one off would change scores"


def test_it_refuses_a_file_whose_order_of_colours_it_cannot_give(
    packages: Path, digits: Path, images: list[Path], tmp_path: Path
) -> None:
    usage = inspect_file(digits / "float32.tflite").usage
    assert usage is not None
    contract = msgspec.structs.replace(usage.preprocessing, channels="bgr")
    swapped = msgspec.structs.replace(usage, preprocessing=contract)
    file = tmp_path / "bgr.tflite"
    file.write_bytes(FORMATS["tflite"].with_usage((digits / "float32.tflite").read_bytes(), swapped))
    with pytest.raises(AssertionError, match="Only RGB color space is supported"):
        classify(packages, file, images[:1])


def test_the_pages_python_prints_the_class(
    packages: Path, digits: Path, images: list[Path], tmp_path: Path
) -> None:
    shutil.copy(digits / "int8.tflite", tmp_path)
    shutil.copy(images[0], tmp_path / "seven.png")
    (code,) = [each for each in python_of(ROOT / "docs" / "apps.md") if "mediapipe" in each]
    done = run(packages, ["-c", code], cwd=tmp_path)
    assert done.stdout.split() == [*edgekit.classify(digits / "int8.tflite", images[0])[0].answer]
