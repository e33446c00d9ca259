"""Several models next to each other, and families with their size in their name."""

import json

import pytest
from support.screens import RECORDS, show

from edgekit.errors import UsageError
from edgekit.inspection import inspect_target, side_by_side


@pytest.fixture(scope="module")
def narrow():
    return inspect_target("mobilenet_v1_0.25_64")


def test_a_family_is_named_with_its_width_and_its_size(narrow):
    assert narrow.name == "mobilenet_v1, alpha 0.25, 64 px, 1000 classes"
    same = inspect_target("mobilenet_v1_.25", resolution=64)
    assert (same.spec.alpha, same.spec.resolution) == (0.25, 64)
    assert same.cost.multiply_adds == narrow.cost.multiply_adds


@pytest.mark.parametrize(
    ("target", "options", "sentence"),
    [
        ("mobilenet_v1_0.25", {"alpha": 0.5}, r"names its alpha itself\. Leave out --alpha"),
        ("mobilenet_v1_64", {"resolution": 64}, r"names its resolution itself\. Leave out --resolution"),
        ("mobilenet_v1_0.25_16", {}, r"at least 32 pixels, received 16"),
        ("resnet50_0.5", {}, r"resnet50 has no width multiplier, received alpha 0\.5"),
        ("mobilenet_v1_20.0", {}, r"alpha 20\.0 makes a model over the 2 GB"),
        ("mobilenet_v9_0.25", {}, r"There is no model 'mobilenet_v9_0\.25'"),
    ],
)
def test_a_name_that_cannot_be_built_is_refused_as_options_are(target, options, sentence):
    with pytest.raises(UsageError, match=sentence):
        inspect_target(target, **options)


def test_only_layers_of_a_name_are_counted_of_a_family_and_of_a_file(narrow, tflite, tmp_path):
    found = inspect_target("mobilenet_v1_0.25_64", only="conv_*_8")
    assert [layer.name for layer in found.cost.layers] == ["conv_dw_8", "conv_pw_8"]
    assert found.cost.multiply_adds == 4 * 4 * (128 * 9 + 128 * 128)
    assert found.cost.parameters == 128 * 9 + 128 * 128
    (tmp_path / "m.tflite").write_bytes(tflite)
    whole = inspect_target(str(tmp_path / "m.tflite"))
    part = inspect_target(str(tmp_path / "m.tflite"), only=whole.layers[0].name)
    assert part.layers == whole.layers[:1]
    with pytest.raises(UsageError, match=r"No layer of .* matches 'nothing\*'") as error:
        inspect_target("mobilenet_v1_0.25_64", only="nothing*")
    assert error.value.hint == "See them: edgekit inspect mobilenet_v1_0.25_64"


def test_ratios_are_to_the_first_and_sizes_are_those_of_the_files(narrow, tflite, tmp_path):
    path = tmp_path / "m.tflite"
    path.write_bytes(tflite)
    file = inspect_target(str(path))
    rows = side_by_side([file, narrow])
    assert [row.bytes for row in rows] == [path.stat().st_size, 4 * narrow.cost.parameters]
    assert (rows[0].multiply_adds_ratio, rows[0].bytes_ratio) == (1.0, 1.0)
    assert rows[1].parameters_ratio == narrow.cost.parameters / file.parameters
    nothing = inspect_target("mobilenet_v1_0.25_64", only="*_relu")
    assert {row.multiply_adds_ratio for row in side_by_side([nothing, narrow])} == {None}


def test_the_command_shows_several_and_prints_them_for_programs(tflite, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.tflite").write_bytes(tflite)
    shown = show("inspect mobilenet_v1_0.25_64 mobilenet_v1_0.5_64 m.tflite")
    assert shown.code == 0, shown.err
    assert "m.tflite" in shown.out
    assert "Next: edgekit inspect m.tflite" in shown.err
    rows = json.loads(show("inspect mobilenet_v1_0.25_64 mobilenet_v1_0.5_64 --json").out)
    assert rows[0]["multiply_adds_ratio"] == 1.0
    assert rows[1]["multiply_adds"] > 3 * rows[0]["multiply_adds"]


def test_a_result_is_not_put_next_to_models():
    shown = show(f"inspect {RECORDS / 'host.json'} mobilenet_v1_0.25_64")
    assert shown.code == 2
    assert "A result is not a model" in shown.err


def test_what_comes_next_after_a_family_is_training_it():
    assert (
        "Next: edgekit train mobilenet_v2 --alpha 0.5 --resolution 32"
        in show("inspect mobilenet_v2_0.5_32 --no-layers").err
    )
