import pytest

from edgekit.errors import ModelError
from edgekit.quiet import import_tensorflow
from edgekit.zoo import ModelSpec
from edgekit.zoo.build import build
from edgekit.zoo.cost import cost


def _cost(alpha, resolution, classes):
    return cost(build(ModelSpec("mobilenet_v1", alpha, resolution, classes)))


def test_half_width_ten_classes_has_834666_parameters():
    assert _cost(0.5, 32, 10).parameters == 834_666


@pytest.mark.parametrize(
    ("alpha", "resolution", "millions"),
    [
        (1.0, 224, 568.7),
        (0.75, 224, 325.4),
        (0.5, 224, 149.5),
        (0.25, 224, 41.0),
        (1.0, 192, 418.1),
        (1.0, 160, 290.7),
        (1.0, 128, 186.4),
    ],
)
def test_multiply_adds_are_those_of_the_paper(alpha, resolution, millions):
    found = _cost(alpha, resolution, 1000)
    assert round(found.multiply_adds / 1e6, 1) == millions
    if alpha == 1.0:
        assert found.parameters == 4_253_864


def test_the_layers_add_up_to_the_whole():
    found = _cost(0.25, 64, 5)
    assert sum(layer.multiply_adds for layer in found.layers) == found.multiply_adds
    assert sum(layer.parameters for layer in found.layers) == found.parameters
    by_name = {layer.name: layer for layer in found.layers}
    # 3 × 3 × 3 → 8 filters at 32 × 32; a depthwise 3 × 3 over 8 channels; 1 × 1 from 8 to 16
    assert by_name["conv1"].multiply_adds == 32 * 32 * 8 * 27
    assert by_name["conv_dw_1"].multiply_adds == 32 * 32 * 8 * 9
    assert by_name["conv_pw_1"].multiply_adds == 32 * 32 * 16 * 8
    assert by_name["conv_pw_1"].parameters == 16 * 8
    assert by_name["conv_preds"].multiply_adds == 256 * 5
    assert by_name["conv1_bn"].multiply_adds == 0


@pytest.fixture(scope="module")
def layers():
    import_tensorflow()
    import keras

    return keras.layers


def _sequential(shape, *layers):
    import keras

    return keras.Sequential([keras.Input(shape), *layers])


@pytest.mark.parametrize(
    ("make", "multiply_adds"),
    [
        (lambda k: k.Dense(7), 8 * 8 * 6 * 7),
        (lambda k: k.Conv2D(12, 3, groups=2, padding="same"), 8 * 8 * 12 * 9 * 3),
        (lambda k: k.SeparableConv2D(5, 3, padding="same"), 8 * 8 * (6 * 9 + 6 * 5)),
        (lambda k: k.DepthwiseConv2D(3, depth_multiplier=2, strides=2, padding="same"), 4 * 4 * 12 * 9),
        (lambda k: k.Conv2DTranspose(5, 2, strides=2), 8 * 8 * 6 * 4 * 5),
        (lambda k: k.EinsumDense("abcd,de->abce", output_shape=(8, 8, 3)), 8 * 8 * 6 * 3),
        (lambda k: k.ReLU(), 0),
    ],
)
def test_every_kind_of_product_is_counted(layers, make, multiply_adds):
    assert cost(_sequential((8, 8, 6), make(layers))).multiply_adds == multiply_adds


def test_a_nested_model_is_opened_and_a_layer_used_twice_counts_twice(layers):
    import keras

    inner = _sequential((8, 8, 6), layers.Conv2D(6, 1, name="shared"))
    image = keras.Input((8, 8, 6))
    outer = keras.Model(image, layers.Dense(2, name="head")(layers.Flatten()(inner(inner(image)))))
    found = cost(outer)
    assert found.multiply_adds == 2 * 8 * 8 * 6 * 6 + 8 * 8 * 6 * 2
    assert found.parameters == 6 * 6 + 6 + 8 * 8 * 6 * 2 + 2
    shares = {layer.name: layer.multiply_adds for layer in found.layers}
    assert (shares["shared"], shares["head"]) == (2 * 8 * 8 * 36, 8 * 8 * 12)


def test_without_a_size_there_is_nothing_to_count(layers):
    with pytest.raises(ModelError, match=r"no fixed size.*--resolution"):
        cost(_sequential((None, None, 3), layers.Conv2D(2, 3)))
