import pytest

from edgekit.training import TrainRequest
from edgekit.training.recipes import DEFAULT


def test_a_dataset_brings_its_own_recipe_and_a_given_setting_wins():
    digits = TrainRequest(dataset="digits").training(images=1000)
    assert not digits.augmentation.flip, "a mirrored digit is another sign"
    assert TrainRequest(dataset="shapes").training(images=1000).augmentation.flip
    assert TrainRequest(dataset="digits", epochs=7, batch_size=5).training(1000).epochs == 7
    assert TrainRequest(dataset="digits", batch_size=5).training(1000).batch_size == 5


@pytest.mark.parametrize("images", [10, 64, 100_000])
def test_a_small_folder_is_shown_until_the_optimizer_took_enough_steps(images):
    epochs = TrainRequest(dataset="photos").training(images).epochs
    assert epochs * max(1, images // DEFAULT.batch_size) >= DEFAULT.least_steps
    assert epochs >= DEFAULT.epochs
    assert images < 100_000 or epochs == DEFAULT.epochs


def test_trained_weights_are_changed_in_smaller_steps():
    fresh, tuned = (TrainRequest(dataset="photos", weights=w).training(100) for w in (None, "m.keras"))
    assert tuned.learning_rate < fresh.learning_rate


def test_the_command_of_a_folder_with_spaces_can_be_pasted_into_a_shell():
    import shlex

    request = TrainRequest(dataset="./My photos", weights="imagenet", alpha=1, seed=3)
    command = request.command(request.training(100))
    words = shlex.split(command)
    assert words[:3] == ["edgekit", "train", "mobilenet_v1"]
    assert words[words.index("--dataset") + 1] == "./My photos"
    assert words[words.index("--alpha") + 1] == "1.0"
    assert words[words.index("--weights") + 1] == "imagenet"
