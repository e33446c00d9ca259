"""Classifiers as people build them, and where their heads begin."""

from pathlib import Path

import numpy as np
import pytest

from edgekit.errors import ModelError
from edgekit.quiet import import_tensorflow
from edgekit.training.cut import at_resolution, without_head

FILE = Path("theirs.keras")


@pytest.fixture(scope="module")
def layers():
    import_tensorflow()
    import keras

    return keras.layers


def _backbone(layers, size=8):
    import keras

    image = keras.Input((size, size, 3))
    return keras.Model(image, layers.Conv2D(4, 3, name="last")(image))


def _pooled(layers):
    import keras

    image = keras.Input((8, 8, 3))
    features = layers.Conv2D(4, 3, name="last")(image)
    scores = layers.Dense(5, "softmax")(layers.GlobalAveragePooling2D()(features))
    return keras.Model(image, scores)


def _like_mobilenet(layers):
    import keras

    image = keras.Input((8, 8, 3))
    features = layers.Conv2D(4, 3, name="last")(image)
    pooled = layers.Dropout(0.1)(layers.GlobalAveragePooling2D(keepdims=True)(features))
    return keras.Model(image, layers.Softmax()(layers.Reshape((5,))(layers.Conv2D(5, 1)(pooled))))


def _squeezed(layers):
    """A pooling within the features, as squeeze-and-excitation has it."""
    import keras

    image = keras.Input((8, 8, 3))
    inside = layers.Conv2D(4, 3)(image)
    excited = layers.Dense(4, "sigmoid")(layers.GlobalAveragePooling2D(keepdims=True)(inside))
    features = layers.Multiply(name="last")([inside, excited])
    return keras.Model(image, layers.Dense(5)(layers.GlobalMaxPooling2D()(features)))


def _flattened(layers):
    import keras

    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(4, 3, name="last"),
            layers.Flatten(),
            layers.Dense(6, "relu"),
            layers.Dense(5, "softmax"),
        ]
    )


def _nested(layers):
    import keras

    head = [layers.GlobalAveragePooling2D(), layers.Dense(5)]
    return keras.Sequential([keras.Input((8, 8, 3)), _backbone(layers), *head])


def _nested_pooled(layers):
    import keras

    inner = _backbone(layers)
    pooled = keras.Model(inner.input, layers.GlobalAveragePooling2D()(inner.output))
    return keras.Sequential([keras.Input((8, 8, 3)), layers.Rescaling(2.0), pooled, layers.Dense(5)])


@pytest.mark.parametrize(
    "build",
    [_backbone, _pooled, _like_mobilenet, _squeezed, _flattened, _nested, _nested_pooled],
    ids=lambda build: build.__name__.strip("_"),
)
def test_the_features_are_those_of_the_last_layer_before_the_classifier(layers, build):
    model = build(layers)
    base = without_head(model, FILE)
    assert base.output_shape == (None, 6, 6, 4)
    images = np.random.default_rng(0).random((2, 8, 8, 3), np.float32)
    kernel = next(w for w in base.weights if tuple(w.shape) == (3, 3, 3, 4)).numpy()
    scale = 2 if build is _nested_pooled else 1
    first = scale * np.einsum("nijc,ijco->no", images[:, :3, :3], kernel)
    if build is not _squeezed:
        np.testing.assert_allclose(base(images).numpy()[:, 0, 0], first, rtol=1e-4, atol=1e-5)
    other = at_resolution(base, 12, FILE)
    assert other.output_shape == (None, 10, 10, 4)
    for mine, theirs in zip(other.get_weights(), base.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_what_has_no_image_features_is_refused(layers):
    import keras

    model = keras.Sequential([keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(5)])
    with pytest.raises(ModelError, match=r"theirs\.keras has no image features"):
        without_head(model, FILE)


def test_layers_that_fit_their_own_size_alone_are_refused_at_another(layers):
    import keras

    image = keras.Input((8, 8, 3))
    mixed = layers.Reshape((4, 4, 2))(layers.Dense(32)(layers.Flatten()(image)))
    model = keras.Model(image, layers.Dense(5)(layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(mixed))))
    base = without_head(model, FILE)
    with pytest.raises(ModelError, match=r"takes images of 8 × 8 pixels, and cannot be built for 12 × 12"):
        at_resolution(base, 12, FILE)


@pytest.mark.parametrize("name", ["mobilenet_v1", "mobilenet_v2", "mobilenet_v3_small"])
def test_a_family_without_its_head_is_what_keras_builds_without_it(layers, name):
    from edgekit.zoo import FAMILIES

    family = FAMILIES[name]
    whole, headless = (
        family.build(alpha=family.widths.default, resolution=family.smallest, classes=classes)
        for classes in (5, None)
    )
    base = without_head(whole, FILE)
    assert [w.shape for w in base.weights] == [w.shape for w in headless.weights]
    assert base.output_shape == headless.output_shape
