"""What converters do not know, half precision, bytes and channels first, is made usual in the graph."""

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from onnxruntime import InferenceSession

from edgekit.conversion.graph import freeze, keras_outputs
from edgekit.conversion.onnx_files import float32_onnx
from edgekit.conversion.tflite_files import float32_tflite
from edgekit.quiet import import_tensorflow
from edgekit.zoo.cost import cost
from edgekit.zoo.source import resolve

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 16, 24, 3))


def net(keras, order, policy="float32", **given):
    """Convolutions with strides and paddings, a depthwise one, both poolings, and a flat head."""
    layers = keras.layers
    axis = 1 if order == "channels_first" else -1
    keras.utils.set_random_seed(0)
    keras.mixed_precision.set_global_policy(policy)
    try:
        image = keras.Input((3, 16, 24) if axis == 1 else (16, 24, 3), **given)
        tensor = layers.Rescaling(1 / 255)(image)
        tensor = layers.Conv2D(8, 3, (2, 1), padding="same", data_format=order)(tensor)
        tensor = layers.BatchNormalization(axis)(tensor)
        tensor = layers.ReLU()(layers.DepthwiseConv2D(3, data_format=order)(tensor))
        tensor = layers.MaxPooling2D((1, 2), data_format=order)(
            layers.ZeroPadding2D(1, data_format=order)(tensor)
        )
        tensor = layers.Flatten(order)(layers.AveragePooling2D(2, data_format=order)(tensor))
        return keras.Model(image, layers.Dense(3, dtype="float32")(tensor))
    finally:
        keras.mixed_precision.set_global_policy("float32")


def run(path, images):
    """The scores of the two float32 files, and of the reference; and the multiply-adds."""
    loaded = resolve(str(path)).load()
    graph = freeze(loaded)
    interpreter = Interpreter(model_content=float32_tflite(graph))
    interpreter.allocate_tensors()
    session = InferenceSession(float32_onnx(graph), providers=["CPUExecutionProvider"])
    lite, onnx = [], []
    for image in images.astype(np.float32):
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image[None])
        interpreter.invoke()
        lite.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0])
        onnx.append(session.run(None, {session.get_inputs()[0].name: image[None]})[0][0])
    reference = keras_outputs(loaded)(images.astype(np.float32))[0]
    return [np.array(lite), np.array(onnx), reference], cost(loaded.model).multiply_adds


@pytest.fixture(params=["keras", "tf_keras"])
def keras(request):
    import_tensorflow()
    return __import__(request.param)


def test_convolutions_with_channels_first_give_what_they_give_with_channels_last(keras, tmp_path):
    first, last = net(keras, "channels_first"), net(keras, "channels_last")
    first.set_weights(last.get_weights())
    first.save(tmp_path / "own.keras")
    found, work = run(tmp_path / "own.keras", IMAGES.transpose(0, 3, 1, 2))
    for scores in found:
        np.testing.assert_allclose(scores, last(IMAGES.astype(np.float32)), atol=1e-5)
    assert work == cost(last).multiply_adds


@pytest.mark.parametrize("asked", [{"policy": "mixed_float16"}, {"dtype": "uint8"}])
def test_a_saved_model_of_half_precision_or_bytes_becomes_float32(keras, tmp_path, asked):
    odd, plain = net(keras, "channels_last", **asked), net(keras, "channels_last")
    plain.set_weights(odd.get_weights())
    odd.export(tmp_path / "saved")
    found, work = run(tmp_path / "saved", IMAGES)
    for scores in found:
        np.testing.assert_allclose(scores, plain(IMAGES.astype(np.float32)), atol=1e-5)
    assert work == cost(plain).multiply_adds
