"""The whole conversion, on a shipped model."""

from collections import Counter
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from edgekit.artefact import MANIFEST, check_files, read_set
from edgekit.conversion import ConvertRequest, convert
from edgekit.conversion.formats import FORMATS
from edgekit.errors import InvalidError, ModelError, UsageError
from edgekit.inspection import inspect_file
from edgekit.zoo.cost import cost
from edgekit.zoo.source import resolve


def _file(artefacts, name):
    return next(file for file in artefacts.manifest.files if file.name == name)


def test_a_set_holds_its_files_labels_evaluation_and_manifest(converted):
    check_files(converted)
    names = {path.name for path in converted.folder.iterdir()}
    assert names == {
        *("float32.tflite", "float16.tflite", "int8.tflite", "float32.onnx", "int8.onnx"),
        *("labels.txt", "evaluation.npz", MANIFEST),
    }


def test_the_evaluation_file_holds_images_labels_and_keras_answers(converted):
    manifest = converted.manifest
    with np.load(converted.folder / manifest.evaluation_file) as arrays:
        images, labels, keras = arrays["images"], arrays["labels"], arrays["keras"]
    assert (images.dtype, images.shape[1:]) == (np.uint8, (32, 32, 3))
    assert len(images) == len(labels) == len(keras) == manifest.dataset.evaluation.n
    assert (labels == keras).mean() == manifest.keras_accuracy
    assert (converted.folder / "labels.txt").read_text().splitlines() == list(manifest.labels)


@pytest.mark.parametrize("name", ["int8.tflite", "int8.onnx"])
def test_int8_loses_at_most_half_a_percentage_point(converted, name):
    quality = _file(converted, name).quality
    assert quality.drop <= 0.005
    assert quality.accuracy_low < quality.accuracy < quality.accuracy_high
    assert quality.drop_low <= quality.drop <= quality.drop_high


@pytest.mark.parametrize("name", ["float32.tflite", "float32.onnx"])
def test_float_files_compute_what_keras_computes(converted, name):
    quality = _file(converted, name).quality
    assert quality.max_abs_error <= 1e-4
    assert quality.agreement >= 0.999


def test_tflite_files_name_their_input_and_output(converted):
    from ai_edge_litert.interpreter import Interpreter

    for precision in ("float32", "float16", "int8"):
        interpreter = Interpreter(str(converted.folder / f"{precision}.tflite"))
        names = {"inputs": ["input"], "outputs": ["output"]}
        assert interpreter.get_signature_list() == {"serving_default": names}


def test_int8_takes_less_than_a_third_of_the_bytes(converted):
    assert _file(converted, "int8.tflite").bytes <= 0.305 * _file(converted, "float32.tflite").bytes
    assert _file(converted, "int8.onnx").bytes <= 0.305 * _file(converted, "float32.onnx").bytes
    assert _file(converted, "float16.tflite").bytes <= 0.55 * _file(converted, "float32.tflite").bytes


def test_batch_norms_and_paddings_are_folded(converted):
    for precision in ("float32", "int8"):
        tflite, onnx = (_file(converted, f"{precision}.{kind}").ops for kind in ("tflite", "onnx"))
        assert tflite == {"CONV_2D": 15, "DEPTHWISE_CONV_2D": 13, "RESHAPE": 1, "SOFTMAX": 1}
        assert onnx["Conv"] == 28
        assert onnx["Transpose"] <= 2
        assert not {"BatchNormalization", "Mul", "Add", "Pad"} & onnx.keys()


@pytest.mark.parametrize("name", ["int8.tflite", "int8.onnx"])
def test_every_convolution_has_a_scale_for_each_channel_and_no_weight_zero_point(converted, name):
    found = inspect_file(converted.folder / name)
    convolutions = [layer for layer in found.layers if layer.multiply_adds]
    assert len(convolutions) == 28
    for layer in convolutions:
        channels = layer.shape[-1 if found.format == "tflite" else 1]
        assert layer.weights.dtype == "int8"
        assert len(layer.weights.scales) == channels
        assert set(layer.weights.zero_points) == {0}


def test_the_manifest_tells_where_the_files_come_from(converted):
    manifest = converted.manifest
    counted = cost(resolve("mobilenet_v1", alpha=0.5, resolution=32).load().model)
    assert manifest.model.parameters == counted.parameters == 834_666
    assert manifest.model.multiply_adds == counted.multiply_adds
    assert inspect_file(converted.folder / "float32.tflite").multiply_adds == counted.multiply_adds
    assert inspect_file(converted.folder / "float32.onnx").multiply_adds == counted.multiply_adds
    assert (manifest.model.family, manifest.model.alpha, manifest.model.resolution) == (
        "mobilenet_v1",
        0.5,
        32,
    )
    assert manifest.dataset.overlap == 0
    assert manifest.dataset.calibration.n >= 200
    assert manifest.preprocessing.sha256 == manifest.preprocessing_sha256
    assert manifest.command == "edgekit convert --alpha 0.5 --int8 --float16"
    assert {"tensorflow", "onnxruntime", "ai-edge-litert"} <= manifest.tools.keys()


@pytest.mark.parametrize("name", ["int8.tflite", "int8.onnx"])
def test_int8_files_record_their_recipe_and_the_noise_behind_each_layer(converted, name):
    file = _file(converted, name)
    assert " of 150 images: " in file.recipe[1]
    assert file.recipe[2].startswith("scores of 50 calibration images held back: SQNR ")
    assert [line.endswith("(chosen)") for line in file.recipe].count(True) == 1
    if file.format == "onnx":
        assert file.recipe[0] == "7-bit weights per channel, 8-bit activations, softmax in float32"
        assert file.recipe[-1].startswith("cannot saturate")
    assert len(file.quality.sqnr_db) == 28
    assert all(5 < value < 60 for value in file.quality.sqnr_db.values())


def test_a_users_model_converts_with_its_own_size_scaling_and_logits(
    small_model, tmp_path, recorder, monkeypatch
):
    measured = Counter()

    def counted(run, data, optimise):
        class Counted:
            def outputs(self, image):
                measured[data, optimise, image.tobytes()] += 1
                return runner.outputs(image)

        runner = run(data, optimise)
        return Counted()

    for name, format in list(FORMATS.items()):
        monkeypatch.setitem(FORMATS, name, replace(format, run=partial(counted, format.run)))
    artefacts = convert(
        ConvertRequest(model=small_model, output=tmp_path / "set", dataset="digits"), recorder
    )
    assert read_set(artefacts.folder) == artefacts, "the set on disk is the one that was returned"
    contract, file = artefacts.manifest.preprocessing, _file(artefacts, "int8.tflite")
    assert (contract.height, contract.width) == (24, 40)
    assert (contract.mean, contract.std) == ((0, 0, 0), (1, 1, 1))
    assert (file.input.scale, file.input.zero_point) == (1.0, -128)
    assert artefacts.manifest.model.resolution is None
    assert any("may be guessing among 10 classes" in note for note in recorder.notes)
    assert "softmax" not in _file(artefacts, "int8.onnx").recipe[0]
    # gray ones are the same in both orders of channels, which are tried
    assert max(measured.values()) <= 2, "no file is measured twice on the same image"


@pytest.fixture(scope="module")
def gelu(tmp_path_factory):
    """A classifier with layer norm and GELU."""
    import keras

    keras.utils.set_random_seed(0)
    image = keras.Input((16, 16, 3))
    features = keras.layers.Conv2D(8, 4, strides=4)(image)
    features = keras.layers.LayerNormalization()(features)
    features = keras.layers.Dense(16, activation="gelu")(features)
    scores = keras.layers.Dense(10)(keras.layers.GlobalAveragePooling2D()(features))
    path = tmp_path_factory.mktemp("gelu") / "gelu.keras"
    keras.Model(image, scores).save(path)
    return path


def test_layer_norm_and_gelu_become_four_files_and_what_stays_in_float_is_named(gelu, tmp_path, recorder):
    artefacts = convert(ConvertRequest(model=gelu, output=tmp_path / "set", dataset="digits"), recorder)
    assert [file.name for file in artefacts.manifest.files] == [
        *("float32.tflite", "int8.tflite", "float32.onnx", "int8.onnx")
    ]
    assert artefacts.manifest.missing == ()
    assert all(file.quality.agreement >= 0.8 for file in artefacts.manifest.files)
    (kept,) = (note for note in recorder.notes if note.startswith("int8.onnx keeps in float32: "))
    assert "1 Erf" in kept
    assert "Gemm" not in kept
    assert "MatMul" not in kept


def test_one_formats_failure_keeps_the_others_files(gelu, tmp_path, monkeypatch):
    def refuse(_):
        raise ModelError("The model cannot be converted to a float32 ONNX file: Odd.", "Replace it.")

    monkeypatch.setitem(FORMATS, "onnx", replace(FORMATS["onnx"], float32=refuse))
    with pytest.raises(
        InvalidError, match=r"float32\.onnx and int8\.onnx could not be made: .* Odd"
    ) as raised:
        convert(ConvertRequest(model=gelu, output=tmp_path / "set", dataset="digits"))
    assert raised.value.written == tmp_path / "set"
    manifest = read_set(raised.value.written).manifest
    assert [file.name for file in manifest.files] == ["float32.tflite", "int8.tflite"]
    assert [entry.name for entry in manifest.missing] == ["float32.onnx", "int8.onnx"]


def test_names_in_onnx_files_are_short_and_the_manifest_says_what_they_stand_for(converted):
    import onnx

    shared = {}
    for precision in ("float32", "int8"):
        model = onnx.load(converted.folder / f"{precision}.onnx")
        tensors = {name for node in model.graph.node for name in (*node.input, *node.output)}
        assert max(map(len, tensors - {"input", "output", ""})) <= 4
        shared[precision] = {name for name in tensors if name[0] in "tc"}
        weighted = [node.name for node in model.graph.node if node.op_type == "Conv"]
        assert all("/conv" in name for name in weighted), "layers keep names that tell what they are"
    names = converted.manifest.names["onnx"]
    assert shared["float32"] == names.keys()
    assert shared["int8"] <= names.keys(), "the same tensor has the same name in both"
    assert names["t1"] == "mobilenet_0.50_32_1/conv1_bn_1/batchnorm/mul_1"
    weights = [name for name, original in names.items() if original.endswith("/weights")]
    assert len(weights) == 28


def test_an_int8_onnx_file_is_hardly_larger_than_its_tensors(converted):
    import onnx

    path = converted.folder / "int8.onnx"
    graph = onnx.load(path).graph
    tensors = sum(onnx.numpy_helper.to_array(tensor).nbytes for tensor in graph.initializer)
    assert path.stat().st_size <= 1.03 * tensors + 100 * len(graph.node)


def test_a_failed_conversion_leaves_the_old_set_alone(small_model, tmp_path):
    old = tmp_path / "set"
    old.mkdir()
    (old / MANIFEST).write_text("old")
    request = ConvertRequest(model=small_model, output=old, dataset="shapes")
    with pytest.raises(UsageError, match=r"10 classes"):
        convert(request)
    assert [path.name for path in tmp_path.iterdir()] == ["set"]
    assert (old / MANIFEST).read_text() == "old"


def test_a_folder_that_holds_something_else_is_not_replaced(small_model, tmp_path):
    (tmp_path / "holiday.jpg").write_text("precious")
    request = ConvertRequest(model=small_model, output=tmp_path, dataset="digits")
    with pytest.raises(UsageError, match=r"holds holiday\.jpg"):
        convert(request)
    assert (tmp_path / "holiday.jpg").read_text() == "precious"


def test_a_model_without_known_images_asks_for_them(small_model, tmp_path):
    with pytest.raises(UsageError, match="--dataset"):
        convert(ConvertRequest(model=small_model, output=tmp_path / "set"))


@pytest.mark.parametrize(("kind", "said"), [("tflite", "tf.Erfinv"), ("onnx", "Erfinv")])
def test_an_operator_without_counterpart_is_named_and_nothing_else_is_printed(tmp_path, capfd, kind, said):
    import keras

    image = keras.Input((32, 32, 3))
    features = keras.ops.erfinv(keras.ops.tanh(keras.layers.Conv2D(4, 3)(image)))
    scores = keras.layers.Dense(10)(keras.layers.GlobalAveragePooling2D()(features))
    keras.Model(image, scores).save(tmp_path / "odd.keras")
    capfd.readouterr()
    model = tmp_path / "odd.keras"
    with pytest.raises(ModelError, match=said) as raised:
        convert(ConvertRequest(model=model, output=tmp_path / "set", dataset="digits", formats=(kind,)))
    assert "--format" in raised.value.hint
    assert capfd.readouterr() == ("", "")
    assert not (tmp_path / "set").exists()
