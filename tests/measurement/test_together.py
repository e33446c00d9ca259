"""Two sides in one session: what is measured in which order, when it ends, and what is kept."""

import json

import numpy as np
import pytest
from support.artefact_sets import make_set
from support.scripted import refused

from edgekit.comparison import compare, together
from edgekit.device import Completed
from edgekit.errors import UsageError
from edgekit.files import sha256_file
from edgekit.measurement import BenchRequest, Rules, Schedule, bench_together

SCHEDULE = Schedule(repeats=16, min_runs=64, min_seconds=0)


def rules(repeats=16):
    return Rules(
        lambda cells: together.planned_looks(repeats, cells),
        lambda old, new, looks, cells, noise: together.settled(
            old, new, looks=looks, cells=cells, noise=noise
        ),
    )


@pytest.fixture
def old(tmp_path):
    return make_set(tmp_path / "old", ("float32.tflite", "int8.tflite"), name="old")


@pytest.fixture
def new(tmp_path):
    return make_set(tmp_path / "new", ("int8.tflite", "int8.onnx"), name="new")


def run(device, *sides, only=(), **fields):
    settings = {"mode": SCHEDULE, "threads": (1,), "runtimes": ("litert",), "memory": False, **fields}
    request = BenchRequest(artefacts=sides, **settings)
    return bench_together(request, ((sides[0],), (sides[1],)), rules(), only=only, transport=device)


def levels(script, scatter=0.002, **by_position):
    """Let the n-th timed process take what a function of n says, in ms."""
    random, count = np.random.default_rng(1), iter(range(10**6))

    def answer(request):
        if request["pass"] != "latency":
            return None
        level = by_position["of"](next(count)) * 1e6 * random.lognormal(0, scatter)
        samples = [int(level) + i % 7 for i in range(64)]
        healthy = script.healthy(request) | {"samples_ns": samples}
        return Completed(json.dumps({"schema": "edgekit.guest/1", **healthy}).encode(), "", 0)

    script.faults.append(answer)


def test_sides_are_measured_a_b_b_a_until_it_is_certain(device, script, old, new):
    levels(script, of=lambda _: 1.0)
    both = run(device, old, new)
    asked = [model for model, *_ in script.asked("latency")]
    sides = [sha256_file(folder / "int8.tflite")[:4] for folder in (old, new)]
    a, b = sides
    assert asked == [a, b, b, a] * 4, "alike from the first look on"
    for result in (both.baseline, both.candidate):
        assert len(result.measurements[0].repeats) == 8
        assert (result.together.looks, result.together.cells) == ((4, 6, 8), 1)
    found = compare(both.baseline, both.candidate)
    assert [pair.word for pair in found.pairs] == ["same"]
    assert both.missing == ("old/float32.tflite with litert 1.0 on 1 thread",)


@pytest.mark.parametrize(("ratio", "word"), [(1.12, "slower"), (0.85, "faster")])
def test_a_difference_is_found_while_the_device_slows_down(device, script, old, ratio, word):
    """Each process takes 1 % longer than the one before it: a third in all."""
    levels(script, of=lambda n: (1 + n / 100) * (ratio if n % 4 in (1, 2) else 1))
    both = run(device, old / "int8.tflite", old / "int8.tflite")
    (pair,) = compare(both.baseline, both.candidate).pairs
    assert (pair.word, pair.latency.repeats) == (word, 8)
    assert pair.latency.low < ratio < pair.latency.high


def test_what_is_uncertain_is_measured_up_to_the_cap(device, script, old):
    levels(script, 0.2, of=lambda _: 1.0)
    both = run(device, old / "int8.tflite", old / "int8.tflite")
    (pair,) = compare(both.baseline, both.candidate).pairs
    assert (pair.word, pair.latency.repeats) == ("inconclusive", 16)
    assert "noisy" in {f.code for f in both.baseline.measurements[0].findings}, "yet judged"


def test_two_files_are_compared_whatever_they_are_called(device, script, old):
    levels(script, of=lambda n: 2.0 if n % 4 in (1, 2) else 1.0)
    both = run(device, old / "float32.tflite", old / "int8.tflite")
    (pair,) = compare(both.baseline, both.candidate).pairs
    assert (pair.artefact, pair.word) == ("float32.tflite → int8.tflite", "slower")


def test_an_interrupted_session_is_judged_by_its_last_look(device, script, old):
    levels(script, 0.2, of=lambda _: 1.0)

    def impatient(request):
        if len(script.asked("latency")) > 4 * 5:
            raise KeyboardInterrupt
        return None

    script.faults.insert(0, impatient)
    both = run(device, old / "int8.tflite", old / "int8.tflite")
    assert both.baseline.ended == "interrupted"
    (pair,) = compare(both.baseline, both.candidate).pairs
    assert pair.latency.repeats == 8, "of ten: the sixth block is a look, the fifth is none"


def test_before_the_first_look_nothing_is_said(device, script, old):
    levels(script, of=lambda n: 2.0 if n % 4 in (1, 2) else 1.0)

    def impatient(request):
        if len(script.asked("latency")) > 4:
            raise KeyboardInterrupt
        return None

    script.faults.insert(0, impatient)
    both = run(device, old / "int8.tflite", old / "int8.tflite")
    (pair,) = compare(both.baseline, both.candidate).pairs
    assert pair.word == "invalid"
    assert "Only 2 of 8 repeats" in pair.invalid


def test_a_cell_that_fails_leaves_the_others(device, script, old):
    levels(script, of=lambda _: 1.0)
    bad = sha256_file(old / "float32.tflite")
    script.faults.insert(0, lambda r: refused("model", "No.") if r.get("model_sha256") == bad else None)
    both = run(device, old, old)
    assert [m.artefact.file for m in both.baseline.measurements] == ["int8.tflite"]
    assert "float32.tflite" in both.baseline.partial


def test_only_what_is_named_is_measured(device, script, old, new):
    levels(script, of=lambda _: 1.0)
    assert run(device, old, new, only=("int8.tflite",)).missing == ()
    with pytest.raises(UsageError, match=r"no artefact int4\.tflite"):
        run(device, old, new, only=("int4.tflite",))
    with pytest.raises(UsageError, match="Nothing can be compared: one side has old/float32"):
        run(device, old / "float32.tflite", new / "int8.onnx", runtimes=())
