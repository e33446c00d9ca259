import pytest

from edgekit.artefact import Preprocessing
from edgekit.conversion.graph import freeze, starts_with_preprocessing
from edgekit.conversion.onnx_files import float32_onnx
from edgekit.errors import ModelError
from edgekit.inspection import inspect_bytes
from edgekit.quiet import import_tensorflow
from edgekit.zoo.source import LoadedModel


@pytest.fixture
def keras():
    import_tensorflow()
    import keras

    return keras


def _loaded(model):
    return LoadedModel(model, Preprocessing(height=32, width=32), 10)


def _head(keras):
    return [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(10)]


def test_a_fixed_batch_is_refused(keras):
    model = keras.Sequential([keras.Input(batch_shape=(8, 32, 32, 3)), *_head(keras)])
    with pytest.raises(ModelError, match="exactly 8 images"):
        freeze(_loaded(model))


def test_half_precision_is_refused(keras):
    layers = [keras.Input((32, 32, 3)), keras.layers.Conv2D(4, 3, dtype="mixed_float16"), *_head(keras)]
    with pytest.raises(ModelError, match="computes in float16"):
        freeze(_loaded(keras.Sequential(layers)))


def test_a_model_of_uint8_images_is_refused_with_how_to_build_it(keras):
    layers = [keras.Input((32, 32, 3), dtype="uint8"), keras.layers.Rescaling(1 / 255), *_head(keras)]
    with pytest.raises(ModelError, match="takes uint8 images; float32 is needed") as error:
        freeze(_loaded(keras.Sequential(layers)))
    assert "dtype='float32'" in error.value.hint


def test_a_model_that_scales_its_own_images_is_recognised_also_inside_another(keras):
    scaling = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Rescaling(1 / 255), *_head(keras)])
    plain = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(4, 3), *_head(keras)])
    assert starts_with_preprocessing(scaling)
    assert starts_with_preprocessing(keras.Sequential([keras.Input((32, 32, 3)), scaling]))
    assert not starts_with_preprocessing(plain)
    moved = [keras.layers.Resizing(32, 32), keras.layers.ZeroPadding2D(1), keras.layers.Rescaling(1 / 255)]
    assert starts_with_preprocessing(keras.Sequential([keras.Input((48, 48, 3)), *moved]))


def test_a_grouped_convolution_becomes_onnx(keras):
    layers = [keras.Input((32, 32, 3)), keras.layers.Conv2D(8, 3), keras.layers.Conv2D(8, 3, groups=4)]
    graph = freeze(_loaded(keras.Sequential([*layers, *_head(keras)])))
    found = inspect_bytes(float32_onnx(graph), "float32.onnx")
    convolution = [layer for layer in found.layers if layer.op == "Conv"][-1]
    assert convolution.multiply_adds == (8 * 28 * 28) * (2 * 3 * 3)
    assert not import_tensorflow().config.functions_run_eagerly()
