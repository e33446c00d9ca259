"""The gate for a model's cost: regressions that were planted break budgets made from real counts.

Two boots: the model as it is, of which the budgets are made; and later the same again, beside what was
planted. Everything is measured for real. One session cannot measure two sets under one name, so each planted
measurement is then put where the unchanged one was, as if its file had been the set's.
"""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from msgspec.structs import replace

from edgekit.artefact import MANIFEST, read_set
from edgekit.files import sha256_file
from edgekit.measurement import BenchRequest, bench
from edgekit.progress import Recorder
from edgekit.results import Measurement, Result, write_result
from edgekit.schema import write_record

FILES = ("int8.tflite", "int8.onnx", "float32.onnx")
DEFAULTS = ("litert", "onnxruntime")
SET = "mobilenet_v1_0.5_32_digits"
OLDER = "1.23.2"  # of onnxruntime
LAYER = "conv_dw_9_"  # a depthwise convolution of 256 channels, 2 × 2 pixels: one of the smallest layers


def add_layer(model: onnx.ModelProto) -> None:
    """Execute a quantized layer, which keeps its input's shape, a second time on its own output."""
    nodes = list(model.graph.node)
    layer = [next(node for node in nodes if node.op_type == "Conv" and LAYER in node.name)]
    while layer[-1].op_type != "DequantizeLinear":
        (following,) = (node for node in nodes if layer[-1].output[0] in node.input)
        layer.append(following)
    end = value = layer[-1].output[0]
    again = []
    for node in layer:
        twin = copy.deepcopy(node)
        twin.name = f"{node.name}_again" if node.name else ""
        twin.input[0], twin.output[0] = value, f"{node.output[0]}_again"
        value = twin.output[0]
        again.append(twin)
    for node in nodes:
        node.input[:] = [value if name == end else name for name in node.input]
    after = nodes.index(layer[-1]) + 1
    set_nodes(model, [*nodes[:after], *again, *nodes[after:]])


def unfuse(model: onnx.ModelProto) -> None:
    """Write one ReLU6 as a maximum and a minimum: the same values, but not fused into a convolution."""
    nodes: list[onnx.NodeProto] = []
    for node in model.graph.node:
        if node.op_type == "Clip" and LAYER in node.name:
            (value, low, high), (result,) = node.input, node.output
            nodes.append(onnx.helper.make_node("Max", [value, low], [f"{result}_max"]))
            nodes.append(onnx.helper.make_node("Min", [f"{result}_max", high], [result]))
        else:
            nodes.append(node)
    assert len(nodes) == len(model.graph.node) + 1
    set_nodes(model, nodes)


def set_nodes(model: onnx.ModelProto, nodes: list[onnx.NodeProto]) -> None:
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def rewritten(edit: Callable[[onnx.ModelProto], None]) -> Callable[[Path, Path], None]:
    def rewrite(source: Path, target: Path) -> None:
        model = onnx.load(source)
        edit(model)
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, target)

    return rewrite


def planted_set(
    artefacts: Path, folder: Path, make: Callable[[Path, Path], object], source: str, target: str
) -> Path:
    """Copy an artefact set to a folder, with another file in the place of `target`; return that file."""
    shutil.copytree(artefacts, folder)
    make(artefacts / source, folder / target)
    manifest = read_set(folder).manifest
    described = next(file for file in manifest.files if file.name == source)
    path = folder / target
    file = replace(described, name=target, sha256=sha256_file(path), bytes=path.stat().st_size)
    files = tuple(file if each.name == target else each for each in manifest.files)
    write_record(folder / MANIFEST, replace(manifest, files=files))
    return path


def measure(files: list[Path], *runtimes: str) -> Result:
    """Count instructions on a Raspberry Pi 4's core: one boot."""
    request = BenchRequest(
        artefacts=tuple(files),
        device="rpi4-emulated",
        runtimes=runtimes,
        threads=(1,),
        accuracy=False,
    )
    result = bench(request, Recorder())
    assert (result.partial, result.ended) == (None, "whole")
    return result


def edgekit(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edgekit", *arguments]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )


class Gate:
    """Budgets of the unchanged model, and what was measured after them."""

    def __init__(self, folder: Path, first: Result, later: Result) -> None:
        self.folder, self.later = folder, later
        self.model = first.measurements[0].artefact.set
        self.version = {found.runtime.name: found.runtime.version for found in first.measurements}
        write_result(folder / "first.json", first)
        done = edgekit(folder, "check", "first.json", "--update", "--write")
        assert done.returncode == 0, done.stderr
        self.budgets = (folder / "budgets.toml").read_text()

    def measurement(self, folder: str, file: str, version: str = "") -> Measurement:
        """One that was measured later, under the unchanged model's name."""
        (found,) = (
            each
            for each in self.later.measurements
            if (each.artefact.set, each.artefact.file) == (folder, file)
            and each.runtime.version == (version or self.version[each.runtime.name])
        )
        return replace(found, artefact=replace(found.artefact, set=self.model))

    def check(self, *planted: Measurement) -> tuple[int, dict[tuple[str, str], str]]:
        """Judge the later result with something planted: the exit code, and verdicts by file and metric."""
        unchanged = {file: self.measurement(SET, file) for file in FILES}
        present = {**unchanged, **{found.artefact.file: found for found in planted}}
        write_result(self.folder / "later.json", replace(self.later, measurements=tuple(present.values())))
        done = edgekit(self.folder, "check", "later.json", "--json")
        verdicts = json.loads(done.stdout)["verdicts"]
        print(*((each["artefact"], each["metric"], each["margin"], each["verdict"]) for each in verdicts))
        return done.returncode, {(each["artefact"], each["metric"]): each["verdict"] for each in verdicts}


@pytest.fixture(scope="module")
def gate(qemu: None, artefacts: Path, tmp_path_factory: pytest.TempPathFactory) -> Gate:
    folder = tmp_path_factory.mktemp("gate")
    unchanged = [artefacts / file for file in FILES]
    planted = [
        planted_set(artefacts, folder / "float", shutil.copy, "float32.tflite", "int8.tflite"),
        planted_set(artefacts, folder / "layer", rewritten(add_layer), "int8.onnx", "int8.onnx"),
        planted_set(artefacts, folder / "unfused", rewritten(unfuse), "float32.onnx", "float32.onnx"),
    ]
    first = measure(unchanged, *DEFAULTS)
    return Gate(folder, first, measure([*unchanged, *planted], *DEFAULTS, f"onnxruntime=={OLDER}"))


def failed(verdicts: dict[tuple[str, str], str]) -> set[tuple[str, str]]:
    assert set(verdicts) == {(file, metric) for file in FILES for metric in ("instructions", "size")}
    assert set(verdicts.values()) <= {"pass", "fail"}
    return {which for which, verdict in verdicts.items() if verdict == "fail"}


def test_the_unchanged_model_passes_in_another_boot(gate: Gate) -> None:
    assert gate.budgets.count('tolerance = "0.1 %"') == len(FILES)
    code, verdicts = gate.check()
    assert (code, failed(verdicts)) == (0, set())


def test_a_float_file_in_the_place_of_a_quantized_one_fails(gate: Gate) -> None:
    code, verdicts = gate.check(gate.measurement("float", "int8.tflite"))
    assert (code, failed(verdicts)) == (1, {("int8.tflite", "instructions"), ("int8.tflite", "size")})


def test_one_more_layer_fails(gate: Gate) -> None:
    code, verdicts = gate.check(gate.measurement("layer", "int8.onnx"))
    assert code == 1
    assert ("int8.onnx", "instructions") in failed(verdicts)
    assert {file for file, _ in failed(verdicts)} == {"int8.onnx"}


def test_a_single_activation_that_is_not_fused_fails_though_the_file_weighs_the_same(gate: Gate) -> None:
    code, verdicts = gate.check(gate.measurement("unfused", "float32.onnx"))
    assert (code, failed(verdicts)) == (1, {("float32.onnx", "instructions")})


def test_an_older_runtime_that_takes_more_instructions_fails(gate: Gate) -> None:
    code, verdicts = gate.check(gate.measurement(SET, "float32.onnx", OLDER))
    assert (code, failed(verdicts)) == (1, {("float32.onnx", "instructions")})


def test_an_older_runtime_within_the_limit_is_missed_by_a_budget_that_names_the_version(gate: Gate) -> None:
    older, budgets = gate.measurement(SET, "int8.onnx", OLDER), gate.folder / "budgets.toml"
    wide = gate.budgets.replace('tolerance = "0.1 %"', 'tolerance = "50 %"')
    try:
        budgets.write_text(wide)
        assert gate.check(older)[0] == 0  # whatever the version is
        budgets.write_text(wide.replace('"onnxruntime"', f'"onnxruntime=={gate.version["onnxruntime"]}"'))
        assert gate.check()[0] == 0
        code, verdicts = gate.check(older)
    finally:
        budgets.write_text(gate.budgets)
    assert (code, verdicts["int8.onnx", "instructions"]) == (3, "missing")
