import pytest

from edgekit.artefact import Preprocessing
from edgekit.conversion.graph import freeze
from edgekit.conversion.onnx_files import float32_onnx
from edgekit.inspection import inspect_bytes
from edgekit.quiet import import_tensorflow
from edgekit.zoo.source import LoadedModel, resolve


@pytest.fixture
def keras():
    import_tensorflow()
    import keras

    return keras


def _loaded(model):
    return LoadedModel(model, Preprocessing(height=32, width=32), 10)


def _head(keras):
    return [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(10)]


def test_a_grouped_convolution_becomes_onnx(keras):
    layers = [keras.Input((32, 32, 3)), keras.layers.Conv2D(8, 3), keras.layers.Conv2D(8, 3, groups=4)]
    graph = freeze(_loaded(keras.Sequential([*layers, *_head(keras)])))
    found = inspect_bytes(float32_onnx(graph), "float32.onnx")
    convolution = [layer for layer in found.layers if layer.op == "Conv"][-1]
    assert convolution.multiply_adds == (8 * 28 * 28) * (2 * 3 * 3)
    assert not import_tensorflow().config.functions_run_eagerly()


def test_a_model_becomes_the_very_same_onnx_file_however_often_it_is_converted():
    loaded = resolve("mobilenet_v1_0.25_32_digits").load()
    first, second = (float32_onnx(freeze(loaded)) for _ in range(2))
    assert first == second
