"""A session from request to result, on a device that answers from a script."""

import json
import signal
import time

import numpy as np
import pytest
from support.artefact_sets import FILES, edit_manifest, make_set
from support.scripted import refused

from edgekit.device import Completed, Profile
from edgekit.errors import (
    DataError,
    DeviceError,
    InvalidError,
    ModelError,
    RuntimeMissingError,
    TransientDeviceError,
    UsageError,
)
from edgekit.files import sha256_file
from edgekit.measurement import BenchRequest, Schedule, bench
from edgekit.visit import runtimes

SCHEDULE = Schedule(repeats=2, min_runs=128, min_seconds=0)


def run(device, path, notes=None, /, **fields):
    request = BenchRequest(**{"artefacts": (path,), "mode": SCHEDULE, **fields})
    return bench(request, transport=device, **({"progress": notes} if notes else {}))


def when(**conditions):
    """Whether a request has these values."""
    return lambda request: all(request.get(name) == value for name, value in conditions.items())


def test_every_artefact_runtime_and_thread_count_is_measured(device, tiny):
    result = run(device, tiny)
    rows = [(m.artefact.file, m.runtime.name, m.threads) for m in result.measurements]
    assert rows == [
        ("float32.tflite", "litert", 1),
        ("float32.tflite", "litert", 4),
        ("float32.tflite", "tflite-runtime", 1),
        ("float32.tflite", "tflite-runtime", 4),
        ("int8.tflite", "litert", 1),
        ("int8.tflite", "litert", 4),
        ("int8.tflite", "tflite-runtime", 1),
        ("int8.tflite", "tflite-runtime", 4),
        ("int8.onnx", "onnxruntime", 1),
        ("int8.onnx", "onnxruntime", 4),
    ]
    assert all(m.valid and len(m.repeats) == 2 for m in result.measurements)
    assert result.partial is None
    assert (result.device.profile, result.device.cpu, result.device.cpus) == ("host", "Cortex-A72", 4)


def test_latency_is_interleaved_and_comes_before_the_other_passes(device, script, tiny):
    result = run(device, tiny, threads=(1,))
    passes = [request["pass"] for request in script.requests]
    assert passes[:2] == ["python", "probe"]
    assert passes[-1] == "probe"
    assert passes[2:12] == ["latency"] * 10
    asked = script.asked("latency")
    assert asked[5:] == asked[:5][::-1]
    positions = sorted(repeat.position for m in result.measurements for repeat in m.repeats)
    assert positions == list(range(10))


def test_another_number_of_repeats_is_made_as_long_as_the_modes(device, script, tiny):
    named = {"runtimes": ("litert",), "threads": (1,), "mode": "standard"}
    result = run(device, tiny / "int8.tflite", repeats=7, **named)
    assert [len(m.repeats) for m in result.measurements] == [7]
    assert result.mode == "standard"
    asked = [request for request in script.requests if request["pass"] == "latency"]
    assert {request["min_seconds"] for request in asked} == {10}
    with pytest.raises(UsageError, match="0 repeats are not possible"):
        run(device, tiny, repeats=0)


def test_memory_is_read_once_a_cell_accuracy_once_an_artefact_and_runtime(device, script, tiny):
    result = run(device, tiny)
    assert len(script.asked("memory")) == 10
    assert len(script.asked("accuracy")) == 5
    assert all(m.accuracy and m.accuracy.correct == 36 for m in result.measurements)
    assert [m.instructions is not None for m in result.measurements] == [True, False] * 5
    evaluation = result.evaluations[0]
    assert sum(label == found for label, found in zip(evaluation.labels, evaluation.keras, strict=True)) == 36


def test_passes_that_are_not_wanted_are_left_out(device, script, tiny):
    result = run(device, tiny, accuracy=False, memory=False, instructions=False)
    assert {request["pass"] for request in script.requests} == {"python", "probe", "latency"}
    assert result.evaluations == ()
    assert tiny / "evaluation.npz" not in [payload.source for payload in device.pushed]


def test_every_pass_is_told_when_xnnpack_is_switched_off(device, script, tiny):
    run(device, tiny / "int8.tflite", xnnpack=False)
    asked = [request for request in script.requests if request["pass"] not in ("python", "probe")]
    assert {request["pass"] for request in asked} == {"latency", "memory", "accuracy", "instructions"}
    assert not any(request["xnnpack"] for request in asked)


def test_the_guest_is_told_what_the_manifest_and_the_request_say(device, script, tiny):
    run(device, tiny / "int8.tflite", seed=5, affinity=(2, 3), fps=10.0, threads=(2,), runtimes=("litert",))
    request = next(r for r in script.requests if r["pass"] == "latency")
    assert request["model"].endswith(request["model_sha256"])
    assert (request["seed"], request["affinity"], request["threads"], request["fps"]) == (5, [2, 3], 2, 10.0)
    assert request["mean"] == [127.5, 127.5, 127.5]
    assert request["xnnpack"] is True
    assert request["output_shape"] == [1, 3]
    assert request["watch_stdin"] is True


def test_spaced_inferences_are_measured_in_turns_with_inferences_back_to_back(device, script, tiny):
    result = run(device, tiny / "int8.tflite", fps=10.0, threads=(1,), runtimes=("litert",))
    assert [r["fps"] for r in script.requests if r["pass"] == "latency"] == [10.0, 0.0] * 2
    (measured,) = result.measurements
    assert len(measured.repeats) == len(measured.unspaced) == 2
    assert run(device, tiny / "int8.tflite", threads=(1,)).measurements[0].unspaced == ()


def test_every_process_runs_without_site_packages_and_writes_no_bytecode(device, tiny):
    run(device, tiny)
    assert all(argv[1:4] == ("-I", "-S", "-B") for argv, _, _ in device.runs)


def test_an_emulated_device_is_recorded_and_warned_about(device, tiny, tmp_path):
    profile = tmp_path / "board.toml"
    profile.write_text('description = "x"\ntransport = "local"\nemulated = true\naffinity = [3]\n')
    request = BenchRequest(artefacts=(tiny,), mode=SCHEDULE, device=str(profile))
    result = bench(request, transport=device)
    assert result.device.emulated
    assert all(m.findings[0].code == "emulated" and m.affinity == (3,) for m in result.measurements)


def test_several_sets_are_measured_in_one_session(device, tmp_path, tiny):
    other = make_set(tmp_path / "other", ("float16.tflite",), name="other")
    result = run(device, tiny, artefacts=(tiny / "int8.tflite", other), threads=(1,), runtimes=("litert",))
    assert [(m.artefact.set, m.artefact.file) for m in result.measurements] == [
        ("tiny", "int8.tflite"),
        ("other", "float16.tflite"),
    ]
    assert len(result.references) == 2


def test_two_sets_of_one_model_keep_apart_in_the_result(device, tmp_path):
    sets = (make_set(tmp_path / "plain", FILES[:1]), make_set(tmp_path / "tuned", FILES[2:3]))
    result = run(device, None, artefacts=sets, threads=(1,), runtimes=("litert",))
    assert [m.artefact.set for m in result.measurements] == ["plain", "tuned"]


@pytest.mark.parametrize(("affinity", "threads"), [((), {1, 4}), ((3,), {1}), ((2, 3), {1, 2})])
def test_all_threads_are_as_many_as_the_cpus_that_are_pinned(device, tiny, affinity, threads):
    result = run(device, tiny, affinity=affinity, runtimes=("onnxruntime",))
    assert {m.threads for m in result.measurements} == threads
    with pytest.raises(UsageError, match="threads were asked for"):
        run(device, tiny, affinity=affinity, threads=(max(threads) + 1,))


def test_inferences_that_come_slower_than_asked_for_are_warned_about(device, tiny):
    result = run(device, tiny, fps=20.0, threads=(1,))  # the script's come ten a second
    assert [f.code for m in result.measurements for f in m.findings] == ["pace-missed"] * 5
    assert result.measurements[0].repeats[0].loop_ns == 128 * 10**8


def test_what_went_to_the_device_is_recorded_with_the_time_it_took(device, tiny, monkeypatch):
    sent = device.push

    def slow(payloads, progress):
        time.sleep(0.05)
        return sent(payloads)

    monkeypatch.setattr(device, "push", slow)
    moved = run(device, tiny / "int8.onnx", threads=(1,)).transfer
    assert (moved.files, moved.seconds >= 0.05) == (4, True)  # the guest, a model, a runtime, the images
    assert moved.reused_files == 0


def test_progress_counts_every_process_of_the_plan(device, script, tiny, notes):
    run(device, tiny, notes)
    total = notes.steps[-1][1]
    assert total == len(script.requests) - 3  # less its Python and the two looks at the device
    assert notes.done == [*range(total), total]


def test_a_cell_that_crashes_is_left_alone_and_the_others_go_on(device, script, tiny):
    digest = make_hash(tiny, "float32.tflite")
    crash = when(model_sha256=digest, runtime="litert", threads=4)
    script.faults.append(lambda r: Completed(b"", "boom\n", -signal.SIGSEGV) if crash(r) else None)
    result = run(device, tiny)
    assert len(result.measurements) == 9
    assert "float32.tflite with litert 1.0 on 4 threads" in result.partial
    assert "SIGSEGV" in result.partial
    assert "boom" in result.partial
    assert sum(crash(request) for request in script.requests) == 1


def test_a_cell_that_fails_midway_keeps_its_repeats_and_is_invalid(device, script, tiny):
    seen = []

    def second_time(request):
        if request["pass"] == "latency" and request["runtime"] == "onnxruntime":
            seen.append(request)
            return refused("out-of-memory", "The device ran out of memory.") if len(seen) == 2 else None
        return None

    script.faults.append(second_time)
    result = run(device, tiny, threads=(1,))
    onnx = result.measurements[-1]
    assert (len(onnx.repeats), onnx.valid, onnx.memory) == (1, False, None)
    assert onnx.findings[0].message == "The device ran out of memory."
    assert "out of memory" in result.partial
    assert all(m.valid for m in result.measurements[:-1])


def test_an_interrupted_session_keeps_what_it_has(device, script, tiny):
    def interrupt(request):
        if len(script.requests) == 10:
            raise KeyboardInterrupt

    script.faults.append(interrupt)
    result = run(device, tiny, threads=(1,))
    assert result.partial == "Interrupted."
    assert result.ended == "interrupted"
    assert [len(m.repeats) for m in result.measurements] == [1, 1, 1, 2, 2]
    assert [m.valid for m in result.measurements] == [False, False, False, True, True]
    assert not device.is_open


def test_a_second_interruption_while_the_device_is_looked_at_again_loses_nothing(device, script, tiny):
    def interrupt(request):
        if len(script.requests) >= 10:
            raise KeyboardInterrupt

    script.faults.append(interrupt)
    result = run(device, tiny, threads=(1,))
    assert script.requests[-1]["pass"] == "probe"
    assert result.partial == "Interrupted."
    assert sum(len(m.repeats) for m in result.measurements) == 7


def test_an_evaluation_file_without_labels_is_refused_before_anything_is_measured(device, script, tiny):
    np.savez(tiny / "evaluation.npz", images=np.zeros((2, 8, 8, 3), np.uint8))
    edit_manifest(tiny, evaluation_sha256=sha256_file(tiny / "evaluation.npz"))
    with pytest.raises(DataError, match="labels"):
        run(device, tiny)
    assert script.requests == []


def test_a_session_interrupted_before_anything_was_measured_has_no_result(device, script, tiny):
    def interrupt(request):
        if request["pass"] == "latency":
            raise KeyboardInterrupt

    script.faults.append(interrupt)
    with pytest.raises(KeyboardInterrupt):
        run(device, tiny)
    assert not device.is_open


def test_a_device_that_hiccups_is_asked_again(device, script, tiny):
    failed = []

    def hiccup(request):
        if request["pass"] == "latency" and len(failed) < 2:
            failed.append(request)
            raise TransientDeviceError("The connection was lost.")

    script.faults.append(hiccup)
    assert run(device, tiny).partial is None


def test_a_device_that_is_gone_ends_the_session_with_what_there_is(device, script, tiny):
    def gone(request):
        if len(script.requests) > 9:
            raise TransientDeviceError("The connection was lost.")

    script.faults.append(gone)
    result = run(device, tiny, threads=(1,))
    assert "The connection was lost." in result.partial
    assert result.ended == "lost"
    assert sum(len(m.repeats) for m in result.measurements) == 7
    assert result.after.load_1min is None


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("model-unreadable", ModelError),
        ("output-wrong", InvalidError),
        ("runtime-missing", RuntimeMissingError),
        ("bad-affinity", UsageError),
        ("internal", DeviceError),
    ],
)
def test_when_nothing_could_be_measured_the_first_reason_is_raised(device, script, tiny, code, error):
    script.faults.append(lambda r: refused(code, "Because.") if r["pass"] == "latency" else None)
    with pytest.raises(error, match=r"Because\."):
        run(device, tiny)


@pytest.mark.parametrize(
    "stdout", [b"", b"{", b"[]", b'{"schema": "x"}', b"\xff\xfe", b'{"samples_ns": [1]}']
)
def test_an_answer_that_is_none_is_a_device_error(device, script, tiny, stdout):
    script.faults.append(lambda r: Completed(stdout, "last words\n", 0) if r["pass"] == "latency" else None)
    with pytest.raises(DeviceError, match="without an answer: last words"):
        run(device, tiny)


@pytest.mark.parametrize(
    "answer",
    [
        refused("runtime-missing", "x.so: failed to map segment from shared object"),
        Completed(b"", "sh: /home/pi/lib/ld-linux-aarch64.so.1: Permission denied\n", 126),
    ],
    ids=["runtime", "portable Python"],
)
def test_a_folder_that_is_mounted_noexec_is_named_with_the_way_out(device, script, tiny, answer):
    script.faults.append(lambda r: answer if r["pass"] == "latency" else None)
    with pytest.raises(DeviceError, match="noexec") as caught:
        run(device, tiny)
    assert "another `folder`" in caught.value.hint


def test_a_device_that_cannot_count_instructions_is_noted_once(device, script, tiny, notes):
    script.faults.append(
        lambda r: refused("no-counter", "No counter.") if r["pass"] == "instructions" else None
    )
    result = run(device, tiny, notes)
    assert result.partial is None
    assert all(m.valid for m in result.measurements)
    assert notes.notes == ["No instruction counts: No counter."]
    assert len(script.asked("instructions")) == 1
    assert result.lacks == ("No instruction counts: No counter.",)


def test_a_crash_while_reading_memory_is_no_missing_ability(device, script, tiny):
    script.faults.append(lambda r: Completed(b"", "", -6) if r["pass"] == "memory" else None)
    result = run(device, tiny)
    assert not any(m.valid for m in result.measurements)
    assert "SIGABRT" in result.partial


def missing(name):
    """Provide every runtime but one."""
    provide = runtimes.ensure_bundle

    def ensure(spec, target, progress):
        if spec.kind.name == name:
            raise RuntimeMissingError(f"{spec} has no wheels here.")
        return provide(spec, target, progress)

    return ensure


def test_a_runtime_nobody_named_may_be_missing_and_that_is_noted(device, tiny, notes, monkeypatch):
    monkeypatch.setattr(runtimes, "ensure_bundle", missing("tflite-runtime"))
    result = run(device, tiny, notes)
    assert {m.runtime.name for m in result.measurements} == {"litert", "onnxruntime"}
    assert notes.notes == ["Measuring without tflite-runtime: tflite-runtime has no wheels here."]


def test_a_runtime_named_with_and_without_its_version_is_measured_once(device, tiny):
    result = run(device, tiny / "int8.tflite", runtimes=("litert", "litert==1.0"), threads=(1,))
    assert [m.runtime.name for m in result.measurements] == ["litert"]


def test_a_runtime_asked_for_by_name_must_be_there(device, tiny, monkeypatch):
    monkeypatch.setattr(runtimes, "ensure_bundle", missing("tflite-runtime"))
    with pytest.raises(RuntimeMissingError):
        run(device, tiny / "int8.tflite", runtimes=("litert", "tflite-runtime"))


def test_named_runtimes_leave_the_other_files_out_with_a_note(device, tiny, notes):
    result = run(device, tiny, notes, runtimes=("onnxruntime",), threads=(1,))
    assert [m.artefact.file for m in result.measurements] == ["int8.onnx"]
    assert notes.notes == ["Leaving out float32.tflite, int8.tflite: onnxruntime does not execute them."]


def test_a_format_that_nothing_executes_is_not_left_out_silently(device, tiny, monkeypatch):
    monkeypatch.setattr(runtimes, "ensure_bundle", missing("onnxruntime"))
    with pytest.raises(RuntimeMissingError):
        run(device, tiny)


def make_hash(folder, name):
    return sha256_file(folder / name)


EMULATED = Profile(
    description="A board", transport="emulator", name="board-emulated", cpu="cortex-a72", emulated=True
)


def test_on_an_emulated_board_instructions_are_counted_and_nothing_is_timed(device, script, tiny):
    result = run(device, tiny, device=EMULATED, threads=(1,))
    assert {request["pass"] for request in script.requests} == {"python", "probe", "instructions", "accuracy"}
    assert result.partial is None
    for measurement in result.measurements:
        assert measurement.repeats == ()
        assert measurement.memory is None
        assert measurement.instructions.source == "qemu cortex-a72"
        assert measurement.instructions.per_inference == (5, 5, 5)
        assert measurement.accuracy.correct == 36
        assert measurement.findings == ()


def test_what_an_emulated_board_cannot_follow_is_noted(device, tiny, notes):
    fields = {"threads": (1,), "runtimes": ("litert",), "device": EMULATED}
    run(device, tiny / "int8.tflite", notes, fps=30.0, mode="rigorous", affinity=(0,), **fields)
    assert notes.notes[:3] == [
        "board-emulated has no time: inferences are counted, and not spaced by --fps.",
        "board-emulated has no time: counts are exact, and --mode rigorous changes nothing.",
        "board-emulated has a single CPU: --affinity changes nothing.",
    ]


def test_what_an_emulated_board_was_not_asked_is_not_noted(device, tiny, notes):
    run(device, tiny / "int8.tflite", notes, threads=(1,), runtimes=("litert",), device=EMULATED)
    assert notes.notes == []


def test_counts_that_differ_among_themselves_are_flagged(device, script, tiny):
    def unsteady(request):
        if request["pass"] != "instructions":
            return None
        answer = {"schema": "edgekit.guest/1", **script.healthy(request), "per_inference": [100, 110] * 15}
        return Completed(json.dumps(answer).encode(), "", 0)

    script.faults.append(unsteady)
    result = run(device, tiny / "int8.onnx", device=EMULATED, threads=(1,))
    (finding,) = result.measurements[0].findings
    assert (finding.kind, finding.code) == ("warning", "unsteady")
    assert "9.52%" in finding.message


def test_a_cpu_that_stays_too_hot_makes_the_measurement_invalid(device, script, tiny):
    def hot(request):
        if request["pass"] != "latency":
            return None
        answer = {**script.healthy(request), "celsius": 81.5, "waited_seconds": 180.0}
        return Completed(json.dumps({"schema": "edgekit.guest/1", **answer}).encode(), "", 0)

    script.faults.append(hot)
    profile = Profile(description="", transport="local", name="hot", max_celsius=70)
    result = run(device, tiny / "int8.onnx", device=profile, threads=(1,))
    assert {request["max_celsius"] for request in script.requests if request["pass"] == "latency"} == {70}
    (finding,) = [f for f in result.measurements[0].findings if f.code == "too-hot"]
    assert (finding.kind, finding.message) == (
        "invalid",
        "The CPU was at 82 °C after waiting 180 s for 70 °C.",
    )
