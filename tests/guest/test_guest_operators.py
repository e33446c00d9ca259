"""The guest's pass over operators. Nanoseconds are counted here: what is counted is not looked at."""

import pytest
from support.asking import COUNTING_TIME, MODELS, ask, real, run_guest

from edgekit.explanation.calibration import INPUTS, MANY, chains
from edgekit.explanation.parts import Parts
from edgekit.inspection import inspect_file

FEW = {"pass": "operators", "clock": True, "warmup_runs": 1, "min_runs": 4}


def parts_of(file):
    parts = Parts((MODELS / file).read_bytes(), file)
    return [parts.empty(), *(parts.part(at, at + 1) for at in range(len(parts)))]


@pytest.mark.parametrize("runtime", ["litert", "tflite-runtime"])
@pytest.mark.parametrize("file", ["float32.tflite", "int8.tflite"])
def test_every_part_of_a_tflite_file_is_counted(runtime, file):
    cuts = parts_of(file)
    answer = ask(real(runtime, file, **FEW, cuts=cuts), before=COUNTING_TIME)
    assert [len(counts) for counts in answer["cuts"]] == [4] * len(cuts)
    assert len(answer["whole"]) == 4
    assert min(answer["whole"]) > 0
    assert (answer["runtime"]["name"], answer["source"]) == (runtime, "perf_event_open")


def test_a_part_that_the_runtime_refuses_has_no_counts():
    cuts = parts_of("int8.tflite")
    broken = [*cuts[1], [0, "00000000"]]  # the file's beginning leads nowhere
    answer = ask(real("litert", "int8.tflite", **FEW, cuts=[cuts[0], broken, cuts[2]]), before=COUNTING_TIME)
    assert [len(counts) for counts in answer["cuts"]] == [4, 0, 4]


@pytest.mark.parametrize("file", ["float32.onnx", "int8.onnx"])
def test_onnx_runtime_names_every_node_that_it_executed(file):
    answer = ask(real("onnxruntime", file, **FEW, calibration=chains()), before=COUNTING_TIME)
    convolutions = [n for n in answer["nodes"] if "Conv" in n["op"]]
    assert len(convolutions) == sum(layer.op == "Conv" for layer in inspect_file(MODELS / file).layers)
    assert all(len(node["microseconds"]) == 4 for node in answer["nodes"])
    for inputs, found in zip(INPUTS, answer["calibration"], strict=True):
        assert (len(found["one"]), len(found["many"]), len(found["nodes"])) == (4, 4, MANY)
        assert all(len(node["inputs"]) == inputs for node in found["nodes"])


def test_without_a_counter_the_reason_is_given():
    answer = ask(real("litert", "int8.tflite", **FEW, cuts=parts_of("int8.tflite")))
    assert "whole" in answer or answer["error"]["code"] == "no-counter"


def test_a_profile_of_times_is_refused():
    answer = ask(real("onnxruntime", "int8.onnx", **{**FEW, "clock": False}))
    assert answer["error"]["code"] == "no-counter"
    assert "times, not their instructions" in answer["error"]["message"]


def test_a_profile_leaves_nothing_behind(tmp_path):
    done = run_guest(real("onnxruntime", "int8.onnx", **FEW), before=COUNTING_TIME, TMPDIR=str(tmp_path))
    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == []
