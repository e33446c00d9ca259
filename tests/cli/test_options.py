"""How options that name inputs are read."""

from pathlib import Path

import pytest

from edgekit.cli.options import inputs_of, reals_of, shapes_of, wholes_of
from edgekit.errors import UsageError


def test_an_inputs_name_may_hold_anything_but_what_follows_is_its_shape():
    assert shapes_of(["images=1,3,640,640", "a=b:0=1, 5"]) == {"images": (1, 3, 640, 640), "a=b:0": (1, 5)}
    assert inputs_of(["ids=some folder/ids.npy"]) == {"ids": Path("some folder/ids.npy")}
    assert shapes_of(None) is inputs_of(None) is None


@pytest.mark.parametrize("text", ["1,3", "x=", "x=1,?", "=1,3", "x=1,-1", "x=1;3"])
def test_what_is_no_shape_is_refused_with_one_that_is(text):
    with pytest.raises(UsageError) as raised:
        shapes_of([text])
    assert text in raised.value.what
    assert raised.value.hint == "Write --shape images=1,3,640,640."


@pytest.mark.parametrize("text", ["frame.npy", "x=", "=frame.npy"])
def test_a_file_without_an_input_is_refused(text):
    with pytest.raises(UsageError, match="--input"):
        inputs_of([text])


def test_lists_of_numbers_are_read():
    assert reals_of("1,.75, .5", "--alpha") == (1.0, 0.75, 0.5)
    assert wholes_of("224,192, 224", "--resolution") == (224, 192)
    assert reals_of(None, "--alpha") == wholes_of(None, "--resolution") == ()
    with pytest.raises(UsageError, match="--alpha '1;2' is not a list of numbers"):
        reals_of("1;2", "--alpha")
