"""A model family of somebody's own: one file and one registration, and every command knows it."""

import json
import os
import re
import subprocess
import sys

import pytest
from support.commands import Done

PEBBLE = """
import edgekit.cli
from edgekit.zoo import FAMILIES, Family


def pebble(*, alpha, resolution, classes):
    import keras
    from keras import layers

    rows = [keras.Input((resolution, resolution, 3))]
    for filters in (8, 16):
        rows += [layers.Conv2D(filters, 3, strides=2, padding="same", use_bias=False)]
        rows += [layers.BatchNormalization(), layers.ReLU()]
    rows += [layers.GlobalAveragePooling2D()]
    if classes is not None:
        rows += [layers.Dense(classes, activation="softmax", name="head")]
    return keras.Sequential(rows)


FAMILIES.add(
    Family(
        name="pebble",
        description="Two convolutions",
        build=pebble,
        head="head",
        smallest=16,
        resolution=24,
        published_resolution=48,
        mean=(0.0, 0.0, 0.0),
        std=(255.0, 255.0, 255.0),
        convolutions=2,
    )
)
edgekit.cli.main()
"""


@pytest.fixture
def edgekit(tmp_path):
    """Run the command of somebody who has added a family."""
    script = tmp_path / "edgekit-pebble"
    script.write_text(PEBBLE)
    environment = {**os.environ, "COLUMNS": "140", "XDG_CONFIG_HOME": str(tmp_path / "config")}

    def run(*args, code=0, **more):
        done = subprocess.run(
            [sys.executable, str(script), *map(str, args)],
            cwd=tmp_path,
            env={**environment, **more},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=300,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    return run


def test_it_is_in_the_help_the_completion_and_the_errors(edgekit):
    assert "mobilenet_v1, " in (shown := " ".join(edgekit("train", "--help").out.split()))
    assert ", pebble." in shown
    for command in ("train", "convert"):
        asked = {"_EDGEKIT_PEBBLE_COMPLETE": "complete_bash", "COMP_WORDS": f"edgekit-pebble {command} p"}
        assert edgekit(COMP_CWORD="2", **asked).out.split() == ["pebble"]
    asked = {"_EDGEKIT_PEBBLE_COMPLETE": "complete_fish", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    shown = edgekit("", _TYPER_COMPLETE_ARGS="edgekit-pebble train p", **asked).out
    assert shown.split() == ["pebble", "Two", "convolutions"]
    missed = edgekit("train", "peble", code=2).sentence
    assert "There is no model family 'peble'. Did you mean 'pebble'?" in missed
    assert re.search(r"Choose from: mobilenet_v1, .*, pebble\.", missed)
    missed = edgekit("inspect", "peble", code=2).sentence
    assert "There is no model 'peble'. Did you mean 'pebble'? Name one of mobilenet_v1, " in missed
    assert ", pebble, " in missed


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--alpha", "0.5"), "pebble has no width multiplier, received alpha 0.5."),
        (("--resolution", "15"), "resolution must be at least 16 pixels, received 15."),
        (("--weights", "imagenet"), "There are no ImageNet weights for pebble."),
    ],
)
def test_what_it_has_not_is_refused(edgekit, options, sentence):
    assert sentence in edgekit("train", "pebble", *options, code=2).sentence


def test_it_is_inspected_trained_and_converted(edgekit, tmp_path):
    found = json.loads(edgekit("inspect", "pebble", "--json").out)
    assert found["name"] == "pebble, 48 px, 1000 classes"
    assert found["cost"]["multiply_adds"] == 24 * 24 * 8 * 27 + 12 * 12 * 16 * 72 + 16 * 1000

    card = json.loads(edgekit("train", "pebble", "--dataset", "digits", "--epochs", "1", "--json").out)
    assert (card["name"], card["resolution"], card["alpha"]) == ("pebble_24_digits", 24, None)
    assert card["preprocessing"]["std"] == [255.0] * 3
    assert "train pebble --resolution 24" in card["command"]
    assert (tmp_path / "models" / "pebble_24_digits.keras").is_file()

    made = json.loads(edgekit("convert", "pebble", "--output", "set", "--json").out)
    assert (made["model"]["family"], made["model"]["name"]) == ("pebble", "pebble_24_digits")
    assert made["preprocessing"]["std"] == [255.0] * 3
    assert {file["name"] for file in made["files"]} >= {"int8.tflite", "int8.onnx"}
    assert all(file["ops"].get("CONV_2D", file["ops"].get("Conv")) == 2 for file in made["files"])
    again = json.loads(edgekit("inspect", "pebble_24_digits", "--json").out)
    assert again["cost"]["parameters"] == card["parameters"]
