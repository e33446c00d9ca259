"""The models that ship."""

import json
import zipfile
from pathlib import Path

import pytest

from edgekit.files import sha256_file
from edgekit.zoo.card import read_card

CARDS = sorted((Path(__file__).resolve().parents[1] / "models").glob("*.toml"))
NEWER_THAN_KERAS_3_12 = (
    "input_axes",
    "output_axes",
    "renorm",
    "renorm_clipping",
    "renorm_momentum",
    "optional",
)


def test_digits_and_shapes_ship_at_two_widths():
    assert {(card.dataset, card.resolution, card.alpha) for card in map(read_card, CARDS)} == {
        ("digits", 32, 0.25),
        ("digits", 32, 0.5),
        ("shapes", 64, 0.25),
        ("shapes", 64, 0.5),
    }


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.stem)
def test_a_checkpoint_is_the_one_its_card_describes(path):
    assert sha256_file(path.with_suffix(".keras")) == read_card(path).sha256


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.stem)
def test_the_oldest_keras_that_edgekit_takes_can_read_a_checkpoint(path):
    def names(node):
        if isinstance(node, dict):
            return set(node).union(*map(names, node.values()))
        return set().union(*map(names, node)) if isinstance(node, list) else set()

    config = json.loads(zipfile.ZipFile(path.with_suffix(".keras")).read("config.json"))
    assert not names(config).intersection(NEWER_THAN_KERAS_3_12)


def test_digits_are_read_nearly_always_and_shapes_leave_room_for_damage():
    accuracy = {(card.dataset, card.alpha): card.accuracy for card in map(read_card, CARDS)}
    assert accuracy["digits", 0.5] >= 0.99
    assert 0.80 <= accuracy["shapes", 0.5] <= 0.97
