import pytest

from edgekit.training import TrainRequest
from edgekit.training.recipes import PHOTOS
from edgekit.zoo.card import Augmentation


def test_a_dataset_brings_its_own_recipe_and_a_given_setting_wins():
    digits = TrainRequest(dataset="digits").training(images=1000)
    assert not digits.augmentation.flip, "a mirrored digit is another sign"
    assert TrainRequest(dataset="shapes").training(images=1000).augmentation.flip
    assert TrainRequest(dataset="digits", epochs=7, batch_size=5).training(1000).epochs == 7
    assert TrainRequest(dataset="digits", batch_size=5).training(1000).batch_size == 5


@pytest.mark.parametrize("images", [10, 64, 100_000])
def test_a_small_folder_is_shown_until_the_optimizer_took_enough_steps(images):
    epochs = TrainRequest(dataset="photos").training(images).epochs
    assert epochs * max(1, images // PHOTOS.scratch.batch_size) >= PHOTOS.scratch.least_steps
    assert epochs >= PHOTOS.scratch.epochs
    assert images < 100_000 or epochs == PHOTOS.scratch.epochs


def test_trained_weights_are_changed_in_smaller_steps_after_a_head_has_learnt():
    fresh, tuned = (TrainRequest(dataset="photos", weights=w).training(100) for w in (None, "m.keras"))
    assert tuned.learning_rate < fresh.learning_rate
    assert fresh.head is None
    assert tuned.head.learning_rate > tuned.learning_rate


def test_the_recipe_for_cifar_10_is_the_well_known_one():
    training = TrainRequest(dataset="cifar10", recipe="cifar-10").training(45_000)
    assert training.epochs == 200
    assert (training.optimizer.name, training.optimizer.schedule) == ("nadam", "constant")
    assert training.augmentation == Augmentation(flip=True, shift=0.1)
    assert training.recipe == "cifar-10"


def test_the_command_of_a_folder_with_spaces_can_be_pasted_into_a_shell():
    import shlex

    request = TrainRequest(dataset="./My photos", weights="imagenet", alpha=1, seed=3)
    command = request.command(request.training(100), "mobilenet_v1", 1, 224)
    words = shlex.split(command)
    assert words[:3] == ["edgekit", "train", "mobilenet_v1"]
    assert words[words.index("--dataset") + 1] == "./My photos"
    assert words[words.index("--alpha") + 1] == "1.0"
    assert words[words.index("--weights") + 1] == "imagenet"
