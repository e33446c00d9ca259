import io
import json
import re
import shlex
import shutil
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from edgekit.errors import ModelError
from edgekit.inspection import inspect_bytes
from edgekit.quiet import import_tensorflow
from edgekit.zoo import ModelSpec
from edgekit.zoo.build import build
from edgekit.zoo.cost import cost
from edgekit.zoo.load import load_model
from edgekit.zoo.source import resolve

SMALL = ModelSpec("mobilenet_v1", 0.25, 32, 4)
IMAGES = np.random.default_rng(0).uniform(-1, 1, (3, 32, 32, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def model():
    return build(SMALL)


@pytest.fixture(scope="module")
def files(tmp_path_factory, model):
    """The same model in each form that can be read."""
    from keras.src.legacy.saving.legacy_h5_format import save_model_to_hdf5

    folder = tmp_path_factory.mktemp("files")
    model.save(folder / "m.keras")
    save_model_to_hdf5(model, folder / "m.h5")
    model.export(folder / "saved", verbose=False)
    return folder


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "saved"])
def test_every_form_gives_the_same_scores_parameters_and_cost(files, model, name):
    loaded = load_model(files / name)
    np.testing.assert_allclose(
        loaded.predict_on_batch(IMAGES), model.predict_on_batch(IMAGES), rtol=1e-4, atol=1e-6
    )
    found, expected = cost(loaded), cost(model)
    assert (found.parameters, found.multiply_adds) == (expected.parameters, expected.multiply_adds)


def test_a_saved_model_becomes_tflite_and_onnx_that_agree_with_it(files, model, tmp_path):
    import tf2onnx
    from ai_edge_litert.interpreter import Interpreter
    from onnxruntime import InferenceSession

    tf = import_tensorflow()
    loaded = resolve(str(files / "saved")).load().model
    expected = model.predict_on_batch(IMAGES[:1])

    interpreter = Interpreter(model_content=tf.lite.TFLiteConverter.from_keras_model(loaded).convert())
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], IMAGES[:1])
    interpreter.invoke()
    tflite = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    np.testing.assert_allclose(tflite, expected, atol=1e-4)

    run = tf.function(lambda image: loaded(image, training=False))
    signature = [tf.TensorSpec((1, 32, 32, 3), tf.float32, name="image")]
    graph, _ = tf2onnx.convert.from_function(run, input_signature=signature, opset=17)
    session = InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    np.testing.assert_allclose(session.run(None, {"image": IMAGES[:1]})[0], expected, atol=1e-4)


def test_a_missing_file_is_named():
    with pytest.raises(ModelError, match=r"no file gone\.keras"):
        load_model(Path("gone.keras"))


@pytest.mark.parametrize("name", ["text.keras", "text.h5"])
def test_a_text_file_is_not_a_model(tmp_path, name):
    (tmp_path / name).write_text("hello, model")
    with pytest.raises(ModelError, match=r"not a Keras file: it begins with b'hello"):
        load_model(tmp_path / name)


def test_an_empty_file_is_said_to_be_empty(tmp_path):
    (tmp_path / "m.keras").touch()
    with pytest.raises(ModelError, match=r"is empty"):
        load_model(tmp_path / "m.keras")


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.99])
def test_a_truncated_file_is_refused(files, tmp_path, name, share):
    data = (files / name).read_bytes()
    (tmp_path / name).write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ModelError, match=r"not a whole"):
        load_model(tmp_path / name)


def test_a_changed_byte_is_found_by_its_checksum(files, tmp_path):
    data = bytearray((files / "m.keras").read_bytes())
    data[len(data) // 2] ^= 0xFF
    (tmp_path / "m.keras").write_bytes(data)
    with pytest.raises(ModelError, match=r"checksum"):
        load_model(tmp_path / "m.keras")


def test_a_converted_file_is_named_as_such(tmp_path):
    (tmp_path / "m.tflite").touch()
    with pytest.raises(ModelError, match=r"not a Keras model by its name.*converted file, name its original"):
        load_model(tmp_path / "m.tflite")


def test_another_zip_archive_is_not_a_model(tmp_path):
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr("letter.txt", "dear reader")
    with pytest.raises(ModelError, match=r"not of a Keras model"):
        load_model(tmp_path / "m.keras")


def test_an_archive_that_unpacks_to_far_more_than_it_is_is_refused(files, tmp_path):
    bomb = tmp_path / "m.keras"
    with zipfile.ZipFile(files / "m.keras") as whole, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("config.json", whole.read("config.json"))
        out.writestr("metadata.json", whole.read("metadata.json"))
        out.writestr("model.weights.h5", bytes(100_000_000))
    with pytest.raises(ModelError, match=r"would unpack to 100,"):
        load_model(bomb)


def test_an_hdf5_file_that_declares_far_more_than_it_holds_is_refused(files, tmp_path):
    import h5py

    shutil.copy(files / "m.h5", tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5", "a") as file:
        file.create_dataset("huge", shape=(1 << 40,), dtype="u1", chunks=(1 << 20,), compression="gzip")
    with pytest.raises(ModelError, match=r"would unpack to 1,099,"):
        load_model(tmp_path / "m.h5")


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_a_lambda_layer_is_refused_and_never_run(tmp_path, name):
    import_tensorflow()
    import keras
    from keras.src.legacy.saving.legacy_h5_format import save_model_to_hdf5

    trace = tmp_path / "trace"
    code = keras.layers.Lambda(
        lambda x, path=str(trace): (__import__("pathlib").Path(path).touch(), x)[1], name="sneaky"
    )
    model = keras.Sequential([keras.Input((32, 32, 3)), code, keras.layers.Flatten(), keras.layers.Dense(2)])
    path = tmp_path / name
    model.save(path) if name == "m.keras" else save_model_to_hdf5(model, path)
    trace.unlink()
    with pytest.raises(ModelError, match=r"Lambda layer 'sneaky' may carry arbitrary code"):
        load_model(path)
    assert not trace.exists()


def test_code_hidden_in_an_ordinary_layer_is_refused(files, tmp_path):
    """A lambda serialized as an activation, without any Lambda layer."""
    code = {"class_name": "__lambda__", "config": {"code": "4wEAAAA=", "defaults": None, "closure": None}}
    path = _with_config(files / "m.keras", tmp_path, lambda text: text.replace('"relu6"', json.dumps(code)))
    if '"__lambda__"' not in zipfile.ZipFile(path).read("config.json").decode():
        config = json.loads(zipfile.ZipFile(path).read("config.json"))
        config["config"]["layers"][2]["config"]["activation"] = code
        path = _with_config(files / "m.keras", tmp_path, lambda _: json.dumps(config))
    with pytest.raises(ModelError, match=r"__lambda__ may carry arbitrary code"):
        load_model(path)


def test_a_registered_layer_of_ones_own_is_refused_and_its_way_out_works_as_written(tmp_path, monkeypatch):
    import_tensorflow()
    import keras

    monkeypatch.chdir(tmp_path)

    @keras.saving.register_keras_serializable("mine")
    class Halved(keras.layers.Layer):
        def call(self, x):
            return x / 2

    model = keras.Sequential(
        [keras.Input((8, 8, 3)), Halved(), keras.layers.Flatten(), keras.layers.Dense(2)]
    )
    model.save("own.keras")
    with pytest.raises(
        ModelError, match=r"own\.keras needs 'mine>Halved', which is not Keras' own"
    ) as refused:
        load_model(Path("own.keras"))
    folder = re.search(r"model\.export\('(\w+)'\)", refused.value.hint)[1]
    assert refused.value.hint.endswith(f"Then: edgekit convert {folder}")
    model.export(folder, verbose=False)
    assert resolve(folder).load().classes == 2


def test_a_layer_keras_does_not_know_is_said_with_what_to_do(files, tmp_path):
    path = _with_config(files / "m.keras", tmp_path, lambda text: text.replace('"ReLU"', '"MyOwnLayer"'))
    with pytest.raises(ModelError, match=r"cannot be loaded.*model\.export"):
        load_model(path)


def _print(tf, path):
    tf.print("was here", output_stream=f"file://{path}")


def _save_checkpoint(tf, path):
    tf.raw_ops.SaveV2(prefix=path, tensor_names=["x"], shape_and_slices=[""], tensors=[tf.ones(1)])


def _read_lines(tf, path):
    for line in tf.data.TextLineDataset(path):
        tf.debugging.assert_equal(line, "was here")


def _debug(tf, path):
    tf.raw_ops.DebugIdentity(input=tf.ones(1), debug_urls=[f"file://{path}"])


@pytest.mark.parametrize(
    ("touch", "operation"),
    [
        (lambda tf, path: tf.io.write_file(path, "was here"), "WriteFile"),
        (lambda tf, path: tf.io.read_file(path), "ReadFile"),
        (lambda tf, path: tf.io.matching_files(path), "MatchingFiles"),
        (_print, "PrintV2"),
        (_save_checkpoint, "SaveV2"),
        (_read_lines, r"\w*Dataset\w*"),
        (_debug, "DebugIdentity"),
        (lambda tf, _: tf.py_function(lambda: 1.0, [], tf.float32), "EagerPyFunc"),
    ],
)
def test_a_saved_model_that_touches_the_file_system_is_refused(tmp_path, touch, operation):
    tf = import_tensorflow()

    class Sneaky(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None, 32, 32, 3), tf.float32)])
        def serve(self, image):
            touch(tf, str(tmp_path / "trace"))
            return tf.reduce_mean(image, axis=(1, 2))

    module = Sneaky()
    tf.saved_model.save(module, tmp_path / "saved", signatures=module.serve)
    with pytest.raises(ModelError, match=rf"refused: its graph holds the operation {operation}\."):
        load_model(tmp_path / "saved")
    assert not list(tmp_path.glob("trace*"))


def test_a_saved_model_of_variables_tables_random_numbers_and_control_flow_is_read(tmp_path):
    tf = import_tensorflow()

    class Rich(tf.Module):
        def __init__(self):
            pairs = tf.lookup.KeyValueTensorInitializer([1, 2], [3.0, 4.0])
            self.table, self.count = tf.lookup.StaticHashTable(pairs, 0.0), tf.Variable(0.0)

        @tf.function(input_signature=[tf.TensorSpec((None, 32, 32, 3), tf.float32)])
        def serve(self, image):
            if tf.reduce_max(image) > 1:
                self.count.assign_add(1.0)
            for _ in tf.range(tf.shape(image)[0]):
                image += 0.0 * tf.random.uniform(tf.shape(image))
            return tf.reduce_mean(image, axis=(1, 2)) + self.table.lookup(tf.constant(2))

    module = Rich()
    tf.saved_model.save(module, tmp_path / "saved", signatures=module.serve)
    scores = load_model(tmp_path / "saved").predict_on_batch(np.ones((1, 32, 32, 3), np.float32))
    np.testing.assert_allclose(scores, [[5.0, 5.0, 5.0]], rtol=1e-5)


def test_a_saved_model_of_tensorflow_1_is_read_unless_restoring_it_would_write(tmp_path):
    tf = import_tensorflow()
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    v1, path = tf.compat.v1, tmp_path / "saved"
    with v1.Graph().as_default(), v1.Session() as session:
        v1.set_random_seed(0)  # a training in this process leaves deterministic operations on
        image = v1.placeholder(tf.float32, (None, 32, 32, 3))
        scores = tf.reduce_mean(image, (1, 2)) @ v1.get_variable("w", (3, 2))
        session.run(v1.global_variables_initializer())
        builder = v1.saved_model.Builder(str(path))
        signature = v1.saved_model.predict_signature_def({"image": image}, {"scores": scores})
        builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
        builder.save()
    assert load_model(path).output_shape == (None, 2)

    graphs = SavedModel.FromString((path / "saved_model.pb").read_bytes())
    graph = graphs.meta_graphs[0]
    writes = next(node.name for node in graph.graph_def.node if node.op == "SaveV2")
    next(n for n in graph.graph_def.node if n.name == graph.saver_def.restore_op_name).input.append(
        f"^{writes}"
    )
    (path / "saved_model.pb").write_bytes(graphs.SerializeToString())
    with pytest.raises(ModelError, match=r"holds the operation SaveV2"):
        load_model(path)


def test_a_saved_model_of_several_outputs_gives_them_in_the_order_of_their_names(tmp_path):
    import keras

    image = keras.Input((4, 4, 3))
    flat = keras.layers.Flatten()(image)
    model = keras.Model(image, [keras.layers.Dense(2)(flat), keras.layers.Dense(3)(flat)])
    model.export(tmp_path / "two", verbose=False)
    found = load_model(tmp_path / "two")(IMAGES[:, :4, :4])
    for here, there in zip(found, model(IMAGES[:, :4, :4]), strict=True):
        np.testing.assert_allclose(here, there, atol=1e-6)


def test_a_folder_that_is_no_saved_model_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"without saved_model\.pb"):
        load_model(tmp_path)


@pytest.mark.parametrize("name", ["saved_model.pb", "variables/variables.data-00000-of-00001"])
def test_a_damaged_saved_model_is_refused(files, tmp_path, name):
    shutil.copytree(files / "saved", tmp_path / "saved")
    (tmp_path / "saved" / name).write_bytes(b"\xff" * 40)
    with pytest.raises(ModelError, match=r"damaged|cannot be loaded"):
        load_model(tmp_path / "saved")


@pytest.mark.parametrize("kind", ["two inputs", "no image", "no image, exported"])
def test_what_is_not_for_images_is_refused_with_a_command_that_makes_a_file_to_measure(
    kind, tmp_path, monkeypatch
):
    import keras

    from edgekit.zoo.input import image_input

    inputs = [keras.Input((2,)), keras.Input((4, 4, 3))][: 2 if kind == "two inputs" else 1]
    flat = [keras.layers.Flatten()(each) for each in inputs]
    model = keras.Model(
        inputs, keras.layers.Dense(3)(keras.layers.Concatenate()(flat) if flat[1:] else flat[0])
    )
    path = tmp_path / ("my two" if "exported" in kind else "my two.keras")
    if "exported" in kind:
        model.export(path, verbose=False)
    else:
        model.save(path)
    with pytest.raises(ModelError, match=r"has 2 inputs|not images") as raised:
        image_input(load_model(path), path)
    command, _, measured = raised.value.hint.partition("measures: ")[2].partition(" && ")
    python, _, code, *arguments = shlex.split(command)
    monkeypatch.setattr(sys, "argv", ["-c", *arguments])
    monkeypatch.chdir(tmp_path)
    exec(code, {})  # as typed, but in a Python that has loaded TensorFlow
    assert (python, measured) == ("python", "edgekit bench 'my two.tflite'")
    made = inspect_bytes((tmp_path / "my two.tflite").read_bytes(), "two.tflite")
    assert len(made.inputs) == len(inputs)


def _with_config(source, folder, change):
    """Copy a .keras file with its configuration changed."""
    path = folder / "changed.keras"
    buffer = io.BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data.decode()) if name == "config.json" else data)
    path.write_bytes(buffer.getvalue())
    assert zlib.crc32(path.read_bytes())
    return path
