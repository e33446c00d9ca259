"""Sessions on this computer, with the real runtimes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from support.artefact_sets import edit_manifest, make_set

from edgekit.device import find_profile
from edgekit.errors import RecordError
from edgekit.measurement import BenchRequest, Schedule, bench, result_path, save_result
from edgekit.results import read_result
from edgekit.visit import probe

SHORT = Schedule(repeats=2, min_runs=64, min_seconds=0.05, warmup_seconds=0.05)


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """One session over three files."""
    folder = make_set(tmp_path_factory.mktemp("set") / "tiny", ("float16.tflite", "int8.tflite", "int8.onnx"))
    return bench(BenchRequest(artefacts=(folder,), mode=SHORT, threads=(1,), command="edgekit bench"))


def test_every_figure_is_there(result):
    assert result.partial is None
    assert {m.runtime.name for m in result.measurements} >= {"litert", "onnxruntime"}
    for measured in result.measurements:
        assert [len(repeat.samples_ns) >= 64 for repeat in measured.repeats] == [True, True]
        assert measured.accuracy.correct == 36
        assert measured.memory.baseline < measured.memory.peak
        assert measured.runtime.bundle
        assert measured.runtime.options


def test_the_timed_input_is_the_same_for_all(result):
    assert len({measured.input_sha256 for measured in result.measurements}) == 1


def test_the_environment_is_recorded_before_and_after(result):
    assert result.before.time <= result.after.time
    assert result.before.other_cpus is not None
    assert result.device.transport == "local"
    assert result.device.python == ".".join(map(str, sys.version_info[:3]))


def test_a_result_is_saved_under_its_time_set_and_device_and_read_back(result, tmp_path):
    path = save_result(result, tmp_path / "results")
    when = result.created.replace("-", "").replace(":", "")
    assert path.name == f"{when}-tiny-host.json"
    assert read_result(path) == result
    assert save_result(result, tmp_path / "results").name == f"{when}-tiny-host-2.json"


def test_a_set_with_an_odd_name_gives_a_plain_file_name(result, tmp_path):
    artefact = msgspec.structs.replace(result.measurements[0].artefact, set="../my model: ä/b")
    measured = msgspec.structs.replace(result.measurements[0], artefact=artefact)
    odd = msgspec.structs.replace(result, measurements=(measured,))
    assert result_path(tmp_path, odd).parent == tmp_path
    assert "/" not in result_path(tmp_path, odd).name


def test_a_set_with_a_long_name_in_any_script_can_be_saved(result, tmp_path):
    artefact = msgspec.structs.replace(result.measurements[0].artefact, set="数字認識" * 60)
    measured = msgspec.structs.replace(result.measurements[0], artefact=artefact)
    path = save_result(msgspec.structs.replace(result, measurements=(measured,)), tmp_path)
    assert len(path.name.encode()) <= 160
    assert "数字認識" in path.name


def test_this_computer_can_be_probed():
    found = probe(find_profile("host"))
    assert found.device.machine == os.uname().machine
    assert found.device.bits == 64
    assert found.device.free_bytes > 0
    assert 1 <= found.device.cpus <= len(os.sched_getaffinity(0))
    assert found.environment.memory_available_bytes > 0
    assert found.runtimes["litert"] == ""


def test_a_manifest_of_a_newer_edgekit_is_refused(tmp_path):
    folder = make_set(tmp_path / "tiny", ("int8.tflite",))
    edit_manifest(folder, schema="edgekit.manifest/99")
    with pytest.raises(RecordError, match=r"edgekit\.manifest/99"):
        bench(BenchRequest(artefacts=(folder,), mode=SHORT))


SCRIPT = """
import sys
from pathlib import Path
from edgekit.measurement import BenchRequest, Schedule, bench, save_result
schedule = Schedule(repeats=2, min_runs=64, min_seconds=float(sys.argv[2]), warmup_seconds=0.05)
request = BenchRequest(artefacts=(Path(sys.argv[1]),), mode=schedule, threads=(1,), runtimes=("litert",))
result = bench(request)
save_result(result, Path(sys.argv[3]))
assert not {"tensorflow", "keras", "onnxruntime"} & set(sys.modules)
"""


def start(*arguments):
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *map(str, arguments)], stderr=subprocess.PIPE, text=True
    )


def guests(pid):
    """Processes that run the guest, started by a process."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [c for c in children if b"edgekit_guest" in Path(f"/proc/{c}/cmdline").read_bytes()]
    except FileNotFoundError:
        return []


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_bench_that_was_killed_leaves_nothing_and_runs_again(tmp_path, how):
    folder = make_set(tmp_path / "tiny", ("int8.tflite",))
    process = start(folder, 600, tmp_path / "results")
    seen: set[str] = set()
    while len(seen) < 3:  # its Python, the probe, then the first repeat
        assert process.poll() is None, process.stderr.read()
        seen |= set(guests(process.pid))
        time.sleep(0.01)
    process.send_signal(how)
    process.communicate(timeout=30)
    end = time.monotonic() + 30
    while any(is_alive(guest) for guest in seen):
        assert time.monotonic() < end
        time.sleep(0.02)
    assert not (tmp_path / "results").exists()
    again = start(folder, 0.05, tmp_path / "results")
    assert again.communicate(timeout=120)[1] == ""
    assert again.returncode == 0
    assert len(list((tmp_path / "results").glob("*.json"))) == 1


def test_an_interrupted_bench_saves_what_it_has(tmp_path):
    folder = make_set(tmp_path / "tiny", ("int8.tflite",))
    process = start(folder, 1, tmp_path / "results")
    seen: set[str] = set()
    while len(seen) < 4:  # its Python, the probe and two repeats: the first is done
        assert process.poll() is None, process.stderr.read()
        seen |= set(guests(process.pid))
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60)[1] == ""
    (path,) = (tmp_path / "results").glob("*.json")
    kept = read_result(path)
    assert kept.partial == "Interrupted."
    assert len(kept.measurements[0].repeats) == 1
    assert not kept.measurements[0].valid
