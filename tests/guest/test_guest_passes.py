"""What the passes report, with the real runtimes and small models."""

import hashlib
import json

import numpy as np
import pytest
from onnx import TensorProto, helper
from support.asking import COUNTING_TIME, MODELS, SHORT, ask, real, run_guest
from support.loose_models import save, write_all

from edgekit.artefact import Preprocessing
from edgekit.conversion.onnx_io import with_byte_ends

PAIRS = [
    ("litert", "float32.tflite"),
    ("litert", "float16.tflite"),
    ("litert", "int8.tflite"),
    ("tflite-runtime", "float32.tflite"),
    ("tflite-runtime", "int8.tflite"),
    ("onnxruntime", "float32.onnx"),
    ("onnxruntime", "int8.onnx"),
]
EVALUATION = MODELS / "evaluation.npz"


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def accuracy(name, file, **fields):
    return ask(
        real(
            name,
            file,
            **{
                "pass": "accuracy",
                "evaluation": str(EVALUATION),
                "evaluation_sha256": sha256(EVALUATION),
                **fields,
            },
        )
    )


@pytest.mark.parametrize(("name", "file"), PAIRS)
def test_latency_is_measured_with_every_runtime_and_precision(name, file):
    answer = ask(real(name, file, model_sha256=sha256(MODELS / file)))
    assert len(answer["samples_ns"]) >= SHORT["min_runs"]
    assert all(sample > 0 for sample in answer["samples_ns"])
    assert answer["import_ns"] > answer["first_ns"] > 0
    assert answer["load_ns"] > 0
    assert answer["warmup_runs"] >= 10
    assert answer["runtime"]["name"] == name
    assert answer["runtime"]["version"][0].isdigit()


def test_a_sustained_load_says_each_window_as_it_ends():
    request = real("litert", "int8.tflite") | {"pass": "sustain", "min_seconds": 0.9, "window_seconds": 0.3}
    done = run_guest(request)
    *lines, answer = map(json.loads, done.stdout.splitlines())
    windows = [line["window"] for line in lines]
    assert answer == {"schema": "edgekit.guest/1"}
    assert len(windows) in (3, 4)
    assert windows[0]["start_ns"] < windows[0]["end_ns"] <= windows[1]["start_ns"]
    assert windows[-1]["end_ns"] >= 0.9e9
    for window in windows:
        assert 4 <= len(window["samples_ns"]) <= window["runs"]
        assert all(sample > 0 for sample in window["samples_ns"])


@pytest.mark.parametrize(("name", "file"), PAIRS)
def test_accuracy_is_counted_image_by_image(name, file):
    answer = accuracy(name, file)
    with np.load(EVALUATION) as arrays:
        labels, keras = arrays["labels"], arrays["keras"]
    assert answer["predictions"] == keras.tolist()
    assert answer["correct"] == int((labels == keras).sum()) == 36
    assert answer["n"] == 40


def test_an_onnx_file_of_bytes_answers_by_real_scores(tmp_path):
    said = {"head": "multilabel", "threshold": 0.35}
    plain = accuracy("onnxruntime", "float32.onnx", **said)["predictions"]
    path, zero = tmp_path / "bytes.onnx", -128
    data = (MODELS / "float32.onnx").read_bytes()
    path.write_bytes(with_byte_ends(data, "int8", Preprocessing(height=8, width=8), [(0.0, 1.0)]))
    inside = {"mean": [0.0] * 3, "std": [1.0] * 3, "input_scale": 1.0, "input_zero_point": zero}
    scores = {"output_scale": 1 / 256, "output_zero_point": zero}
    found = accuracy("onnxruntime", path, **said, **inside, **scores)["predictions"]
    assert len(set(plain)) > 1
    assert np.mean(np.equal(found, plain)) >= 0.95, "a score may be rounded across the threshold"


@pytest.mark.parametrize(("name", "file"), [("litert", "int8.tflite"), ("onnxruntime", "float32.onnx")])
def test_memory_grows_from_runtime_to_model_to_peak(name, file):
    answer = ask(real(name, file, **{"pass": "memory"}))
    assert 10_000_000 < answer["baseline"] < answer["loaded"] <= answer["peak"] < 500_000_000


def test_the_timed_input_is_the_same_for_every_runtime_and_follows_the_seed():
    tflite, onnx = ask(real("litert", "int8.tflite")), ask(real("onnxruntime", "float32.onnx"))
    other = ask(real("litert", "int8.tflite", seed=1))
    assert tflite["input_sha256"] == onnx["input_sha256"] != other["input_sha256"]


@pytest.mark.parametrize("runtime", ["litert", "tflite-runtime"])
def test_xnnpack_can_be_switched_off_and_that_is_recorded(runtime):
    answer = ask(real(runtime, "float32.tflite", xnnpack=False))["runtime"]
    assert answer["delegate"] is None
    resolver = "BUILTIN_WITHOUT_DEFAULT_DELEGATES"
    assert answer["options"] == {"num_threads": "1", "experimental_op_resolver_type": resolver}
    assert answer["xnnpack"] is False


def test_what_executed_the_model_is_recorded():
    tflite = ask(real("litert", "float32.tflite"))["runtime"]
    assert (tflite["delegate"], tflite["options"]) == ("XNNPACK", {"num_threads": "1"})
    onnx = ask(real("onnxruntime", "float32.onnx"))["runtime"]
    assert onnx["delegate"] == "CPUExecutionProvider"
    assert onnx["options"]["intra_op_num_threads"] == "1"
    assert onnx["options"]["graph_optimization_level"] == "ORT_ENABLE_ALL"


@pytest.mark.parametrize("kind", ["latency", "memory"])
def test_onnx_runtime_keeps_no_telemetry_while_it_is_measured(kind, tmp_path):
    request = real("onnxruntime", "int8.onnx", **{"pass": kind})
    done = run_guest(request, HOME=str(tmp_path), XDG_CACHE_HOME=str(tmp_path), XDG_DATA_HOME=str(tmp_path))
    assert done.returncode == 0
    assert list(tmp_path.rglob("*")) == []


def test_the_timed_loop_ends_at_the_cap():
    answer = ask(real("litert", "int8.tflite", min_runs=10**9, max_seconds=0.05, max_samples=1000))
    assert 0 < len(answer["samples_ns"]) < 10**6


def test_spaced_inferences_keep_to_their_rate():
    # at 0, 20, … 200 ms: never earlier; later only where this computer had no time for them
    loops = (ask(real("litert", "int8.tflite", fps=50.0, min_runs=11, min_seconds=0.0)) for _ in range(9))
    for answer in loops:
        assert len(answer["samples_ns"]) == 11
        assert answer["loop_ns"] >= 200e6
        if answer["loop_ns"] < 215e6:
            return
    pytest.fail("an inference was late in each of nine loops")


def test_the_loops_time_holds_its_samples():
    answer = ask(real("litert", "int8.tflite"))
    assert answer["loop_ns"] > sum(answer["samples_ns"])


def test_a_fast_model_is_timed_every_nth_inference():
    answer = ask(real("litert", "int8.tflite", min_seconds=0.1, max_samples=100))
    assert answer["every"] > 1
    assert len(answer["samples_ns"]) >= SHORT["min_runs"]


def test_instructions_are_counted_or_the_reason_is_given():
    answer = ask(real("litert", "int8.tflite", **{"pass": "instructions"}))
    if "error" in answer:
        assert answer["error"]["code"] == "no-counter"
        assert "counter" in answer["error"]["message"] or "perf_event" in answer["error"]["message"]
    else:
        assert len(answer["per_inference"]) == SHORT["min_runs"]
        assert min(answer["per_inference"]) > 1000


def test_instructions_are_counted_each_time_the_model_is_loaded():
    request = real("onnxruntime", "int8.onnx", **{"pass": "instructions", "loads": 3, "min_runs": 4})
    assert len(ask(request, before=COUNTING_TIME)["per_inference"]) == 12


def test_another_model_than_the_one_asked_for_is_not_measured():
    answer = ask(real("litert", "int8.tflite", model_sha256="0" * 64))
    assert answer["error"]["code"] == "hash-mismatch"
    assert sha256(MODELS / "int8.tflite") in answer["error"]["message"]


@pytest.mark.parametrize(("name", "file"), [("litert", "int8.tflite"), ("onnxruntime", "int8.onnx")])
def test_a_truncated_model_is_refused(name, file, tmp_path):
    path = tmp_path / file
    path.write_bytes((MODELS / file).read_bytes()[:100])
    answer = ask(real(name, file, model=str(path)))
    assert answer["error"]["code"] == "model-unreadable"
    assert str(path) in answer["error"]["message"]


def test_other_evaluation_images_are_not_used():
    answer = accuracy("litert", "int8.tflite", evaluation_sha256="0" * 64)
    assert answer["error"]["code"] == "hash-mismatch"


def test_a_damaged_evaluation_file_is_refused(tmp_path):
    path = tmp_path / "evaluation.npz"
    path.write_bytes(EVALUATION.read_bytes()[:2000])
    answer = accuracy("litert", "int8.tflite", evaluation=str(path), evaluation_sha256="")
    assert answer["error"]["code"] == "evaluation-unreadable"


def test_an_evaluation_file_without_images_is_refused(tmp_path):
    path = tmp_path / "evaluation.npz"
    np.savez(path, images=np.zeros((0, 8, 8, 3), np.uint8), labels=np.zeros(0, int))
    answer = accuracy("litert", "int8.tflite", evaluation=str(path), evaluation_sha256="")
    assert "0 images and 0 labels" in answer["error"]["message"]


def test_images_of_another_size_are_refused(tmp_path):
    path = tmp_path / "evaluation.npz"
    np.savez(path, images=np.zeros((2, 9, 9, 3), np.uint8), labels=np.zeros(2, int))
    answer = accuracy("litert", "int8.tflite", evaluation=str(path), evaluation_sha256="")
    assert "(1, 9, 9, 3)" in answer["error"]["message"]


def test_a_wrong_output_shape_is_refused():
    answer = ask(real("litert", "int8.tflite", output_shape=[1, 10]))
    assert answer["error"]["code"] == "output-wrong"
    assert "(1, 3), not (1, 10)" in answer["error"]["message"]


@pytest.fixture(scope="module")
def loose(tmp_path_factory):
    folder = tmp_path_factory.mktemp("loose")
    write_all(folder)
    return folder


@pytest.mark.parametrize("name", ["litert", "tflite-runtime"])
def test_a_tflite_file_is_resized_and_still_run_by_the_same_kernels(loose, name):
    model = {"model": str(loose / "three_outputs.tflite"), "output_shape": [], "mean": []}
    asked = ask(real(name, "", **{"pass": "outputs"}, inputs=[{"shape": [4, 8, 8, 3]}], **model))
    tanh, squared, whole = asked["outputs"]
    pixels = np.frombuffer(hashlib.shake_256(b"edgekit timed input 0").digest(4 * 192), np.uint8)
    values = (pixels.astype(float) - 127.5) / 127.5
    assert [output["shape"] for output in asked["outputs"]] == [[4, 8, 8, 3]] * 3
    assert tanh["values"] == pytest.approx(np.tanh(values).tolist(), abs=1e-5)
    assert squared["values"] == pytest.approx((values**2).tolist(), abs=1e-6)
    assert whole["values"] == np.trunc(values).tolist()
    as_it_is = ask(real(name, "", **{"pass": "outputs"}, **model))
    assert asked["runtime"]["delegate"] == as_it_is["runtime"]["delegate"]


def test_a_large_output_is_sampled_evenly(loose):
    fields = {"pass": "outputs", "model": str(loose / "free.onnx"), "output_shape": [], "mean": []}
    shape = [{"shape": [1, 3, 8, 8]}]
    (whole,) = ask(real("onnxruntime", "", **fields, inputs=shape))["outputs"]
    (sample,) = ask(real("onnxruntime", "", **fields, inputs=shape, most_values=100))["outputs"]
    assert (len(whole["values"]), sample["size"], sample["sha256"]) == (256, 256, whole["sha256"])
    assert sample["values"] == [whole["values"][i * 256 // 100] for i in range(100)]


def test_images_are_turned_to_a_model_whose_channels_come_first(tmp_path):
    node = helper.make_node
    path = save(
        tmp_path / "nchw.onnx",
        [node("ReduceMax", ["x"], ["m"], axes=[2, 3], keepdims=0)],
        [("x", TensorProto.FLOAT, [1, 3, 4, 6])],
        [("m", TensorProto.FLOAT, [1, 3])],
    )
    images = np.random.default_rng(0).integers(0, 255, (9, 4, 6, 3), dtype=np.uint8)
    images[np.arange(9), 1, 2, np.arange(9) % 3] = 255
    evaluation = tmp_path / "evaluation.npz"
    np.savez(evaluation, images=images, labels=np.arange(9) % 3)
    fields = {"pass": "accuracy", "model": str(path), "evaluation": str(evaluation), "layout": "NCHW"}
    answer = ask(real("onnxruntime", "", **fields, mean=[0.0] * 3, std=[1.0] * 3))
    assert answer["predictions"] == [0, 1, 2] * 3


def test_text_is_no_input(tmp_path):
    path = save(
        tmp_path / "text.onnx",
        [helper.make_node("Identity", ["x"], ["y"])],
        [("x", TensorProto.STRING, [1])],
        [("y", TensorProto.STRING, [1])],
    )
    error = ask(real("onnxruntime", "", model=str(path), output_shape=[]))["error"]
    assert error["code"] == "model-unsupported"
    assert "The input x takes tensor(string)" in error["message"]
