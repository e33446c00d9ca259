"""A float .onnx or .tflite file in place of a Keras model."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgekit.conversion import ConvertRequest, convert
from edgekit.errors import ModelError, UsageError

SIZE = 12
COUNT = 260


def _constant(name, value):
    return numpy_helper.from_array(np.asarray(value, np.float32), name)


def _handmade(opset=11, batch="N", nodes=(), constants=()):
    """A network as other tools export it: channels first, batch norm apart, any number of images."""
    random = np.random.default_rng(112)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["pixels", "w", "b"], ["/conv/Conv_output_0"], strides=[2, 2]),
            helper.make_node(
                "BatchNormalization",
                ["/conv/Conv_output_0", "scale", "shift", "mean", "variance"],
                ["/bn/BatchNormalization_output_0"],
            ),
            helper.make_node("Relu", ["/bn/BatchNormalization_output_0"], ["/relu/Relu_output_0"]),
            helper.make_node("GlobalAveragePool", ["/relu/Relu_output_0"], ["/pool/Pool_output_0"]),
            helper.make_node("Flatten", ["/pool/Pool_output_0"], ["/flat/Flatten_output_0"]),
            helper.make_node("Gemm", ["/flat/Flatten_output_0", "head", "bias"], ["logits"]),
            *nodes,
        ],
        "main_graph",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, [batch, 3, SIZE, SIZE])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [batch, 4])],
        [
            _constant("w", random.normal(0, 0.4, (16, 3, 3, 3))),
            _constant("b", random.normal(0, 0.1, 16)),
            _constant("scale", random.uniform(0.5, 2, 16)),
            _constant("shift", random.normal(0, 0.2, 16)),
            _constant("mean", random.normal(0, 0.2, 16)),
            _constant("variance", random.uniform(0.5, 2, 16)),
            _constant("head", random.normal(0, 3, (16, 4))),
            _constant("bias", np.zeros(4)),
            *constants,
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=6)


def _scores(model, images):
    """What a file says of uint8 images, one by one: [n, 4]."""
    import onnxruntime

    session = onnxruntime.InferenceSession(model)
    scaled = (images.astype(np.float32) - 127.5) / 127.5
    (name,) = (value.name for value in session.get_inputs())
    return np.concatenate([session.run(None, {name: x[None].transpose(0, 3, 1, 2)})[0] for x in scaled])


def _answers(model, images):
    return _scores(model, images).argmax(1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The model's file, and images with the classes that it says they are of."""
    folder = tmp_path_factory.mktemp("handmade")
    onnx.save(_handmade(), folder / "handmade.onnx")
    random = np.random.default_rng(1)
    coarse = random.integers(0, 256, (COUNT, 3, 3, 3), dtype=np.uint8)
    images = coarse.repeat(SIZE // 3, axis=1).repeat(SIZE // 3, axis=2)
    images = images + random.integers(0, 20, images.shape, dtype=np.uint8)
    labels = _answers(str(folder / "handmade.onnx"), images)
    assert len(np.unique(labels)) == 4
    np.savez(folder / "images.npz", images=images, labels=labels)
    return folder


def _convert(folder, name, **asked):
    return convert(
        ConvertRequest(
            model=folder / name, dataset=str(folder / "images.npz"), output=folder / "set", **asked
        )
    )


def test_an_onnx_file_of_other_origin_becomes_int8_with_the_same_proof(folder):
    artefacts = _convert(folder, "handmade.onnx")
    manifest = artefacts.manifest
    assert [file.name for file in manifest.files] == ["float32.onnx", "int8.onnx"]
    assert (manifest.model.reference, manifest.preprocessing.layout) == ("handmade.onnx", "NCHW")
    assert manifest.keras_accuracy == 1.0
    with np.load(artefacts.folder / "evaluation.npz") as held:
        images, labels = held["images"], held["labels"]
    for file in manifest.files:
        right = _answers(str(artefacts.path(file)), images) == labels
        assert right.mean() == file.quality.agreement == file.quality.accuracy >= 0.95
        assert (file.input.name, file.output.name) == ("pixels", "logits"), "its user's names stay"
        assert file.input.shape == (1, 3, SIZE, SIZE)
        assert "BatchNormalization" not in file.ops
    assert manifest.names["onnx"]["t1"].startswith("/")
    assert manifest.model.parameters == 16 * 27 + 16 + 4 * 16 + 16 * 4 + 4


@pytest.mark.parametrize("activation", ["HardSwish", "HardSigmoid"])
def test_a_hard_activation_is_quantized_and_is_one_operator_in_float(activation, folder, tmp_path):
    model = _handmade(opset=14)
    (relu,) = (node for node in model.graph.node if node.op_type == "Relu")
    relu.op_type = activation
    with np.load(folder / "images.npz") as held:
        images = held["images"]
    (bias,) = (tensor for tensor in model.graph.initializer if tensor.name == "bias")
    bias.CopyFrom(_constant("bias", -_scores(model.SerializeToString(), images).mean(0)))  # no class wins all
    onnx.save(model, tmp_path / "hard.onnx")
    labels = _answers(str(tmp_path / "hard.onnx"), images)
    np.savez(tmp_path / "images.npz", images=images, labels=labels)
    real, int8 = _convert(tmp_path, "hard.onnx").manifest.files
    assert not int8.faults and int8.quality.agreement >= 0.9
    assert {"HardSigmoid", "HardSwish", "Mul"}.isdisjoint(int8.ops) is (activation == "HardSigmoid")
    assert (int8.ops["Add"], int8.ops.get("Clip")) == (1, None)
    assert (real.ops["HardSigmoid"], real.ops.get("Clip")) == (1, None)
    assert real.quality.max_abs_error < 1e-4


def test_a_float_tflite_file_becomes_what_its_keras_model_becomes(converted, tmp_path):
    request = ConvertRequest(
        model=converted.folder / "float32.tflite", dataset="digits", output=tmp_path / "set"
    )
    manifest = convert(request).manifest
    assert [file.name for file in manifest.files] == ["float32.tflite", "int8.tflite"]
    before = {file.name: file for file in converted.manifest.files}
    assert manifest.files[1].quality.accuracy == before["int8.tflite"].quality.accuracy
    there, here = before["int8.tflite"].quality.sqnr_db, manifest.files[1].quality.sqnr_db
    assert here.keys() == there.keys()
    assert all(abs(here[name] - there[name]) < 1 for name in here)


def test_weights_may_be_in_a_file_next_to_it_and_nowhere_else(folder, tmp_path):
    place = tmp_path / "own"
    place.mkdir()
    tensors = {"save_as_external_data": True, "location": "weights.bin", "size_threshold": 0}
    onnx.save(_handmade(), place / "beside.onnx", **tensors)
    (place / "images.npz").write_bytes((folder / "images.npz").read_bytes())
    assert _convert(place, "beside.onnx").manifest.keras_accuracy == 1.0
    (place / "weights.bin").rename(tmp_path / "weights.bin")
    with pytest.raises(ModelError, match=r"weights\.bin, which is not next to it"):
        _convert(place, "beside.onnx")
    (place / "weights.bin").symlink_to(tmp_path / "weights.bin")
    with pytest.raises(ModelError, match="is a link to"):
        _convert(place, "beside.onnx")


@pytest.mark.parametrize("location", ["../weights.bin", "/etc/passwd", "*/_ORT_MEM_ADDR_/*"])
def test_weights_outside_its_folder_are_refused(folder, location):
    model = _handmade()
    stored = model.graph.initializer[0]
    stored.ClearField("raw_data")
    stored.data_location = TensorProto.EXTERNAL
    stored.external_data.add(key="location", value=location)
    (folder / "outside.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match="not in its own folder"):
        _convert(folder, "outside.onnx")


def test_a_path_in_a_name_and_a_size_that_nothing_can_hold_are_refused(folder):
    model = _handmade(constants=[_constant("../../out", np.zeros(1))])
    onnx.save(model, folder / "path.onnx")
    with pytest.raises(ModelError, match="a path out of its folder"):
        _convert(folder, "path.onnx")
    huge = _constant("huge", np.zeros(1))
    huge.dims[:] = [2**20, 2**20]
    onnx.save(_handmade(constants=[huge]), folder / "huge.onnx")
    with pytest.raises(ModelError, match="huge"):
        _convert(folder, "huge.onnx")


def test_what_is_quantized_already_and_what_takes_several_inputs_is_pointed_to_bench(converted, folder):
    for name in ("int8.onnx", "int8.tflite", "float16.tflite"):
        with pytest.raises(ModelError, match="is quantized already") as raised:
            convert(ConvertRequest(model=converted.folder / name, dataset="digits", output=folder / "set"))
        assert f"edgekit bench {converted.folder / name}" in raised.value.hint
    model = _handmade(nodes=[helper.make_node("Add", ["logits", "more"], ["sum"])])
    model.graph.input.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, [1, 4]))
    onnx.save(model, folder / "two.onnx")
    with pytest.raises(ModelError, match="has 2 inputs"):
        _convert(folder, "two.onnx")


def test_another_format_or_size_than_the_files_own_is_refused(folder):
    with pytest.raises(UsageError, match=r"becomes ONNX files .* tflite files are not made from it"):
        _convert(folder, "handmade.onnx", formats=("tflite",))
    with pytest.raises(UsageError, match=r"images of 12 × 12 pixels, not 16"):
        _convert(folder, "handmade.onnx", resolution=16)
    with pytest.raises(UsageError, match="has classes 4, not 5"):
        _convert(folder, "handmade.onnx", classes=5)


def test_a_file_of_any_size_asks_for_one(folder):
    model = _handmade()
    for dim in model.graph.input[0].type.tensor_type.shape.dim[2:]:
        dim.dim_param = "side"
    onnx.save(model, folder / "any.onnx")
    with pytest.raises(ModelError, match="takes images of any size") as raised:
        _convert(folder, "any.onnx")
    assert "--resolution" in raised.value.hint
    assert _convert(folder, "any.onnx", resolution=SIZE).manifest.keras_accuracy == 1.0
