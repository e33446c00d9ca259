"""Every family that edgekit brings: what it can be built with, and what is refused."""

import numpy as np
import pytest

from edgekit.errors import UsageError
from edgekit.quiet import import_tensorflow
from edgekit.zoo import FAMILIES, ModelSpec
from edgekit.zoo.build import build
from edgekit.zoo.spec import model_spec
from edgekit.zoo.weights import imagenet_file

SMALL = [name for name in FAMILIES if name.startswith("mobilenet")]  # the others: benchmarks/families.py


@pytest.fixture(scope="module")
def keras():
    import_tensorflow()
    import keras

    return keras


@pytest.mark.parametrize("name", SMALL)
def test_a_family_is_built_at_its_smallest_size_with_one_layer_that_follows_the_classes(keras, name):
    family = FAMILIES[name]
    spec = model_spec(name, resolution=family.smallest, classes=5)
    model = build(spec)
    assert model.output_shape == (None, 5)
    assert model.get_layer(family.head).output.shape[-1] == 5
    kinds = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)
    assert sum(isinstance(layer, kinds) for layer in model.layers) == family.convolutions
    scaling = [layer for layer in model.layers if isinstance(layer, keras.layers.Rescaling)]
    assert scaling == [], "pixels are scaled once, by the family's mean and std"


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_refuses_what_it_cannot_be_built_with_and_lists_what_it_can(name):
    family = FAMILIES[name]
    width = None if family.widths is None else 1.0
    with pytest.raises(UsageError, match=rf"at least {family.smallest} pixels") as error:
        ModelSpec(name, width, family.smallest - 1, 5)
    assert error.value.hint.startswith(f"Common sizes of {name} are ")
    if family.widths is None:
        with pytest.raises(UsageError, match=rf"{name} has no width multiplier, received alpha 0.5"):
            ModelSpec(name, 0.5, 224, 5)
    else:
        for alpha in (family.widths.smallest / 2, family.widths.largest * 2):
            with pytest.raises(UsageError, match=rf"alpha {alpha} .*from {family.widths.smallest} to "):
                ModelSpec(name, alpha, 224, 5)


@pytest.mark.parametrize("name", [name for name, family in FAMILIES.items() if family.imagenet])
def test_weights_that_keras_does_not_offer_are_answered_with_those_it_does(name):
    known = FAMILIES[name].imagenet
    width = None if FAMILIES[name].widths is None else 0.6
    spec = ModelSpec(name, width, known.resolutions[0], 1000)
    if width is None:
        spec = ModelSpec(name, None, known.resolutions[0] + 1, 1000)
    with pytest.raises(UsageError) as error:
        imagenet_file(spec)
    what = "resolution" if width is None else "alpha"
    assert error.value.what.startswith(f"There are no ImageNet weights of {name} for {what} ")
    assert f"resolution {known.resolutions[0]}" in error.value.hint
    nearest = min((a for a in known.alphas if a), key=lambda a: abs(a - 0.6), default=None)
    option = "" if nearest is None else f" --alpha {nearest}"
    assert error.value.hint.endswith(f": edgekit train {name}{option} --weights imagenet")


def test_imagenet_files_have_the_names_that_keras_gives_them(keras, monkeypatch):
    asked = []

    def get_file(name, origin, **more):
        asked.append((origin, more.get("file_hash")))
        raise InterruptedError

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", get_file)
    builders = {
        "mobilenet_v1": "MobileNet",
        "mobilenet_v2": "MobileNetV2",
        "mobilenet_v3_small": "MobileNetV3Small",
        "mobilenet_v3_large": "MobileNetV3Large",
        "mobilenet_v3_small_minimalistic": "MobileNetV3Small",
        "mobilenet_v3_large_minimalistic": "MobileNetV3Large",
    }
    for name, builder in builders.items():
        known = FAMILIES[name].imagenet
        alpha, side = known.alphas[0], known.resolutions[-1]
        for top, ending in ((True, known.whole), (False, known.headless)):
            more = {"minimalistic": True} if "minimalistic" in name else {}
            with pytest.raises(InterruptedError):
                getattr(keras.applications, builder)((side, side, 3), alpha=alpha, include_top=top, **more)
            file = known.file(alpha, side) + ending
            assert asked.pop() == (known.address + file, known.hashes.get(file))


@pytest.mark.parametrize("name", ["mobilenet_v1_standard", "mobilenet_v1_shallow"])
def test_an_ablation_differs_from_mobilenet_in_nothing_else(keras, name):
    ours, theirs = (build(ModelSpec(family, 0.25, 64, 5)) for family in (name, "mobilenet_v1"))
    mine, whole = (
        {layer.name: layer.get_config() for layer in model.layers if layer.name.startswith("conv")}
        for model in (ours, theirs)
    )
    removed = whole.keys() - mine.keys()
    if name == "mobilenet_v1_shallow":
        assert mine.keys() <= whole.keys()
        assert {int(each.split("_")[2]) for each in removed} == {7, 8, 9, 10, 11}
    else:
        assert {each.split("_")[1] for each in removed} == {"dw", "pw"}
    for each in mine.keys() & whole.keys():
        assert mine[each] == whole[each], each


def test_the_ablations_builder_with_all_blocks_is_keras_own_mobilenet(keras):
    from edgekit.zoo.ablations import _mobilenet

    theirs = build(ModelSpec("mobilenet_v1", 0.25, 40, 3))
    ours = _mobilenet(range(1, 14), 0.25, 40, 3)
    ours.set_weights(theirs.get_weights())
    images = np.random.default_rng(0).normal(size=(2, 40, 40, 3)).astype(np.float32)
    np.testing.assert_array_equal(ours.predict_on_batch(images), theirs.predict_on_batch(images))
