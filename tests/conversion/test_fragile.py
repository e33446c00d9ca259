"""A model that stock recipes break: channels of one pair of layers a thousand times apart."""

from pathlib import Path

import numpy as np
import pytest

from edgekit.conversion import ConvertRequest, convert
from edgekit.zoo.source import resolve


@pytest.fixture(scope="module")
def fragile(tmp_path_factory) -> Path:
    """MobileNet v1 α .25 of digits; what one layer writes is scaled, what the next reads scaled back."""
    model = resolve("mobilenet_v1_0.25_32_digits").load().model
    layers = {layer.name: layer for layer in model.layers}
    norm, depthwise = layers["conv_pw_6_bn"], layers["conv_dw_7"]
    gamma, beta, mean, variance = norm.get_weights()
    factors = np.geomspace(1, 1e-3, len(gamma)).astype(np.float32)
    norm.set_weights([gamma * factors, beta * factors, mean, variance])
    (kernel,) = depthwise.get_weights()
    depthwise.set_weights([kernel / factors[:, None]])
    path = tmp_path_factory.mktemp("fragile") / "fragile.keras"
    model.save(path)
    return path


def test_channels_a_thousand_times_apart_cost_nothing(fragile, tmp_path):
    request = ConvertRequest(model=fragile, dataset="digits", output=tmp_path / "set")
    manifest = convert(request).manifest
    for file in manifest.files:
        if file.precision == "int8":
            assert file.quality.agreement >= 0.98, file.name
            assert file.recipe[1].startswith("channels equalized"), file.name
            assert file.quality.sure_agreement == 1.0
            assert file.quality.scores_sqnr_low_db > 20
