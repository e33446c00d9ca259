"""Which layers of an int8 file add the noise, planted where it is known."""

from __future__ import annotations

import shutil

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

import edgekit
from edgekit.errors import UsageError

LAYER = "conv_dw_7"


@pytest.mark.parametrize("format", ["tflite", "onnx"])
def test_noise_is_found_behind_each_layer_and_is_small_where_int8_is_good(converted, format):
    found = edgekit.inspect(
        converted.folder / f"int8.{format}", against=converted.folder / f"float32.{format}"
    )
    assert found.images == 32
    assert len(found.layers) > 27, "each convolution of the model has its own"
    assert all(layer.sqnr_db is not None and layer.sqnr_db > 20 for layer in found.layers)
    assert found.layers[0].lost_db == 0, "its noise does not matter yet"
    assert 0 < max(layer.lost_db for layer in found.layers) < 4


def test_a_layer_whose_weights_are_wrong_is_the_one_that_loses_most(converted, tmp_path):
    model = onnx.load(converted.folder / "int8.onnx")
    node = next(n for n in model.graph.node if n.op_type == "Conv" and LAYER in n.name)
    dequantized = next(n for n in model.graph.node if node.input[1] in n.output)
    (weights,) = (x for x in model.graph.initializer if x.name == dequantized.input[0])
    values = numpy_helper.to_array(weights).copy()
    values[::2] = values[::2, :, ::-1]  # upside down, in every second channel
    weights.CopyFrom(numpy_helper.from_array(values, weights.name))
    onnx.save(model, tmp_path / "int8.onnx")
    found = edgekit.inspect(tmp_path / "int8.onnx", against=converted.folder / "float32.onnx")
    worst = max(found.layers, key=lambda layer: layer.lost_db)
    assert LAYER in worst.layer
    assert worst.lost_db > 1.5 * sorted(layer.lost_db for layer in found.layers)[-2]


def test_a_channel_that_is_larger_throughout_is_not_noise(converted, tmp_path):
    """What equalization does: one layer's output is multiplied, and the next layer's weights divided."""
    model = onnx.load(converted.folder / "float32.onnx")
    nodes = list(model.graph.node)
    first = next(n for n in nodes if n.op_type == "Conv" and "conv_pw_13" in n.name)
    (weights,) = (x for x in model.graph.initializer if x.name == first.input[1])
    values = numpy_helper.to_array(weights)
    scales = np.linspace(0.5, 1.0, len(values), dtype=np.float32)
    before = {x.name: numpy_helper.to_array(x) for x in model.graph.initializer}
    weights.CopyFrom(numpy_helper.from_array(values * scales[:, None, None, None], weights.name))
    (bias,) = (x for x in model.graph.initializer if x.name == first.input[2])
    bias.CopyFrom(numpy_helper.from_array(before[bias.name] * scales, bias.name))
    data = model.SerializeToString()

    from edgekit.conversion.formats import FORMATS
    from edgekit.conversion.layer_noise import _rows, _Total

    image = np.zeros((1, 32, 32, 3), np.float32)
    format = FORMATS["onnx"]
    real = format.look_inside((converted.folder / "float32.onnx").read_bytes()).activations(image)
    here = format.look_inside(data).activations(image)
    name = first.output[0]
    total = _Total()
    total.add(_rows(real[name], format), _rows(here[name], format))
    assert not np.allclose(real[name], here[name])
    assert total.noise < 1e-9


def test_what_cannot_be_compared_is_said(converted, tmp_path):
    folder = converted.folder
    for path, against, words in (
        (folder / "int8.onnx", folder / "float32.tflite", "are of different formats"),
        (folder / "float32.onnx", folder / "float32.onnx", "float32.onnx is float32"),
        (folder / "int8.onnx", folder / "int8.onnx", "int8.onnx is int8"),
        (folder, folder / "float32.onnx", "is not a TFLite or ONNX file"),
    ):
        with pytest.raises(UsageError, match=words):
            edgekit.inspect(path, against=against)
    loose = shutil.copy(folder / "float32.onnx", tmp_path)
    with pytest.raises(UsageError, match="in no artefact set"):
        edgekit.inspect(folder / "int8.onnx", against=loose)
    with pytest.raises(UsageError, match="two whole files are compared"):
        edgekit.inspect(folder / "int8.onnx", against=folder / "float32.onnx", alpha=1.0)
