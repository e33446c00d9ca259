"""A recipe of one's own, in one record."""

import pytest

from edgekit.cli.completion import complete_recipe
from edgekit.errors import UsageError
from edgekit.training import TrainRequest
from edgekit.training.recipes import RECIPES, Plan, Recipe
from edgekit.zoo.card import Augmentation


@pytest.fixture
def leaves(monkeypatch):
    """A recipe for leaves, which have no upper side."""
    recipe = Recipe(
        name="leaves",
        description="leaves from above",
        augmentation=Augmentation(flip=True, rotate=180),
        scratch=Plan(epochs=3, batch_size=4, learning_rate=0.1),
    )
    monkeypatch.setitem(RECIPES, "leaves", recipe)
    return recipe


def test_a_recipe_of_ones_own_is_trained_by_and_offered(leaves):
    training = TrainRequest(dataset="garden/", recipe="leaves").training(100)
    assert (training.epochs, training.batch_size, training.learning_rate) == (3, 4, 0.1)
    assert training.augmentation.rotate == 180
    assert complete_recipe("le") == [("leaves", "leaves from above")]
    with pytest.raises(UsageError, match=r"Did you mean 'leaves'\?.*cifar-10, leaves"):
        TrainRequest(recipe="leafs").training(100)
