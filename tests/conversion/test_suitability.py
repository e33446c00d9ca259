"""Calibration images that do not show what the model will see are named, with what that costs."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from edgekit.cli.app import app
from edgekit.conversion import ConvertRequest
from edgekit.conversion.conversion import Conversion
from edgekit.conversion.feed import Feed
from edgekit.conversion.float32_files import Float32Files
from edgekit.conversion.graph import keras_outputs
from edgekit.conversion.likeness import contrast_to, shortcoming
from edgekit.conversion.load import load
from edgekit.conversion.output import Outcome
from edgekit.conversion.parity import reference_of
from edgekit.conversion.suitability import calibration_fault
from edgekit.data import Split, load_dataset
from edgekit.data.arrays import ArrayImages
from edgekit.progress import SILENT

MODEL, SIDE = "mobilenet_v1_0.25_32_digits", 32


@pytest.fixture(scope="module")
def conversion():
    """The smallest model that ships, loaded, with nothing quantized yet."""
    request = ConvertRequest(
        model=MODEL,
        formats=["tflite"],
        calibrate_on="photos",
        command=f"edgekit convert {MODEL} --format tflite --calibrate-on photos --max-drop '1 pp'",
    )
    inputs = load(replace(request, calibrate_on=None), request.source(SILENT), SILENT)
    reference = reference_of(keras_outputs(inputs.loaded), inputs.evaluation, inputs.loaded.head)
    return Conversion(request, inputs, Float32Files(inputs.graph, SILENT), reference, SILENT)


@pytest.fixture(scope="module")
def good():
    """Images of the calibration split, uint8 [n, 32, 32, 3]."""
    split = load_dataset("digits", resolution=SIDE).calibration
    return split.images.read(range(len(split)))


def resized(images, side):
    return np.stack([np.asarray(Image.fromarray(x).resize((side, side), 2)) for x in images])


def calibrated_on(conversion, pixels, *, trained=True):
    """What is said of some images; `trained`: whether there are training images."""
    inputs, contract = conversion.inputs, conversion.inputs.loaded.preprocessing
    images = ArrayImages(np.asarray(pixels, np.uint8), contract)
    split = Split(images, np.full(len(images), -1), images.hashes())
    dataset = inputs.dataset
    if not trained:
        dataset = replace(dataset, train=Split(images, np.zeros(0, np.int64), ()))
    inputs = replace(inputs, calibration=Feed(split, contract, 300), dataset=dataset)
    here, outcome = replace(conversion, inputs=inputs), Outcome()
    here.make(inputs.formats[0], outcome)
    return calibration_fault(here, outcome)


def noise(count):
    return np.random.default_rng(0).integers(0, 256, (count, SIDE, SIDE, 3))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda good: good[:40] * 0, "are of one colour each."),
        (lambda good: good[:1].repeat(40, axis=0), "are only 1 different image (40 with copies)."),
        (lambda good: good[:3], "are only 3 different images."),
        (lambda good: noise(40), "brighter and grainier than the evaluation images: are they noise?"),
        (lambda good: resized(good[:60], 4), "more blurred than the evaluation images: were they enlarged"),
        (lambda good: good[:60] * 0.3, "are darker and poorer in contrast than the evaluation images."),
    ],
    ids=["black", "repeated", "three", "noise", "another size", "dark"],
)
def test_what_is_wrong_and_what_it_costs_are_said_with_a_command(conversion, good, make, said):
    fault = calibrated_on(conversion, make(good))
    assert said in fault
    assert "int8.tflite agrees with the Keras model on " in fault
    assert "; calibrated on 100 training images, on 100.00 %" in fault
    assert fault.endswith(f": edgekit convert {MODEL} --format tflite --max-drop '1 pp'")


@pytest.mark.parametrize("kind", ["fifty", "twenty", "another fifty", "larger"])
def test_good_images_are_good_however_few_and_of_whatever_size(conversion, good, kind):
    images = {
        "fifty": good[:50],
        "another fifty": good[-50:],
        "twenty": good[60:80],
        "larger": resized(good[:50], 4 * SIDE),
    }
    assert calibrated_on(conversion, images[kind]) is None


def test_without_training_images_the_share_that_is_cut_off_is_what_it_costs(conversion, good):
    for images in (good[:40] * 0, noise(40)):
        fault = calibrated_on(conversion, images, trained=False)
        assert "% of the layers' values" in fault
        assert "the layers " in fault
    assert calibrated_on(conversion, good[:50], trained=False) is None


@pytest.mark.parametrize("name", ["digits", "shapes"])
@pytest.mark.parametrize("count", [20, 50])
def test_no_dataset_that_ships_looks_unlike_itself(name, count):
    dataset = load_dataset(name, resolution=SIDE)
    evaluation = dataset.evaluation.images.read(range(64))
    for start in range(0, 160, count):
        some = dataset.calibration.images.read(range(start, start + count))
        assert shortcoming([some]) == contrast_to(some, evaluation) == ""


def test_the_set_remembers_it_and_inspect_says_it(tmp_path, monkeypatch):
    (tmp_path / "photos").mkdir()
    image = Image.fromarray(noise(1)[0].astype(np.uint8))
    for name in ("a", "b", "c"):
        image.save(tmp_path / "photos" / f"{name}.png")
    monkeypatch.chdir(tmp_path)
    typed = ["convert", MODEL, "--format", "tflite", "--calibrate-on", "photos", "--output", "set"]
    monkeypatch.setattr("sys.argv", ["edgekit", *typed])
    made = CliRunner().invoke(app, typed)
    fault = "The calibration images are only 1 different image. int8.tflite agrees with the Keras model on "
    words = " ".join(made.output.split())
    assert words.count(fault) == 1
    assert "2 images are copies of others" in words
    told = CliRunner().invoke(app, ["inspect", "set"])
    assert fault in " ".join(told.output.split())
