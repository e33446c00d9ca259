import msgspec
import pytest

from edgekit.artefact import Preprocessing, Split
from edgekit.errors import ModelError, RecordError
from edgekit.files import sha256_bytes
from edgekit.zoo.card import (
    SCHEMA,
    Augmentation,
    Card,
    Splits,
    Training,
    check_checkpoint,
    read_card,
    write_card,
)

TRAINING = Training(
    epochs=120,
    batch_size=32,
    learning_rate=0.003,
    momentum=0.9,
    label_smoothing=0.1,
    weight_decay=0.01,
    augmentation=Augmentation(flip=True, shift=0.1),
    seed=0,
)


def make_card(**changes):
    card = Card(
        schema=SCHEMA,
        name="mobilenet_v1_0.5_32_digits",
        family="mobilenet_v1",
        alpha=0.5,
        resolution=32,
        classes=2,
        dataset="digits",
        command="edgekit train mobilenet_v1 --alpha 0.5",
        accuracy=0.996,
        evaluated=450,
        parameters=834_666,
        multiply_adds=3_000_000,
        training_seconds=200.0,
        date="2025-01-01T00:00:00+00:00",
        sha256=sha256_bytes(b"weights"),
        labels=("nil", 'quoted "one"'),
        training=TRAINING,
        splits=Splits(Split(10, "a"), Split(5, "b"), Split(7, "c")),
        preprocessing=Preprocessing(height=32, width=32),
        tools={"keras": "3.15.1"},
    )
    return msgspec.structs.replace(card, **changes)


def test_a_card_comes_back_as_it_was_written(tmp_path):
    for card in (
        make_card(),
        make_card(training=msgspec.structs.replace(TRAINING, weights="imagenet", weights_sha256="ff")),
    ):
        write_card(tmp_path / "m.toml", card)
        assert read_card(tmp_path / "m.toml") == card


def test_a_card_that_is_not_toml_is_refused(tmp_path):
    (tmp_path / "m.toml").write_bytes(b"\xff\x00 = [")
    with pytest.raises(RecordError, match=r"not a card"):
        read_card(tmp_path / "m.toml")


def test_a_card_with_a_field_missing_says_which(tmp_path):
    write_card(tmp_path / "m.toml", make_card())
    text = (tmp_path / "m.toml").read_text()
    (tmp_path / "m.toml").write_text(text.replace("parameters = 834666\n", ""))
    with pytest.raises(RecordError, match=r"damaged.*parameters"):
        read_card(tmp_path / "m.toml")


def test_a_newer_card_says_to_upgrade(tmp_path):
    write_card(tmp_path / "m.toml", make_card(schema="edgekit.card/2"))
    with pytest.raises(RecordError, match=r"edgekit.card/2.*Upgrade"):
        read_card(tmp_path / "m.toml")


def test_another_toml_file_is_not_a_card(tmp_path):
    (tmp_path / "m.toml").write_text("[tool.ruff]\nline-length = 110\n")
    with pytest.raises(RecordError, match=r"schema None"):
        read_card(tmp_path / "m.toml")


def test_a_missing_card_is_said(tmp_path):
    with pytest.raises(RecordError, match=r"cannot be read: No such file"):
        read_card(tmp_path / "m.toml")


def test_a_checkpoint_that_is_not_its_cards_is_refused(tmp_path):
    path = tmp_path / "m.keras"
    with pytest.raises(ModelError, match=r"is missing; only its card is there.*edgekit train"):
        check_checkpoint(path, make_card())
    path.write_bytes(b"weights")
    check_checkpoint(path, make_card())
    path.write_bytes(b"weight$")
    with pytest.raises(ModelError, match=r"not the file its card describes"):
        check_checkpoint(path, make_card())
