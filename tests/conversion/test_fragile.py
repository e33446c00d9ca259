"""Models that stock recipes break, though the float function is what it was: made from one that ships."""

from pathlib import Path

import numpy as np
import pytest

from edgekit.conversion import ConvertRequest, convert
from edgekit.conversion.calibration import Calibration
from edgekit.conversion.feed import Feed
from edgekit.conversion.formats import FORMATS
from edgekit.conversion.graph import freeze
from edgekit.conversion.steps import PLAIN, Steps
from edgekit.data import load_dataset
from edgekit.data.dataset import normalise
from edgekit.progress import SILENT
from edgekit.zoo.source import resolve

MODEL = "mobilenet_v1_0.25_32_digits"


def channels_apart(model, _):
    """What one layer writes is scaled, by up to a thousand, and what the next reads is scaled back."""
    norm, depthwise = model.get_layer("conv_pw_6_bn"), model.get_layer("conv_dw_7")
    gamma, beta, mean, variance = norm.get_weights()
    factors = np.geomspace(1, 1e-3, len(gamma)).astype(np.float32)
    norm.set_weights([gamma * factors, beta * factors, mean, variance])
    (kernel,) = depthwise.get_weights()
    depthwise.set_weights([kernel / factors[:, None]])


def channel_nearly_dead(model, images):
    """One channel of a batch norm is next to nothing, and its reader's weights make up for it."""
    import keras

    for block in (2, 5, 9):
        norm, reader = model.get_layer(f"conv_dw_{block}_bn"), model.get_layer(f"conv_pw_{block}")
        output = keras.Model(model.input, model.get_layer(f"conv_dw_{block}_relu").output)
        highest = np.asarray(output(images)).max(axis=(0, 1, 2))
        channel = np.flatnonzero((highest > 0.5) & (highest < 4))[0]  # alive, and below ReLU6's cap
        gamma, beta, mean, variance = norm.get_weights()
        gamma[channel] *= 1e-5
        beta[channel] *= 1e-5
        norm.set_weights([gamma, beta, mean, variance])
        kernel = np.array(reader.get_weights()[0])
        kernel[:, :, channel] *= 1e5
        reader.set_weights([kernel])


def large_biases(model, _):
    """The scores are far from zero, all alike, which the softmax ignores."""
    kernel, bias = model.get_layer("conv_preds").get_weights()
    model.get_layer("conv_preds").set_weights([kernel, bias + np.float32(100)])


@pytest.fixture(scope="module", params=[channels_apart, channel_nearly_dead, large_biases])
def fragile(request, tmp_path_factory) -> Path:
    """MobileNet v1 α .25 of digits, made fragile."""
    loaded = resolve(MODEL).load()
    images = load_dataset("digits", resolution=32).calibration.images.read(range(50))
    images = normalise(images, loaded.preprocessing)
    before = np.asarray(loaded.model(images))
    request.param(loaded.model, images)
    assert np.abs(np.asarray(loaded.model(images)) - before).max() < 1e-4
    path = tmp_path_factory.mktemp("fragile") / "fragile.keras"
    loaded.model.save(path)
    return path


def test_equalizing_costs_the_float_model_nothing_on_images_unlike_those(fragile):
    loaded = resolve(str(fragile)).load()
    dataset, contract = load_dataset("digits", resolution=32), loaded.preprocessing
    file = FORMATS["onnx"].float32(freeze(loaded))
    calibration = Calibration(file, Feed(dataset.calibration, contract, 300), SILENT)
    (name,) = calibration.source.outputs
    plain, equalized = (
        calibration.run(calibration.network(steps, 127), (name,)) for steps in (PLAIN, Steps(equalized=True))
    )
    pixels, labels = dataset.train.images.read(range(1000)).astype(np.float32), dataset.train.labels[:1000]
    chance = np.random.default_rng(7)
    for unlike in (pixels * 1.6, pixels * 0.4, pixels + chance.normal(0, 25, pixels.shape)):
        images = normalise(np.clip(np.rint(unlike), 0, 255).astype(np.uint8), contract)
        parts = [images[start : start + 25] for start in range(0, len(images), 25)]
        before, after = (
            np.concatenate([run(part)[name] for part in parts]).argmax(axis=1) for run in (plain, equalized)
        )
        assert (before == labels).mean() - (after == labels).mean() <= 0.001
        assert (before == after).mean() >= 0.998


def test_what_breaks_stock_recipes_costs_nothing(fragile, tmp_path):
    request = ConvertRequest(model=fragile, dataset="digits", output=tmp_path / "set", max_drop=0.005)
    manifest = convert(request).manifest
    for file in manifest.files:
        if file.precision == "int8":
            assert file.quality.agreement >= 0.98, file.name
            assert file.recipe[1].startswith("channels equalized"), file.name
            assert not any("in float32 " in line for line in file.recipe[1:]), "more than it takes"
            assert file.quality.sure_agreement == 1.0
            assert file.quality.scores_sqnr_low_db > 20
