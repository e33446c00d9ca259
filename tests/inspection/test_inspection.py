import random
import subprocess
import sys

import pytest

from edgekit.errors import ModelError
from edgekit.inspection import inspect_bytes, inspect_file

SCALES = (0.5, 0.25, 0.125, 0.0625)  # as the fixtures' weights have them


def test_a_tflite_convolution_is_counted_and_its_quantization_read(tflite):
    found = inspect_bytes(tflite, "int8.tflite")
    (layer,) = found.layers
    assert (found.format, found.bytes, found.opset) == ("tflite", len(tflite), None)
    assert (layer.op, layer.name, layer.tensor) == ("CONV_2D", "relu", "relu;conv;bias")
    assert layer.multiply_adds == 4 * 4 * 4 * (3 * 3 * 3)
    assert layer.parameters == 4 * 27 + 4
    assert (layer.weights.dtype, layer.weights.scales, layer.weights.axis) == ("int8", SCALES, 0)
    assert (layer.output.zero_points, layer.output.axis) == ((-5,), None)
    assert (found.inputs[0].dtype, found.inputs[0].shape) == ("int8", (1, 8, 8, 3))
    assert found.inputs[0].quantization.zero_points == (-128,)


def test_onnx_weights_are_found_behind_their_dequantization(onnx_file):
    found = inspect_bytes(onnx_file, "int8.onnx")
    layers = {layer.name: layer for layer in found.layers}
    assert found.opset == 17
    assert found.ops["DequantizeLinear"] == 2
    convolution = layers["convolution"]
    assert convolution.multiply_adds == (4 * 6 * 6) * (2 * 3 * 3)
    assert convolution.parameters == 4 * 2 * 3 * 3
    assert (convolution.weights.scales, convolution.weights.axis) == (SCALES, 0)
    assert layers["classifier"].multiply_adds == 144 * 10
    assert layers["classifier"].parameters == 1440 + 10
    assert found.parameters == 72 + 1450
    assert layers["relu"].output.zero_points == (-128,)


def test_a_tflite_file_is_known_by_its_content_and_not_by_its_name(tflite, tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(tflite)
    assert inspect_file(path).format == "tflite"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.tflite", b"", "received 0 bytes"),
        ("a.tflite", b"hello, this is text", "is not a TFLite file"),
        ("a.txt", b"hello, this is text", "is not a TFLite or ONNX file"),
        ("a.onnx", b"", "damaged ONNX file"),
        ("a.onnx", b"hello, this is text", "damaged ONNX file"),
        ("a.tflite", b"\x1c\x00\x00\x00TFL3" + bytes(20), "damaged TFLite file"),
    ],
)
def test_what_is_no_model_is_refused(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ModelError, match=words):
        inspect_file(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"absent\.tflite cannot be read"):
        inspect_file(tmp_path / "absent.tflite")


def test_an_onnx_file_named_tflite_is_refused(tmp_path, onnx_file):
    path = tmp_path / "a.tflite"
    path.write_bytes(onnx_file)
    with pytest.raises(ModelError, match="is not a TFLite file"):
        inspect_file(path)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
@pytest.mark.parametrize("kind", ["tflite", "onnx"])
def test_a_truncated_file_is_refused(tflite, onnx_file, kind, share):
    data = tflite if kind == "tflite" else onnx_file
    with pytest.raises(ModelError):
        inspect_bytes(data[: int(len(data) * share)], f"a.{kind}")


@pytest.mark.parametrize("kind", ["tflite", "onnx"])
def test_a_damaged_file_is_read_or_refused_and_never_more(tflite, onnx_file, kind):
    data = tflite if kind == "tflite" else onnx_file
    chance = random.Random(0)
    refused = 0
    for _ in range(500):
        damaged = bytearray(data)
        for _ in range(chance.choice([1, 4, 16])):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            inspect_bytes(bytes(damaged), f"a.{kind}")
        except ModelError:
            refused += 1
    assert refused > 50


def test_inspecting_imports_neither_tensorflow_nor_a_runtime(tflite, onnx_file, tmp_path):
    (tmp_path / "a.tflite").write_bytes(tflite)
    (tmp_path / "a.onnx").write_bytes(onnx_file)
    code = (
        "import sys; from pathlib import Path; from edgekit.inspection import inspect_file\n"
        "for name in ('a.tflite', 'a.onnx'): inspect_file(Path(name))\n"
        "heavy = {'tensorflow', 'keras', 'onnxruntime', 'ai_edge_litert.interpreter'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
