"""The fidelity benchmark's own arithmetic, and that its peers run. Its figures are not judged here."""

from pathlib import Path

import pytest
from support.artefact_sets import make_set
from support.benchmarks import script
from support.loose_models import write_all

from edgekit.runtime import ensure_bundle, parse_runtime
from edgekit.runtime.target import this_python

MODELS = Path(__file__).resolve().parents[1] / "support" / "models"


@pytest.fixture(scope="module")
def fidelity():
    """The script as a module."""
    return script("fidelity")


def race(fidelity, ours, theirs, limit=0.03):
    contenders = [fidelity.Contender("edgekit", lambda: ours), fidelity.Contender("bare", lambda: theirs)]
    found = fidelity.Race("int8.tflite 224", limit, contenders)
    for backwards in (False, True, False):
        fidelity.run_once(found, backwards=backwards)
    return found


@pytest.mark.parametrize(("ours", "within"), [(1.0, True), (1.029, True), (1.031, False), (0.96, False)])
def test_a_ratio_beyond_its_limit_on_either_side_is_outside(fidelity, ours, within):
    ((line, verdict),) = race(fidelity, ours, 1.0).rows()
    assert verdict == within
    assert ("within" if within else "OUTSIDE") in line
    assert f"{ours:.3f}" in line


def test_the_order_is_reversed_in_every_second_repeat(fidelity):
    calls = []
    contenders = [fidelity.Contender(name, lambda name=name: calls.append(name) or 1.0) for name in "ABC"]
    for repeat in range(2):
        fidelity.run_once(fidelity.Race("m", 0.03, contenders), backwards=repeat % 2 == 1)
    assert "".join(calls) == "ABCCBA"


def test_the_median_of_googles_tool_is_read(fidelity):
    text = (
        "Inference (avg):       0.80 ms (600 runs)\nInference (median):    0.74 ms\nInference (std): 0.1 ms"
    )
    assert fidelity.parse_google(text) == 0.74
    with pytest.raises(SystemExit, match="no median"):
        fidelity.parse_google("Fully accelerated: True")


@pytest.mark.parametrize(("runtime", "model"), [("litert", "int8.tflite"), ("onnxruntime", "int8.onnx")])
def test_the_bare_loop_measures_with_the_bundles_wheels(fidelity, runtime, model):
    bundle = ensure_bundle(parse_runtime(runtime), this_python())
    assert fidelity.bare(bundle.folder, MODELS / model, fidelity.Terms(0.05, 0.05)) > 0


def test_the_bare_loop_measures_without_telemetry_either(fidelity, tmp_path, monkeypatch):
    bundle = ensure_bundle(parse_runtime("onnxruntime"), this_python())
    for variable in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    fidelity.bare(bundle.folder, MODELS / "int8.onnx", fidelity.Terms(0.05, 0.05))
    assert list(tmp_path.rglob("*")) == []


def test_googles_tool_runs_with_the_bundles_wheels(fidelity):
    bundle = ensure_bundle(parse_runtime("litert"), this_python())
    ours = fidelity.Contender("edgekit", lambda: 1.0, [0.01])
    runs = fidelity.Runs(ours, 0.02)
    assert fidelity.google(bundle.folder, MODELS / "float32.tflite", runs) >= 0


def test_edgekit_itself_measures_in_a_race(fidelity, tmp_path):
    folder = make_set(tmp_path / "tiny", ("int8.tflite",))
    (found,) = fidelity.races_of((folder,), fidelity.Terms(0.05, 0.05, "32"))
    fidelity.run_once(found, backwards=False)
    assert all(median > 0 for contender in found.contenders for median in contender.medians)
    assert [contender.name for contender in found.contenders] == ["edgekit", "bare"]


def test_any_file_is_raced_with_the_shape_that_is_asked_for(fidelity, tmp_path):
    write_all(tmp_path)
    terms = fidelity.Terms(0.05, 0.05, shapes=("image=1,3,8,8",))
    (found,) = fidelity.races_of([tmp_path / "two_inputs.onnx"], terms)
    fidelity.run_once(found, backwards=False)
    assert (found.model, [each.name for each in found.contenders]) == ("two_inputs.onnx", ["edgekit", "bare"])
    assert all(each.p50 > 0 for each in found.contenders)
