import math
from dataclasses import replace

import pytest

from edgekit.errors import UsageError
from edgekit.zoo import FAMILIES, ModelSpec
from edgekit.zoo.spec import model_spec


@pytest.mark.parametrize("alpha", [0, -1.0, math.nan, math.inf, 0.03, 13.0])
def test_an_impossible_alpha_is_refused_by_its_value(alpha):
    with pytest.raises(UsageError, match=rf"alpha.*{alpha}"):
        ModelSpec("mobilenet_v1", alpha, 224, 10)


def test_a_resolution_the_family_cannot_halve_five_times_is_refused():
    with pytest.raises(UsageError, match=r"at least 32 pixels, received 31"):
        ModelSpec("mobilenet_v1", 0.5, 31, 10)


def test_a_family_without_widths_takes_none_and_its_names_have_none(monkeypatch):
    plain = replace(FAMILIES["mobilenet_v1"], name="plain", widths=None, smallest=75)
    monkeypatch.setitem(FAMILIES, "plain", plain)
    assert model_spec("plain", resolution=96).name("digits") == "plain_96_digits"
    with pytest.raises(UsageError, match=r"plain has no width multiplier, received alpha 0.5"):
        ModelSpec("plain", 0.5, 96, 10)
    with pytest.raises(UsageError, match=r"at least 75 pixels, received 64"):
        ModelSpec("plain", None, 64, 10)
    with pytest.raises(UsageError, match=r"mobilenet_v1 needs a width multiplier"):
        ModelSpec("mobilenet_v1", None, 96, 10)


def test_one_class_is_no_classifier():
    with pytest.raises(UsageError, match=r"at least 2 classes, received 1"):
        ModelSpec("mobilenet_v1", 0.5, 32, 1)


def test_an_unknown_family_is_refused_with_those_there_are():
    with pytest.raises(UsageError, match=r"no model family 'resnet'.*mobilenet_v1"):
        ModelSpec("resnet", 0.5, 32, 10)


def test_a_name_says_family_width_size_and_data():
    assert ModelSpec("mobilenet_v1", 0.5, 32, 10).name("digits") == "mobilenet_v1_0.5_32_digits"
    assert ModelSpec("mobilenet_v1", 1, 224, 10).name("photos") == "mobilenet_v1_1.0_224_photos"
