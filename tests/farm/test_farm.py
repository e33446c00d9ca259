"""Steps on workers of a Dask scheduler: what is lost on the way is done again, and named."""

import asyncio
import io
import os
import re
import socket
import subprocess
import sys
import tarfile
import threading
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import dask
import pytest
import support.planted_steps  # noqa: F401 - plants its kinds
import yaml
from distributed import KilledWorker
from support import planted_sweep

from edgekit import __version__
from edgekit.errors import UnavailableError, UsageError
from edgekit.farm import crew, run_steps
from edgekit.farm.connect import caution, greet, need_dask
from edgekit.farm.parcel import Parcel, pack, unpack
from edgekit.farm.run import _Errand
from edgekit.files import sha256_bytes
from edgekit.progress import Recorder
from edgekit.sweeping import STEPS, Store, new_step
from edgekit.sweeping import run_steps as run_here
from edgekit.sweeping.request import SweepRequest
from edgekit.sweeping.sweep import sweep

TESTS = Path(__file__).resolve().parents[1]
PAGE = TESTS.parent / "docs" / "farm.md"
ENV = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS.parent), str(TESTS)])}


class Farm:
    """A scheduler, and a worker command with processes for any step and one for the device rpi4."""

    def __init__(self, protocol="tcp", jobs=2, **env):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.protocol, self.env = protocol, {**ENV, **env}
        self.address = f"{protocol}://127.0.0.1:{self.port}"
        self.start()
        command = ["edgekit", "farm", "worker", "--jobs", str(jobs), "--device", "rpi4", self.address]
        self.workers = subprocess.Popen(
            [sys.executable, "-m", *command], env=self.env, stderr=subprocess.PIPE
        )

    def start(self):
        where = ["--protocol", self.protocol, "--host", "127.0.0.1", "--port", str(self.port)]
        self.scheduler = subprocess.Popen(
            [sys.executable, "-m", "dask", "scheduler", *where, "--no-dashboard"],
            env=self.env,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 60  # on a busy computer starting takes longer than a client waits
        while time.monotonic() < until:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.1)

    def restart(self):
        self.scheduler.kill()
        self.scheduler.wait()
        self.start()

    def stop(self):
        self.workers.terminate()
        self.workers.communicate(timeout=60)
        self.scheduler.kill()
        self.scheduler.wait()


@pytest.fixture(scope="module")
def farm():
    farm = Farm()
    yield farm
    farm.stop()


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def _planted(text, *needs, device=None, **settings):
    return new_step("planted", text, {"text": text, **settings}, needs=needs, device=device)


def _run(farm, steps, store, **settings):
    progress = Recorder()
    return run_steps(steps, store, progress, scheduler=farm.address, grace=60, **settings), progress


def _files(store):
    return {
        path.relative_to(store.folder): path.read_bytes()
        for path in store.folder.rglob("text")
        if "work" not in path.parts
    }


def _log_when(path, line):
    while not path.exists() or line not in path.read_text():
        time.sleep(0.02)


def test_two_workers_give_what_this_computer_gives(farm, store, tmp_path):
    made = [_planted(f"made {n}") for n in range(4)]
    measured = [_planted(f"measured {n}", step, device="rpi4") for n, step in enumerate(made)]
    refused = new_step("refusing", "refused", {})
    after = _planted("after", refused)
    outcome, _ = _run(farm, [*made, *measured, refused, after], store)
    here = Store(tmp_path / "here")
    expected = run_here([*made, *measured, refused, after], here)
    assert (outcome.done, outcome.skipped, outcome.ran) == (expected.done, expected.skipped, expected.ran)
    assert [each.reason for each in outcome.failed] == [each.reason for each in expected.failed]
    assert _files(store) == _files(here)
    assert _run(farm, made, store)[0].ran == 0


def test_a_step_whose_worker_is_killed_is_done_elsewhere_and_the_worker_is_named(farm, store, tmp_path):
    once = _planted("once", kill=str(tmp_path / "killed"))
    # for longer than between two looks at who is there
    others = [_planted(f"other {n}", seconds=0.4) for n in range(15)]
    outcome, progress = _run(farm, [once, *others], store)
    assert outcome.ran == 16
    assert not outcome.failed
    assert any(note.startswith("Lost the worker compute-") for note in progress.notes)


def test_a_step_that_always_ends_its_worker_is_named_and_takes_no_other_along(farm, store):
    ending = new_step("ending", "ending", {})
    others = [_planted(f"other {n}", seconds=0.05) for n in range(8)]
    outcome, _ = _run(farm, [ending, *others, _planted("after", ending)], store)
    (failure,) = outcome.failed
    assert failure.name == "ending"
    assert failure.reason == "It crashed its worker 5 times, the last time with no other step running."
    assert [step.name for step in outcome.skipped] == ["after"]
    assert outcome.ran == 8


def test_a_scheduler_that_is_started_anew_is_sent_what_is_missing(farm, store, tmp_path):
    log = tmp_path / "log"
    steps = [_planted(f"step {n}", seconds=0.3, log=str(log)) for n in range(6)]

    def restart():
        _log_when(log, "end step 1")
        farm.restart()

    thread = threading.Thread(target=restart)
    thread.start()
    outcome, progress = _run(farm, steps, store)
    thread.join()
    assert outcome.ran == 6
    assert len(_files(store)) == 6
    assert any("; waiting up to 600 s for it" in note for note in progress.notes)
    begun = [int(part.split()[0]) for part, _ in progress.steps if " of 6, step" in part]
    assert max(begun) == 6


def test_a_step_that_is_alone_when_the_scheduler_goes_is_tried_alone_again_and_once(store):
    """With a client that only takes orders: how often Dask counts a worker as ended is up to chance."""
    sent = []

    class Future:
        def __init__(self, key):
            self.key = key

        def result(self):
            raise KilledWorker(self.key, None, 3)

        def add_done_callback(self, _):
            pass

        def cancel(self, force):
            raise OSError("the scheduler is gone")

    def submit(*_, key, workers, **__):
        sent.append(workers)
        return Future(key)

    crew = SimpleNamespace(
        client=SimpleNamespace(submit=submit),
        announced={"tcp://worker:1": {"compute": 1}},
        units={"compute": 1},
        allowed=lambda: None,
    )
    errand = _Errand([_planted("suspect")], store, Recorder(), "tcp://gateway:8786", patience=1)
    errand._take_ready()
    errand._send(crew)
    (flight,) = errand._flights.values()
    errand._land(flight.future)
    errand._send(crew)
    errand._hang_up()
    errand._send(crew)
    errand._send(crew)
    assert sent == [None, ["tcp://worker:1"], ["tcp://worker:1"]]


def test_two_workers_of_computers_that_have_one_name_are_both_at_work(farm, store):
    words = ["edgekit", "farm", "worker", "--jobs", "1", farm.address]
    with subprocess.Popen([sys.executable, "-m", *words], env=ENV, stderr=subprocess.PIPE, text=True) as more:
        said = more.stderr.readline()
        more.terminate()
    assert said.startswith("Working for"), said


def test_a_device_does_one_step_at_a_time(farm, store, tmp_path):
    log = tmp_path / "log"
    steps = [_planted(f"step {n}", device="rpi4", seconds=0.02, log=str(log)) for n in range(6)]
    assert _run(farm, steps, store)[0].ran == 6
    lines = log.read_text().splitlines()
    assert [line.split()[0] for line in lines] == ["begin", "end"] * 6


def test_a_device_that_no_worker_announces_is_named_with_the_command(farm, store):
    with pytest.raises(UnavailableError, match="announces the device pixel; what is announced: compute") as e:
        run_steps([_planted("a", device="pixel")], store, scheduler=farm.address, grace=0)
    assert e.value.hint.endswith(f"edgekit farm worker --device pixel {farm.address}")


def test_a_worker_with_another_edgekit_is_named_before_a_step_is_sent(farm, store, monkeypatch):
    monkeypatch.setattr(crew, "__version__", "9.9.9")
    with pytest.raises(UsageError, match=rf"has edgekit {__version__}; here it is edgekit 9\.9\.9\. No step"):
        _run(farm, [_planted("a")], store)
    assert not _files(store)


def test_a_scheduler_with_another_dask_is_named(farm, store, monkeypatch):
    monkeypatch.setattr("distributed.__version__", "1.2.3")
    with pytest.raises(UsageError, match=r"runs Dask distributed 20.*; here it is 1\.2\.3"):
        _run(farm, [_planted("a")], store)


def test_a_scheduler_that_is_not_there_or_is_something_else_is_named(store, monkeypatch):
    monkeypatch.setattr("edgekit.farm.connect.ANSWER", 0.5)
    steps = [_planted("a")]
    with pytest.raises(UsageError, match="'gateway' is not a scheduler's address"):
        run_steps(steps, store, scheduler="gateway")
    with pytest.raises(UnavailableError, match=r"No Dask scheduler answers at tcp://127.0.0.1:9: .*refused"):
        run_steps(steps, store, scheduler="tcp://127.0.0.1:9")
    with pytest.raises(UsageError, match=r"tls://127.0.0.1:9 cannot be used") as error:
        run_steps(steps, store, scheduler="tls://127.0.0.1:9")
    assert "needs keys" in error.value.hint


def test_a_scheduler_that_a_firewall_hides_is_named_in_words(monkeypatch):
    async def nothing(_):
        try:
            raise asyncio.TimeoutError from asyncio.CancelledError()
        except asyncio.TimeoutError as error:
            raise OSError("Timed out trying to connect to tcp://gateway:8786 after 10 s") from error

    monkeypatch.setattr("edgekit.farm.connect._version", nothing)
    with pytest.raises(UnavailableError, match=r"answers at tcp://gateway:8786: Timed out trying .* 10 s\."):
        greet("tcp://gateway:8786")


def test_an_address_without_keys_is_cautioned_about_unless_it_is_of_this_computer_alone():
    progress = Recorder()
    for address in ("tls://gateway:8786", "tcp://127.0.0.1:8786", "tcp://localhost:8786", "tcp://[::1]:8786"):
        caution(address, progress)
    assert progress.notes == []
    caution("tcp://gateway:8786", progress)
    assert "anyone who can reach it can run code on its workers" in progress.notes[0]


def test_with_the_keys_of_the_page_steps_are_done_and_without_them_nobody_gets_in(store, tmp_path):
    (script,) = re.findall(r"^```sh\n(mkdir.*?)^```", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL)
    home = tmp_path / "home"
    home.mkdir()
    subprocess.run(
        ["sh", "-ec", script], env={**os.environ, "HOME": str(home)}, check=True, capture_output=True
    )
    settings = yaml.safe_load((home / ".config" / "dask" / "edgekit.yaml").read_text())
    farm = Farm("tls", jobs=1, DASK_CONFIG=str(home / ".config" / "dask"))
    need_dask()  # before its settings are changed: it brings the others
    try:
        with dask.config.set(dask.config.merge(dask.config.config, settings)):
            outcome, progress = _run(farm, [_planted("a"), _planted("b", device="rpi4")], store)
        assert (outcome.ran, outcome.failed) == (2, ())
        assert not any("has no authentication" in note for note in progress.notes)
        with pytest.raises((UnavailableError, UsageError)):
            run_steps([_planted("c")], store, scheduler=farm.address.replace("tls", "tcp"))
        with pytest.raises(UsageError, match="cannot be used"):
            run_steps([_planted("c")], store, scheduler=farm.address)
    finally:
        farm.stop()


def test_a_whole_sweep_on_workers_has_the_table_of_a_sweep_here(farm, tmp_path, monkeypatch):
    for name in ("train", "convert", "measure"):
        monkeypatch.setitem(STEPS, name, STEPS[name])
    planted_sweep.plant()

    def swept(folder, **named):
        request = SweepRequest(
            alphas=(0.5, 0.25), resolutions=(192, 128), devices=("rpi4",), output=tmp_path / folder
        )
        return sweep(request, **named)

    there = swept("there", run=partial(run_steps, scheduler=farm.address, grace=60), elsewhere=True)
    assert there.cells == swept("here", run=planted_sweep.run_here).cells
    assert there.whole


@pytest.mark.parametrize("name", ["../outside", "inner/../../outside"])
def test_a_parcel_that_would_write_elsewhere_is_refused(tmp_path, name):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(name))
    data = buffer.getvalue()
    with pytest.raises(UnavailableError, match="cannot be unpacked"):
        unpack(Parcel(sha256_bytes(data), data), tmp_path / "folder")
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE])
def test_a_parcel_with_anything_but_files_is_refused(tmp_path, kind):
    (tmp_path / "outside").write_bytes(b"mine")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo("link")
        entry.type, entry.linkname = kind, "../outside"
        archive.addfile(entry)
        archive.addfile(tarfile.TarInfo("link/x"))
    data = buffer.getvalue()
    with pytest.raises(UnavailableError, match="'link' is not a file within the folder"):
        unpack(Parcel(sha256_bytes(data), data), tmp_path / "folder")
    assert (tmp_path / "outside").read_bytes() == b"mine"
    assert not (tmp_path / "folder").exists()


def test_a_parcel_is_its_files_and_is_refused_if_it_changed(tmp_path):
    folder = tmp_path / "made"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "file").write_bytes(b"content")
    parcel = pack(folder)
    unpack(parcel, tmp_path / "arrived")
    assert pack(tmp_path / "arrived") == parcel
    with pytest.raises(UnavailableError, match="arrived damaged"):
        unpack(Parcel(parcel.sha256, parcel.archive[:-1] + b"x"), tmp_path / "no")
    assert not (tmp_path / "no").exists()
