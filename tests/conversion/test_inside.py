"""The scaling that a model does itself, whatever form it has."""

import numpy as np
import pytest

from edgekit.conversion.inside import scale_inside
from edgekit.quiet import import_tensorflow
from edgekit.zoo.frozen import frozen

PIXELS, UNIT, SYMMETRIC = (0.0, 1.0), (0.0, 255.0), (127.5, 127.5)


def found(model):
    tf = import_tensorflow()
    function = frozen(model, tf.TensorSpec((1, 16, 16, 3), tf.float32, name="input"))
    return scale_inside(function.graph.as_graph_def(), function.inputs[0].name)


def _import(name):
    import_tensorflow()
    return __import__(name)


@pytest.fixture(params=["keras", "tf_keras"])
def keras(request):
    return _import(request.param)


def model_of(keras, *fronts):
    """A model that begins with some layers or functions."""
    image = tensor = keras.Input((16, 16, 3))
    for front in fronts:
        tensor = front(tensor)
    tensor = keras.layers.Conv2D(4, 3, use_bias=False)(tensor)
    tensor = keras.layers.BatchNormalization()(tensor)
    return keras.Model(image, keras.layers.GlobalAveragePooling2D()(tensor))


@pytest.mark.parametrize(
    ("front", "scale"),
    [
        (lambda keras: keras.layers.Rescaling(1 / 127.5, -1), PIXELS),
        (lambda keras: lambda x: x / 255, PIXELS),
        (lambda keras: lambda x: 1.0 - x / 255.0, PIXELS),
        (lambda keras: keras.applications.mobilenet_v2.preprocess_input, PIXELS),
        (lambda keras: keras.applications.resnet50.preprocess_input, PIXELS),
        (lambda keras: keras.applications.densenet.preprocess_input, PIXELS),
        (lambda keras: keras.layers.Normalization(mean=(120, 110, 100), variance=(3600,) * 3), PIXELS),
        (lambda keras: keras.layers.Normalization(mean=(0.485, 0.456, 0.406), variance=(0.05,) * 3), UNIT),
        (lambda keras: lambda x: x * 255.0, UNIT),
        (lambda keras: lambda x: x * 2.0 - 1.0, UNIT),
        (lambda keras: lambda x: x * 127.5 + 127.5, SYMMETRIC),
        (lambda keras: lambda x: x, None),
        (lambda keras: keras.layers.ZeroPadding2D(1), None),
        (lambda keras: keras.layers.BatchNormalization(), None),
        (lambda keras: lambda x: x * x, None),
    ],
)
def test_a_scale_is_seen_in_a_layer_and_in_an_operation(keras, front, scale):
    assert found(model_of(keras, front(keras))) == scale


def test_what_moves_pixels_before_or_between_does_not_hide_it(keras):
    layers = keras.layers
    moved = [layers.RandomFlip(), layers.Resizing(24, 24), layers.Cropping2D(2), layers.ZeroPadding2D(1)]
    assert found(model_of(keras, *moved, layers.Rescaling(1 / 255))) == PIXELS
    assert found(model_of(keras, lambda x: x / 255.0, *moved, lambda x: x - 0.5)) == PIXELS


def test_a_batch_normalization_that_came_to_know_its_pixels_tells_their_scale(keras):
    for mean, variance, scale in ((125.0, 4000.0, PIXELS), (0.48, 0.06, UNIT), (-0.02, 0.25, SYMMETRIC)):
        norm = keras.layers.BatchNormalization()
        model = model_of(keras, norm)
        norm.set_weights([np.ones(3), np.zeros(3), np.full(3, mean), np.full(3, variance)])
        assert found(model) == scale


def test_a_scale_is_seen_inside_another_model_and_in_a_saved_model(tmp_path):
    from edgekit.zoo.load import load_model

    keras = _import("keras")
    inner = model_of(keras, lambda x: x / 255.0)
    outer = keras.Sequential([keras.Input((16, 16, 3)), inner])
    assert found(outer) == PIXELS
    outer.export(tmp_path / "saved", verbose=False)
    assert found(load_model(tmp_path / "saved")) == PIXELS
