import numpy as np
import pytest

from edgekit.errors import ModelError, UsageError
from edgekit.zoo import ModelSpec
from edgekit.zoo.build import build

SMALL = ModelSpec("mobilenet_v1", 0.25, 32, 4)


@pytest.mark.parametrize(("alpha", "resolution", "classes"), [(1 / 32, 33, 2), (0.3, 50, 7), (1.4, 32, 3)])
def test_any_width_size_and_number_of_classes_can_be_built(alpha, resolution, classes):
    model = build(ModelSpec("mobilenet_v1", alpha, resolution, classes))
    assert model.input_shape == (None, resolution, resolution, 3)
    scores = model.predict_on_batch(np.zeros((2, resolution, resolution, 3), np.float32))
    np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-5)
    assert scores.shape == (2, classes)


def test_the_batch_norm_momentum_is_the_one_asked_for():
    model = build(SMALL, momentum=0.9)
    found = {layer.momentum for layer in model.layers if type(layer).__name__ == "BatchNormalization"}
    assert found == {0.9}


@pytest.mark.parametrize("momentum", [0, 1, -0.5])
def test_a_momentum_outside_0_and_1_is_refused(momentum):
    with pytest.raises(UsageError, match=f"momentum.*{momentum}"):
        build(SMALL, momentum=momentum)


@pytest.mark.parametrize("name", ["m.weights.h5", "m.keras", "m.h5"])
def test_weights_come_from_a_weights_file_or_a_whole_model(tmp_path, name):
    model = build(SMALL)
    path = tmp_path / name
    _save(model, path)
    again = build(SMALL, weights=path)
    for mine, theirs in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("name", ["m.weights.h5", "m.keras"])
def test_weights_of_another_width_are_refused(tmp_path, name):
    path = tmp_path / name
    _save(build(ModelSpec("mobilenet_v1", 0.5, 32, 4)), path)
    with pytest.raises(ModelError, match=r"m\.\w+.*a model with input"):
        build(SMALL, weights=path)


def _save(model, path):
    if path.name.endswith(".weights.h5"):
        model.save_weights(path)
    elif path.suffix == ".h5":
        # Keras' own writer of the older format, without its advice to prefer the newer one
        from keras.src.legacy.saving.legacy_h5_format import save_model_to_hdf5

        save_model_to_hdf5(model, path)
    else:
        model.save(path)
