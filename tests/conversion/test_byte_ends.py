"""int8 .onnx files that take and give bytes."""

from collections import Counter

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from edgekit.artefact import Preprocessing
from edgekit.conversion import ConvertRequest, convert
from edgekit.conversion.formats import FORMATS
from edgekit.conversion.onnx_io import with_byte_ends
from edgekit.conversion.pixels import contract_of_file
from edgekit.data import normalise
from edgekit.inspection import inspect_bytes

KINDS = {"uint8": (np.uint8, 0), "int8": (np.int8, -128)}


@pytest.fixture(scope="module")
def int8(converted):
    return (converted.folder / "int8.onnx").read_bytes()


@pytest.fixture(scope="module")
def pixels(converted):
    with np.load(converted.folder / "evaluation.npz") as arrays:
        return arrays["images"][:50]


def run(data, image):
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: image})[0]


@pytest.mark.parametrize("io", KINDS)
def test_bytes_are_scaled_inside_and_answers_stay(converted, int8, pixels, io):
    contract = converted.manifest.preprocessing
    data = with_byte_ends(int8, io, contract, [(0.0, 1.0)])
    onnx.checker.check_model(onnx.load_model_from_string(data), full_check=True)
    dtype, lowest = KINDS[io]
    for image in pixels:
        real = run(int8, normalise(image[None], contract))
        given = run(data, (image[None].astype(np.int16) + lowest).astype(dtype))
        assert given.dtype == dtype
        assert (given.astype(np.float32) - lowest) / 256 == pytest.approx(real, abs=0.5001 / 256)


@pytest.mark.parametrize("io", KINDS)
def test_what_loads_a_file_gives_it_bytes_and_reads_real_scores(converted, int8, pixels, io):
    contract = converted.manifest.preprocessing
    data = with_byte_ends(int8, io, contract, [(0.0, 1.0)])
    found = inspect_bytes(data, "int8.onnx")
    assert (found.inputs[0].dtype, found.outputs[0].dtype) == (io, io)
    own = contract_of_file(contract, found.inputs[0])
    assert (own.mean, own.std) == ((0.0,) * 3, (1.0,) * 3)
    runner, before = FORMATS["onnx"].load(data), FORMATS["onnx"].load(int8)
    for image in pixels[:5]:
        scores = runner.outputs(normalise(image[None], own))[0]
        assert scores == pytest.approx(before.outputs(normalise(image[None], contract))[0], abs=0.5001 / 256)


def test_every_convolution_is_still_fused(converted, int8, tmp_path):
    def fused(data):
        options = onnxruntime.SessionOptions()
        options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
        onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        return Counter(node.op_type for node in onnx.load(tmp_path / "optimised.onnx").graph.node)

    before = fused(int8)
    after = fused(with_byte_ends(int8, "uint8", converted.manifest.preprocessing, [(0.0, 1.0)]))
    assert after["QLinearConv"] == before["QLinearConv"]


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
def test_each_channel_may_be_scaled_differently_in_either_layout(layout):
    contract = Preprocessing(
        height=2, width=4, channels="bgr", mean=(103.9, 116.8, 123.7), std=(1.0, 2.0, 0.5), layout=layout
    )
    shape = (1, *contract.input_shape)
    kind = TensorProto.FLOAT
    graph = helper.make_graph(
        [helper.make_node("Identity", ["image"], ["scores"])],
        "g",
        [helper.make_tensor_value_info("image", kind, shape)],
        [helper.make_tensor_value_info("scores", kind, shape)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    image = np.random.default_rng(0).integers(0, 256, (1, 2, 4, 3), dtype=np.uint8)
    real = normalise(image, contract)
    data = with_byte_ends(model.SerializeToString(), "uint8", contract, [(real.min(), real.max())])
    given = image if layout == "NHWC" else np.moveaxis(image, 3, 1)
    runner, step = run(data, given), (max(real.max(), 0) - min(real.min(), 0)) / 255
    known = inspect_bytes(data, "a.onnx").outputs[0].quantization
    back = (runner.astype(np.float32) - known.zero_points[0]) * known.scales[0]
    assert back == pytest.approx(real, abs=float(0.501 * step))


def test_a_float32_end_changes_nothing(converted, int8):
    assert with_byte_ends(int8, "float32", converted.manifest.preprocessing, []) == int8


def test_a_set_of_bytes_says_which_of_its_files_take_them_as_they_are(small_model, tmp_path, recorder):
    request = ConvertRequest(
        model=small_model, output=tmp_path / "set", dataset="digits", io="uint8", preprocess="torch"
    )
    manifest = convert(request, recorder).manifest
    tflite, onnx_file = (next(f for f in manifest.files if f.name == f"int8.{k}") for k in ("tflite", "onnx"))
    assert tflite.preprocessing is None, "its channels are scaled differently"
    assert sum("int8.tflite does not take bytes as they are" in note for note in recorder.notes) == 1
    assert (onnx_file.preprocessing.mean, onnx_file.preprocessing.std) == ((0.0,) * 3, (1.0,) * 3)
    assert {file.input.dtype for file in (tflite, onnx_file)} == {"uint8"}
    assert all(file.output.dtype == "uint8" and file.output.scale for file in (tflite, onnx_file))
    assert all(file.quality.agreement >= 0.9 for file in (tflite, onnx_file))
