"""The guest as a file: what it may need, and that it says so when it does not get it."""

import ast
import json
import subprocess
import sys

import pytest
from support.asking import GUEST, MODELS, ask, run_guest


def run_by_hand(path):
    return subprocess.run(
        [sys.executable, GUEST, path], capture_output=True, text=True, timeout=60, check=False
    )


TREE = ast.parse(GUEST.read_text())


def test_the_guest_is_python_3_8():
    ast.parse(GUEST.read_text(), feature_version=(3, 8))


def test_the_guest_imports_the_standard_library_and_numpy_only():
    names = {alias.name for node in ast.walk(TREE) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in ast.walk(TREE) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} <= {*sys.stdlib_module_names, "numpy", "__future__"}


def test_numpy_is_imported_where_it_is_used_and_not_to_probe():
    top = {alias.name for node in TREE.body if isinstance(node, ast.Import) for alias in node.names}
    assert "numpy" not in top


def test_a_probe_needs_neither_numpy_nor_a_runtime():
    answer = ask({"pass": "probe"})
    assert answer["schema"] == "edgekit.guest/1"
    assert answer["device"]["cpus"] >= 1
    assert answer["python"]["version"] == f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert answer["environment"]["time"].endswith("Z")


def test_the_request_may_be_a_file(tmp_path):
    path = tmp_path / "request.json"
    path.write_text('{"pass": "probe"}')
    done = run_by_hand(path)
    assert done.returncode == 0
    assert "device" in json.loads(done.stdout)


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ("", "cannot be read"),
        ("[1]", "not a JSON object"),
        ("{", "cannot be read"),
        ({}, "No pass is called ''"),
        (
            {"pass": "fly"},
            "there are python, probe, latency, sustain, memory, accuracy, outputs, instructions",
        ),
        ({"pass": "probe", "colour": 1}, "unknown field 'colour'"),
        ({"pass": "probe", "schema": "edgekit.guest/9"}, "edgekit.guest/9"),
        ({"pass": "latency", "threads": "two"}, "threads must be int, not 'two'"),
        ({"pass": "latency", "threads": True}, "threads must be int, not True"),
        ({"pass": "latency", "threads": 0}, "threads must be at least 1, not 0"),
        ({"pass": "latency", "min_seconds": -1}, "min_seconds must be at least 0, not -1"),
        ({"pass": "latency", "runtime": "tensorrt", "model": str(MODELS / "int8.tflite")}, "'tensorrt'"),
        ({"pass": "instructions", "threads": 2}, "one thread, not 2"),
        ({"pass": "operators", "threads": 2}, "one thread, not 2"),
    ],
)
def test_an_unusable_request_is_refused_with_its_reason(request_, words):
    done = run_guest(request_)
    assert done.returncode == 1
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "bad-request"
    assert words in error["message"]
    assert "Traceback" not in done.stderr


def test_a_request_file_that_is_not_there_is_named(tmp_path):
    done = run_by_hand(tmp_path / "none.json")
    assert "none.json" in json.loads(done.stdout)["error"]["message"]


def test_a_runtime_that_is_not_there_is_named():
    answer = ask({"pass": "latency", "runtime": "onnxruntime", "model": str(MODELS / "int8.onnx")})
    assert answer["error"]["code"] == "runtime-missing"
    assert "onnxruntime" in answer["error"]["message"]
