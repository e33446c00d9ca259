"""From a request to breakdowns, on a device that answers from a script."""

import json
import shutil
from pathlib import Path

import pytest
from support.loose_models import write_all
from support.scripted import without_network

from edgekit.device import Completed, find_profile
from edgekit.device.fake import FakeTransport
from edgekit.errors import DeviceError, ModelError, UnavailableError, UsageError
from edgekit.explanation import ExplainRequest, explain
from edgekit.explanation.calibration import INPUTS, MANY

MODELS = Path(__file__).parent.parent / "support" / "models"
BOARD, OTHER = find_profile("rpi4-emulated"), find_profile("rpi5-emulated")
PYTHON = {
    "executable": "python3",
    "version": "3.11",
    "tag": "cpython-311-aarch64-linux-gnu",
    "machine": "aarch64",
}
PROBE = {
    "device": {
        "machine": "aarch64",
        "system": "Linux 6.1",
        "cpu": "Cortex-A72",
        "cpus": 1,
        "features": ["asimd"],
        "memory_bytes": 2 * 10**9,
        "board": None,
        "distribution": None,
        "python": "3.11.2",
        "libc": None,
    },
    "environment": {"time": "2026-01-02T03:04:05Z"},
    "python": PYTHON,
}


class Board:
    """Counts as a healthy guest would; `refusal` is its answer to the pass over operators instead."""

    def __init__(self):
        self.requests, self.refusal = [], None

    def answer(self, argv, stdin):
        request = json.loads(stdin)
        self.requests.append(request)
        if request["pass"] != "operators":
            fields = PYTHON if request["pass"] == "python" else PROBE
        else:
            fields = self.refusal or self.operators(request)
        code = 1 if "error" in fields else 0
        return Completed(json.dumps({"schema": "edgekit.guest/1", **fields}).encode(), "", code)

    def operators(self, request):
        runtime = {"name": request["runtime"], "version": "1.0", "delegate": None, "options": {}}
        answer = {"runtime": runtime, "source": "perf_event_open", "whole": [90_000, 90_000, 93_000]}
        if "cuts" in request:
            return {**answer, "cuts": [[5_000, 5_000]] + [[20_000, 25_000]] * (len(request["cuts"]) - 1)}
        node = {"name": "n", "op": "Neg", "outputs": [{"float": [1, 4]}], "microseconds": [30, 30]}
        chains = [
            {"one": [40_000], "many": [88_000], "nodes": [{**node, "inputs": [{"float": [1]}] * n}] * MANY}
            for n in INPUTS
        ]
        return {**answer, "nodes": [{**node, "inputs": [{"float": [1]}]}], "calibration": chains}

    @property
    def counted(self):
        return [request for request in self.requests if request["pass"] == "operators"]


@pytest.fixture
def board(monkeypatch, tmp_path):
    without_network(monkeypatch, tmp_path)
    return Board()


def run(board, *files, devices=(BOARD,), runtimes=(), **more):
    paths = tuple(MODELS / file for file in files)
    request = ExplainRequest(files=paths, devices=devices, runtimes=runtimes, **more)
    device = FakeTransport(board.answer)
    found = explain(request, transport=device)
    assert not device.is_open
    return found


def test_one_file_is_counted_in_one_process_with_the_usual_runtime(board):
    (found,) = run(board, "int8.tflite")
    assert [request["pass"] for request in board.requests].count("operators") == 1
    (asked,) = board.counted
    assert (asked["runtime"], asked["threads"], asked["clock"]) == ("litert", 1, True)
    assert len(asked["cuts"]) == len(found.operators) + 1
    assert (found.whole, found.call, found.method) == (90_000, 5_000, "parts")
    assert all(operator.instructions == 15_000 for operator in found.operators)
    assert found.remainder == 90_000 - 5_000 - 15_000 * len(found.operators)
    assert (found.source, found.cpu, found.device) == ("qemu cortex-a72", "Cortex-A72", "rpi4-emulated")
    assert found.quantized


def test_an_onnx_file_is_profiled(board):
    (found,) = run(board, "float32.onnx")
    (asked,) = board.counted
    assert (asked["runtime"], len(asked["calibration"])) == ("onnxruntime", len(INPUTS))
    assert (found.method, found.quantized, len(found.operators)) == ("profile", False, 1)


def test_an_onnx_file_takes_the_shapes_that_are_asked_for(board, tmp_path):
    write_all(tmp_path)
    run(board, tmp_path / "two_inputs.onnx", shapes={"image": (1, 3, 8, 9)})
    (asked,) = board.counted
    assert asked["inputs"] == [{"shape": [1, 3, 8, 9]}, {"shape": [1, 5]}]


@pytest.mark.parametrize(
    ("file", "shapes", "says"),
    [
        ("three_outputs.tflite", {"frame": (2, 8, 8, 3)}, "in the shapes it has"),
        ("two_inputs.onnx", {"image": (1, 4, 8, 8)}, "does not fit"),
        ("two_inputs.onnx", {"img": (1, 3, 8, 8)}, "No file has an input 'img'"),
        ("free.onnx", {}, "keeps its weights in free.onnx.data"),
    ],
)
def test_a_shape_or_a_file_that_cannot_be_counted_is_refused(board, tmp_path, file, shapes, says):
    write_all(tmp_path)
    with pytest.raises(UsageError, match=says):
        run(board, tmp_path / file, shapes=shapes)
    assert board.counted == []


def test_two_files_are_two_sides(board):
    sides = run(board, "float32.tflite", "int8.onnx")
    assert [(side.file, side.runtime.name) for side in sides] == [
        ("models/float32.tflite", "litert"),
        ("models/int8.onnx", "onnxruntime"),
    ]


def test_two_runtimes_and_versions_are_two_sides(board):
    run(board, "int8.tflite", runtimes=("tflite-runtime", "litert==2.1.0"))
    assert [request["runtime"] for request in board.counted] == ["tflite-runtime", "litert"]
    board.requests.clear()
    run(board, "int8.tflite", runtimes=("litert==2.1.0", "litert==2.3.0"))
    paths = [request["path"] for request in board.counted]
    assert paths[0] != paths[1]


def test_two_devices_are_two_sides_in_the_order_they_were_named(board):
    sides = run(board, "int8.tflite", devices=(OTHER, BOARD))
    assert [side.device for side in sides] == ["rpi5-emulated", "rpi4-emulated"]


def test_everything_of_one_device_is_brought_before_anything_is_counted(board):
    request = ExplainRequest(files=(MODELS / "float32.tflite", MODELS / "int8.tflite"), devices=(BOARD,))
    pushed = []

    class Watched(FakeTransport):
        def push(self, payloads, progress):
            pushed.append(len(board.counted))
            return super().push(payloads, progress)

    explain(request, transport=Watched(board.answer))
    assert set(pushed) == {0}


@pytest.mark.parametrize(
    ("files", "fields", "words"),
    [
        (["int8.tflite"], {"runtimes": ("onnxruntime",)}, "onnxruntime executes .onnx files"),
        (["int8.onnx"], {"runtimes": ("litert",)}, "litert executes .tflite files"),
        (["int8.tflite"], {"runtimes": ("litert", "onnxruntime")}, "onnxruntime executes .onnx files"),
        (["int8.tflite"] * 3, {}, "3 files are named"),
        (["int8.tflite", "int8.tflite"], {}, "named twice"),
        (["int8.tflite"], {"runtimes": ("litert", "litert")}, "named twice"),
        (["int8.onnx"], {"devices": (find_profile("host"),)}, "the clock of host does not count"),
        (["."], {}, "is a folder"),
        (["int8.tflite"], {"devices": ("rpi4-emulate",)}, "There is no device 'rpi4-emulate'"),
    ],
)
def test_what_cannot_be_compared_is_refused(board, files, fields, words):
    with pytest.raises(UsageError, match=words):
        run(board, *files, **fields)
    assert board.requests == []


def test_a_folder_names_its_files(board):
    with pytest.raises(UsageError) as caught:
        run(board, ".")
    assert "int8.tflite" in caught.value.hint


def test_a_damaged_file_is_refused_before_the_device_is_touched(board, tmp_path):
    for name in ("int8.tflite", "int8.onnx"):
        broken = tmp_path / name
        shutil.copy(MODELS / name, broken)
        broken.write_bytes(broken.read_bytes()[:-600])
        with pytest.raises(ModelError, match="damaged"):
            explain(ExplainRequest(files=(broken,), devices=(BOARD,)), transport=FakeTransport(board.answer))
    with pytest.raises(ModelError, match="cannot be read"):
        run(board, "nowhere.tflite")
    assert board.requests == []


def test_a_device_that_counts_nothing_says_which_one_does(board):
    board.refusal = {"error": {"code": "no-counter", "message": "The kernel forbids it: paranoid is 3."}}
    with pytest.raises(UnavailableError) as caught:
        run(board, "int8.tflite", devices=(replace_profile(),))
    assert "rpi4 counts no instructions: The kernel forbids it: paranoid is 3." in str(caught.value)
    assert "--device rpi4-emulated" in caught.value.hint
    assert board.counted[0]["clock"] is False


def test_other_errors_stay_what_they_are(board):
    board.refusal = {"error": {"code": "out-of-memory", "message": "The device ran out of memory."}}
    with pytest.raises(DeviceError, match="out of memory"):
        run(board, "int8.tflite")


def replace_profile():
    """A board that is timed, and reached by the transport that the test brings."""
    import msgspec

    return msgspec.structs.replace(find_profile("rpi4"), address="192.0.2.1")
