"""What gets measured, and in which order."""

import re
import shutil
from pathlib import Path

import pytest

from edgekit.errors import ModelError, RecordError, UsageError
from edgekit.measurement import MODES, BenchRequest
from edgekit.measurement.artefacts import set_names, subjects
from edgekit.measurement.plan import interleaved, left_out, wanted_runtimes, wanted_threads


def test_repeats_go_forwards_and_backwards_in_turn():
    assert "".join(interleaved("AB", 4)) == "ABBAABBA"


def test_all_cpus_are_a_number_of_threads_and_none_comes_twice():
    assert wanted_threads((1, 0), 4) == (1, 4)
    assert wanted_threads((1, 0), 1) == (1,)
    assert wanted_threads((2, 1, 2), 4) == (1, 2)


def test_more_threads_than_cpus_are_refused():
    with pytest.raises(UsageError, match="8 threads were asked for; the device has 4"):
        wanted_threads((1, 8), 4)


def test_without_a_name_every_runtime_that_suits_is_taken(tiny):
    def names(*paths):
        return [spec.kind.name for spec in wanted_runtimes((), subjects(paths))]

    assert names(tiny) == ["litert", "tflite-runtime", "onnxruntime"]
    assert names(tiny / "int8.onnx") == ["onnxruntime"]


def test_two_versions_of_a_runtime_go_side_by_side_and_none_comes_twice(tiny):
    chosen = wanted_runtimes(
        ("litert==2.3.0", "litert==2.1.0", "litert==2.3.0"), subjects([tiny / "int8.tflite"])
    )
    assert [str(spec) for spec in chosen] == ["litert==2.3.0", "litert==2.1.0"]


def test_a_runtime_that_executes_none_of_the_files_is_refused(tiny):
    with pytest.raises(UsageError, match=r"onnxruntime executes \.onnx files"):
        wanted_runtimes(("onnxruntime",), subjects([tiny / "int8.tflite"]))


def test_a_file_that_no_named_runtime_executes_is_left_out_and_told(tiny):
    files = subjects([tiny])
    chosen = wanted_runtimes(("litert",), files)
    assert left_out(chosen, files) == "Leaving out int8.onnx: litert does not execute it."
    assert left_out(wanted_runtimes((), files), files) == ""


def test_a_set_a_manifest_and_a_file_of_it_are_measured_once(tiny):
    found = subjects([tiny / "int8.tflite", tiny, tiny / "manifest.json"])
    assert [subject.name for subject in found] == ["int8.tflite", "float32.tflite", "int8.onnx"]


@pytest.mark.parametrize(
    ("models", "names"),
    [
        ({"/a/x": "tiny", "/a/y": "other"}, ["tiny", "other"]),
        ({"/a/x": "tiny", "/a/y": "tiny", "/b/x": "other"}, ["x", "y", "other"]),
        ({"/a/x": "tiny", "/b/x": "tiny"}, ["a/x", "b/x"]),
        ({"/a/x": "tiny", "/a/y": "tiny", "/b/z": "x"}, ["a/x", "a/y", "x"]),
        ({"/x": "tiny", "/a/x": "tiny"}, ["/x", "a/x"]),
    ],
)
def test_no_two_sets_of_a_session_have_the_same_name(models, names):
    found = set_names({Path(folder): model for folder, model in models.items()})
    assert list(found.values()) == names


def test_a_file_beside_a_set_is_not_of_it(tiny):
    shutil.copy(tiny / "int8.tflite", tiny / "other.tflite")
    assert [(found.set, found.loose) for found in subjects([tiny / "other.tflite"])] == [("files", True)]
    assert [found.name for found in subjects([tiny])] == ["float32.tflite", "int8.tflite", "int8.onnx"]


def test_a_path_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match="nothing-here"):
        subjects([tmp_path / "nothing-here"])


@pytest.mark.parametrize(
    ("name", "error", "says", "hint"),
    [
        ("cnn.keras", UsageError, "cnn.keras is a Keras model, not an artefact.", "edgekit convert"),
        ("cat.png", ModelError, "cat.png is not a TFLite or ONNX file", ".tflite and .onnx"),
    ],
)
def test_a_file_that_is_no_model_file_is_named_with_what_to_do_instead(tmp_path, name, error, says, hint):
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(error, match=re.escape(says)) as raised:
        subjects([tmp_path / name])
    assert hint in raised.value.hint


def test_a_folder_without_a_manifest_is_no_set(tmp_path):
    with pytest.raises(RecordError, match=r"no manifest\.json"):
        subjects([tmp_path])


def test_a_model_that_changed_since_its_conversion_is_not_measured(tiny):
    path = tiny / "int8.tflite"
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(RecordError, match=r"int8\.tflite is not the file that was converted"):
        subjects([tiny])


def test_the_modes_are_those_of_the_rules():
    plans = {mode: (plan.repeats, plan.min_runs, plan.min_seconds) for mode, plan in MODES.items()}
    assert plans == {"quick": (3, 128, 2), "standard": (5, 1024, 10), "rigorous": (10, 1024, 60)}
    assert all(plan.max_seconds == 600 for plan in MODES.values())
    assert all((plan.warmup_runs, plan.warmup_seconds) == (10, 0.5) for plan in MODES.values())


@pytest.mark.parametrize(
    "fields",
    [
        {"artefacts": ()},
        {"threads": ()},
        {"threads": (-1,)},
        {"fps": 0.0},
        {"fps": 0.009},
        {"fps": float("nan")},
        {"seed": -1},
        {"affinity": (-1,)},
    ],
)
def test_a_request_that_cannot_be_measured_is_refused(tiny, fields):
    with pytest.raises(UsageError):
        BenchRequest(**{"artefacts": (tiny,), **fields})
