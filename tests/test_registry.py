"""Lists of what there is to choose from."""

from dataclasses import dataclass

import pytest

from edgekit.errors import UsageError
from edgekit.registry import Registry
from edgekit.words import last_line, nearest, plural


@dataclass(frozen=True)
class Colour:
    name: str


def colours() -> "Registry[Colour]":
    return Registry("colour", [Colour("red"), Colour("green")])


def test_records_are_offered_in_the_order_in_which_they_were_added():
    known = colours()
    known.add(Colour("blue"))
    assert list(known) == ["red", "green", "blue"]
    assert known.named("blue") == Colour("blue")


def test_a_name_that_is_not_known_is_answered_with_the_nearest_and_with_all():
    with pytest.raises(UsageError) as caught:
        colours().named("grean")
    assert str(caught.value) == ("There is no colour 'grean'. Did you mean 'green'? Choose from: red, green.")


def test_two_of_one_name_are_a_mistake():
    with pytest.raises(ValueError, match="'red' already"):
        colours().add(Colour("red"))


def test_words():
    assert (plural(1, "image"), plural(2004, "image")) == ("1 image", "2,004 images")
    assert (plural(1, "class"), plural(3, "class")) == ("1 class", "3 classes")
    assert nearest("xyz", ["red"]) == ""
    assert last_line("a\nb.\n") == "b."
