"""Where rounding alone changes what a model says, the conversion is not to blame."""

import numpy as np
import pytest

from edgekit.conversion import ConvertRequest, convert
from edgekit.errors import InvalidError
from edgekit.quiet import import_tensorflow


@pytest.fixture
def dataset(tmp_path):
    chance = np.random.default_rng(0)
    images, labels = chance.integers(0, 256, (40, 8, 8, 3), dtype=np.uint8), np.arange(40) % 2
    np.savez(tmp_path / "two.npz", images=images, labels=labels)
    return str(tmp_path / "two.npz")


@pytest.mark.parametrize("version", ["keras", "tf_keras"])
def test_a_model_that_amplifies_rounding_is_called_ill_conditioned(tmp_path, dataset, version):
    tf = import_tensorflow()
    keras = __import__(version)
    keras.utils.set_random_seed(0)
    layers = keras.layers
    sine = keras.ops.sin if version == "keras" else tf.math.sin  # of a million: a matter of rounding
    image = keras.Input((8, 8, 3))
    # a convolution is summed in another order by each library, on every CPU; a dense layer is not on all
    hidden = layers.Flatten()(layers.Conv2D(64, 5)(image))
    model = keras.Model(image, sine(layers.Dense(2)(hidden)))
    model.set_weights([1000 * weight for weight in model.get_weights()])
    model.save(tmp_path / "ill.keras")
    request = ConvertRequest(
        model=tmp_path / "ill.keras", dataset=dataset, int8=False, formats=("onnx",), output=tmp_path / "set"
    )
    with pytest.raises(InvalidError, match=r"ill-conditioned.*float32\.onnx differs .* and Keras itself by"):
        convert(request)
