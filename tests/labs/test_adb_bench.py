"""A bench on a phone that has no Python and no C library: the real runtimes, executed as Arm code.

Everything is emulated here, so schedules are short: what is tested is that it works, not how fast it is.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edgekit.device import Profile
from edgekit.measurement import BenchRequest, Schedule, bench
from edgekit.results import Accuracy, Result, read_result
from labs.adb_fixtures import AdbLab, AdbServer, open_lab
from labs.adb_phone import TMP, Phone
from labs.board import Process

RUNTIMES = ("litert", "tflite-runtime", "onnxruntime")
SHORT = Schedule(repeats=1, min_runs=4, min_seconds=0.1, warmup_runs=1, warmup_seconds=0)
ANDROID = Profile(description="", transport="adb", name="android", fixed_performance=True)

# an edgekit of its own that measures one file for a long time
PROGRAM = """
import sys
from pathlib import Path
from edgekit.cli import ending
from edgekit.measurement import BenchRequest, Schedule, Store, bench
from edgekit.device import Profile

ending.listen()
store = Store(Path(sys.argv[3]))
profile = Profile(description="", transport="adb", name="android", fixed_performance=True)
schedule = Schedule(repeats=2, min_runs=4, min_seconds=float(sys.argv[2]), warmup_runs=1, warmup_seconds=0)
request = BenchRequest(
    artefacts=(Path(sys.argv[1]),), device=profile, runtimes=("litert",), threads=(1,), mode=schedule,
    accuracy=False, memory=False, instructions=False,
)
store.write(bench(request, store=store))
"""


@pytest.fixture(scope="module")
def lab(adb_server: AdbServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdbLab]:
    with open_lab(adb_server, tmp_path_factory.mktemp("bench") / "adb") as opened:
        yield opened


@pytest.fixture(scope="module")
def phone(lab: AdbLab) -> Phone:
    return lab.phone()


@pytest.fixture(scope="module")
def measured(phone: Phone, few_images: Path) -> Result:
    """The first bench on the phone."""
    return bench(request(few_images, ANDROID, *RUNTIMES))


@pytest.fixture(scope="module")
def host(few_images: Path) -> Result:
    return bench(request(few_images, "host"))


def request(artefacts: Path, profile: str | Profile, *runtimes: str, accuracy: bool = True) -> BenchRequest:
    return BenchRequest(
        artefacts=(artefacts,),
        device=profile,
        runtimes=runtimes,
        threads=(1,),
        mode=SHORT,
        accuracy=accuracy,
        memory=False,
        instructions=False,
    )


def answers(result: Result) -> dict[tuple[str, str], Accuracy]:
    """Return what was seen on the evaluation set, by file and runtime."""
    return {(m.artefact.file, m.runtime.name): m.accuracy for m in result.measurements if m.accuracy}


def test_every_file_is_executed_by_every_runtime_on_arm(measured: Result, phone: Phone) -> None:
    assert measured.partial is None
    assert (measured.device.machine, measured.device.bits) == ("aarch64", 64)
    assert (measured.device.distribution, measured.device.board) == ("Android 14", "edgekit Lab Phone")
    assert set(answers(measured)) == {
        (f"{precision}.{suffix}", runtime)
        for precision in ("float32", "int8")
        for runtime, suffix in zip(RUNTIMES, ("tflite", "tflite", "onnx"), strict=True)
    }
    for measurement in measured.measurements:
        assert [len(repeat.samples_ns) >= 4 for repeat in measurement.repeats] == [True]
    phone.assert_tidy()
    assert phone.fixed_performance() == ["true", "false"]


def test_accuracy_is_that_of_the_hosts_float_model(measured: Result, host: Result) -> None:
    expected = answers(host)["float32.tflite", "litert"]
    for place, found in answers(measured).items():
        assert found.n == expected.n == 50, place
        assert abs(found.correct - expected.correct) / found.n <= 0.005, place


def test_predictions_agree_with_the_hosts(measured: Result, host: Result) -> None:
    theirs = answers(host)
    for (file, runtime), found in answers(measured).items():
        # where a runtime has no wheel for the host's Python, the other one that executes the same file
        expected = theirs.get((file, runtime)) or theirs[file, "litert"]
        same = sum(one == other for one, other in zip(found.predictions, expected.predictions, strict=True))
        assert same / found.n >= 0.99, (file, runtime)


def test_a_second_bench_sends_nothing(measured: Result, phone: Phone, few_images: Path) -> None:
    assert measured.transfer.bytes > 50_000_000
    assert measured.transfer.seconds > 0
    before = phone.wire.passed["up"]
    again = bench(request(few_images, ANDROID, "litert", accuracy=False))
    assert (again.partial, again.transfer.bytes, again.transfer.files) == (None, 0, 0)
    assert phone.wire.passed["up"] - before < 100_000  # scripts and requests
    phone.assert_tidy()


def guests(phone: Phone) -> list[Process]:
    """Return the guests that run: the portable Python's loader, and a file that reads its request."""
    return [p for p in phone.running() if "/ld-linux" in p.argv[0] and p.argv[-1] == "-"]


def _session(process: Process) -> int:
    try:
        return os.getsid(process.pid)
    except ProcessLookupError:
        return 0


@contextmanager
def benching(
    artefacts: Path, seconds: float, result: Path, phone: Phone, repeat: int
) -> Iterator[subprocess.Popen[bytes]]:
    """A bench of its own, in the middle of a repeat; the first or the second. It is waited for."""
    argv = [sys.executable, "-c", PROGRAM, str(artefacts / "int8.tflite"), str(seconds), str(result)]
    process = subprocess.Popen(argv)
    try:
        seen: set[int] = set()
        end = time.monotonic() + 120  # many emulated processes come first
        while len(seen - {0}) < 1 + repeat:  # the probe's guest, and then each repeat's
            assert process.poll() is None
            assert time.monotonic() < end, phone.running()
            # a session each, so that what a guest starts, and is a copy of it at first, is not another
            seen.update(_session(guest) for guest in guests(phone))
            time.sleep(0.1)
        yield process
        process.wait(120)
    finally:
        process.kill()
        process.wait()


@pytest.mark.usefixtures("measured")
def test_a_killed_bench_leaves_no_process_on_the_phone(phone: Phone, artefacts: Path, tmp_path: Path) -> None:
    with benching(artefacts, 2, tmp_path / "result.json", phone, 2) as process:
        process.kill()
    phone.assert_tidy()
    assert phone.fixed_performance()[-2:] == ["true", "false"]
    kept = read_result(tmp_path / "result.json")
    assert kept.partial == "The session is not finished: it is still running, or was killed."
    assert [len(m.repeats) for m in kept.measurements] == [1]


@pytest.mark.usefixtures("measured")
@pytest.mark.parametrize(
    ("number", "said"), [(signal.SIGINT, "Interrupted."), (signal.SIGTERM, "Ended by SIGTERM.")]
)
def test_an_interrupted_bench_keeps_what_it_has(
    phone: Phone, artefacts: Path, tmp_path: Path, number: signal.Signals, said: str
) -> None:
    with benching(artefacts, 2, tmp_path / "result.json", phone, 2) as process:
        process.send_signal(number)
    kept = read_result(tmp_path / "result.json")
    assert (kept.ended, kept.partial) == ("interrupted", said)
    assert [len(m.repeats) for m in kept.measurements] == [1]
    phone.assert_tidy()


@pytest.mark.usefixtures("measured")
def test_a_bench_whose_connection_is_cut_goes_on(phone: Phone, artefacts: Path, tmp_path: Path) -> None:
    with benching(artefacts, 2, tmp_path / "result.json", phone, 2):
        phone.wire.cut()
    kept = read_result(tmp_path / "result.json")
    assert (kept.ended, kept.partial) == ("whole", None)
    assert [len(m.repeats) for m in kept.measurements] == [2]
    phone.assert_tidy()


@pytest.mark.usefixtures("measured")
def test_a_bench_that_loses_the_phone_keeps_what_it_has(
    phone: Phone, artefacts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgekit.device.shell.RECONNECT", 1.0)  # seconds that it goes on trying

    class Pulling:
        """Pulls the cable once a second process is to be measured."""

        def step(self, what: str, total: float | None = None) -> None:
            self.what = what

        def advance(self, done: float) -> None:
            if self.what.startswith("Measuring") and done == 1:
                phone.unplug()

        def note(self, text: str) -> None:
            pass

    asked = request(artefacts, ANDROID, "litert", accuracy=False)
    try:
        kept = bench(asked, Pulling())
    finally:
        phone.plug()
    assert kept.ended == "lost"
    assert "android" in (kept.partial or "")
    assert [len(m.repeats) for m in kept.measurements] == [1]
    phone.assert_tidy()


@pytest.mark.usefixtures("measured")
def test_a_guest_that_is_killed_on_the_phone_ends_its_measurement(
    lab: AdbLab, phone: Phone, artefacts: Path, tmp_path: Path
) -> None:
    lab.wait_for(phone, "device")
    with benching(artefacts, 2, tmp_path / "result.json", phone, 2):
        for guest in guests(phone):
            guest.kill()
    kept = read_result(tmp_path / "result.json")
    assert kept.ended == "failed"
    assert "was killed (SIGKILL)" in (kept.partial or "")
    phone.assert_tidy()
    again = bench(request(artefacts / "int8.tflite", ANDROID, "litert", accuracy=False))
    assert (again.partial, again.transfer.bytes) == (None, 0)


@pytest.mark.usefixtures("measured")
def test_cleaning_takes_everything_away(phone: Phone) -> None:
    from edgekit.device.adb import AdbTransport
    from edgekit.device.transport import connected

    with connected(AdbTransport(ANDROID)) as device:
        assert device.clean() > 100_000_000
    assert {path for path in phone.written() if path.startswith(TMP)} == set()
