"""A model trained with faster kernels is the model that Keras' own would give, but for rounding."""

import numpy as np
import pytest

from edgekit.quiet import import_tensorflow
from edgekit.training.kernels import faster_kernels


@pytest.fixture
def keras():
    import_tensorflow()
    import keras

    keras.utils.clear_session()
    keras.utils.set_random_seed(0)
    return keras


def _model(keras, **norm):
    """A depthwise convolution of images larger than the kernel, and two of smaller ones."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False),
            layers.BatchNormalization(**norm),
            layers.ReLU(6),
            layers.DepthwiseConv2D(3, padding="same", name="larger"),
            layers.DepthwiseConv2D(5, padding="same", activation="relu", name="smaller"),
            layers.BatchNormalization(**norm),
            layers.AveragePooling2D(2),
            layers.DepthwiseConv2D(3, padding="same", use_bias=False, name="smallest"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def _train(keras, model, faster):
    rng = np.random.default_rng(0)
    images = rng.normal(size=(40, 8, 8, 3)).astype(np.float32) * 3 + 1
    labels = keras.utils.to_categorical(rng.integers(0, 3, 40), 3)
    model.compile(keras.optimizers.SGD(0.05), "categorical_crossentropy")

    def fit():
        # 16, 16 and 8 images: the last batch is smaller
        return model.fit(images, labels, batch_size=16, epochs=2, shuffle=False, verbose=0).history["loss"]

    if not faster:
        return fit()
    with faster_kernels(model):
        return fit()


@pytest.mark.parametrize("norm", [{}, {"scale": False}, {"center": False}, {"momentum": 0.5, "epsilon": 0.1}])
def test_loss_weights_and_moving_statistics_are_keras_own(keras, norm):
    plain, faster = _model(keras, **norm), _model(keras, **norm)
    faster.set_weights(plain.get_weights())
    before = [weight.copy() for weight in plain.get_weights()]
    losses = [_train(keras, plain, False), _train(keras, faster, True)]
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)
    for mine, theirs, old in zip(faster.get_weights(), plain.get_weights(), before, strict=True):
        assert not np.array_equal(theirs, old)
        np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=1e-5)


def test_what_is_frozen_stays_as_it_is(keras):
    model = _model(keras)
    frozen = model.layers[1]
    frozen.moving_mean.assign(np.arange(8, dtype=np.float32))
    frozen.trainable = False
    before = frozen.get_weights()
    _train(keras, model, True)
    for mine, old in zip(frozen.get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, old)


def test_only_what_is_faster_is_computed_in_another_way(keras):
    model = _model(keras)
    with faster_kernels(model):
        changed = [layer.name for layer in model.layers if "call" in vars(layer)]
    norms = [layer.name for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert changed == [norms[0], "smaller", norms[1], "smallest"]


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("BatchNormalization", {"axis": 1}),
        ("BatchNormalization", {"epsilon": 1e-7}),
        ("BatchNormalization", {"dtype": "mixed_float16"}),
        ("DepthwiseConv2D", {"kernel_size": 5, "strides": 2, "padding": "same"}),
        ("DepthwiseConv2D", {"kernel_size": 5, "dilation_rate": 2, "padding": "same"}),
        ("Conv2D", {"filters": 2, "kernel_size": 5, "padding": "same"}),
    ],
)
def test_a_layer_of_another_kind_is_left_alone(keras, kind, config):
    model = keras.Sequential([keras.Input((4, 4, 3)), getattr(keras.layers, kind)(**config)])
    with faster_kernels(model):
        assert not any("call" in vars(layer) for layer in model.layers)


def test_a_file_saved_in_between_is_as_ever(keras, tmp_path):
    model = _model(keras)
    with faster_kernels(model):
        model.save(tmp_path / "in.keras")
        model.save_weights(tmp_path / "in.weights.h5")
    model.save(tmp_path / "after.keras")
    within, after = (keras.saving.load_model(tmp_path / name) for name in ("in.keras", "after.keras"))
    assert within.to_json() == after.to_json()
    other = _model(keras)
    other.load_weights(tmp_path / "in.weights.h5")
    for mine, theirs in zip(other.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_an_error_leaves_no_layer_changed(keras):
    model = _model(keras)
    with pytest.raises(KeyboardInterrupt), faster_kernels(model):
        raise KeyboardInterrupt
    assert not any("call" in vars(layer) for layer in model.layers)


def test_nested_models_are_reached(keras):
    inner = _model(keras)
    model = keras.Sequential([keras.Input((8, 8, 3)), inner])
    with faster_kernels(model):
        assert "call" in vars(inner.layers[1])
    assert "call" not in vars(inner.layers[1])


def test_a_layer_that_two_nested_models_share_is_as_before_after_the_block(keras):
    image = keras.Input((8, 8, 3))
    norm = keras.layers.BatchNormalization()
    halves = [keras.Model(image, norm(image)) for _ in range(2)]
    model = keras.Model(image, keras.layers.Add()([half(image) for half in halves]))
    with faster_kernels(model):
        assert "call" in vars(norm)
    assert "call" not in vars(norm)
