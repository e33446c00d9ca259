"""Whatever shell a user logs in with, and whatever its start-up files do: an answer, or a sentence."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.artefact_sets import make_set

import edgekit
from edgekit.device import Profile
from edgekit.device.ssh import SshTransport
from edgekit.device.transport import connected
from edgekit.errors import DeviceError, TransientDeviceError
from edgekit.measurement import BenchRequest, Schedule, bench
from labs.board import wait_until
from labs.login_shells import NO_SHELLS, SHELLS, LoginShells, login_shells
from labs.payloads import a_file
from labs.ssh_lab import Keys

SHORT = Schedule(repeats=1, min_runs=3, min_seconds=0, warmup_runs=1, warmup_seconds=0)
SHELLS_OWN = (".local", ".config/xonsh")  # fish keeps its history in one, xonsh makes the other
BENCHED = ("bash", "fish", "tcsh")  # the others do all that a bench does there but measuring


@pytest.fixture(scope="module")
def server(keys: Keys, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoginShells]:
    with login_shells(tmp_path_factory.mktemp("shells"), keys) as found:
        yield found


@pytest.fixture(autouse=True)
def _path(server: LoginShells, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(server.programs), prepend=os.pathsep)
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)


@pytest.fixture(scope="module")
def artefact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_set(tmp_path_factory.mktemp("made") / "set", ("int8.tflite",)) / "int8.tflite"


@pytest.mark.parametrize("shell", SHELLS)
def test_every_login_shell_serves_and_nothing_of_the_users_is_touched(
    server: LoginShells, artefact: Path, shell: str
) -> None:
    """Its start-up files give every name of our scripts a value: a folder full of the user's files."""
    server.furnish(shell)
    before = server.contents(shell)
    profile = server.profile(shell)
    edgekit.devices.probe(profile)
    edgekit.devices.doctor(profile)
    if shell in BENCHED:
        bench_on(profile, artefact)
    assert edgekit.devices.clean(profile) > 0
    after = {name: kept for name, kept in server.contents(shell).items() if not name.startswith(SHELLS_OWN)}
    assert after == before
    wait_until(lambda: not server.processes(shell), lambda: f"{server.processes(shell)} to end")


def bench_on(profile: Profile, artefact: Path) -> None:
    asked = BenchRequest(
        artefacts=(artefact,), device=profile, threads=(1,), mode=SHORT, memory=False, instructions=False
    )
    result = bench(asked)
    assert (result.partial, result.ended) == (None, "whole")


@pytest.mark.parametrize("shell", ["tcsh", "fish", "rbash"])
def test_a_command_that_takes_too_long_is_gone_with_all_it_started(server: LoginShells, shell: str) -> None:
    """The login shell may stay, as the leader of the group."""
    with connected(SshTransport(server.profile(shell))) as device:
        with pytest.raises(DeviceError, match="did not finish within 1 s"):
            device.run(["sh", "-c", "sleep 600 & sleep 600"], stdin="", deadline=1)
        assert device.run(["echo", "on"], stdin="", deadline=30).stdout == b"on\n"
    wait_until(lambda: not server.processes(shell), lambda: f"{server.processes(shell)} to end")


@pytest.mark.parametrize("shell", NO_SHELLS)
def test_a_shell_that_runs_no_commands_is_named(server: LoginShells, shell: str) -> None:
    with pytest.raises(DeviceError) as caught:
        SshTransport(server.profile(shell)).connect()
    assert caught.value.what.startswith(f"The login shell on {shell} ({shell}) did not start `sh`: ")
    assert "ssh" in caught.value.hint
    assert not isinstance(caught.value, TransientDeviceError)


NOISES = {
    "a title": r"printf '\033]0;pi@board\007'",
    "carriage returns": r"printf 'one\rtwo\r'; printf 'three\r' >&2",
    "a megabyte": "head -c 1000000 /dev/zero | tr '\\0' 'x'",
    "binary": "head -c 50000 /dev/urandom; head -c 5000 /dev/urandom >&2",
    "our own words": "echo ok; echo edgekit; echo home /nowhere; echo unmade; printf 'busy 1 2 3 ok'",
    "what it executes": "set -xv",
    "errors": "echo nothing >&2; cd /nowhere",
    "a line that is read": "read -t 1 line",
}


@pytest.mark.parametrize("noise", NOISES)
def test_what_a_start_up_file_prints_is_not_taken_for_an_answer(
    server: LoginShells, tmp_path: Path, noise: str
) -> None:
    server.start_up("bash", NOISES[noise] + "\n")
    sent = a_file(tmp_path / "sent", 300_000)
    begin = time.monotonic()
    try:
        with connected(SshTransport(server.profile("bash"))) as device:
            path = device.push([sent]).paths[sent.sha256]
            done = device.run(["sh", "-c", 'cat "$0"; echo err >&2; exit 5', path], stdin="", deadline=30)
            assert (done.stdout, done.stderr, done.code) == (sent.source.read_bytes(), "err\n", 5)
    except DeviceError as error:
        assert noise == "a line that is read"
        assert "ssh bash true" in error.hint
    assert time.monotonic() - begin < 15


@pytest.mark.parametrize(
    "text",
    ["exec cat", "sleep 30", "exec zsh", "exec bash --norc", "exec fish", "exec tcsh", "exec python3"],
)
def test_a_start_up_file_that_starts_another_program_is_told_with_what_shows_it(
    server: LoginShells, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    if text != "exec cat":
        monkeypatch.setattr("edgekit.device.shell.GREETING", 2.0)
    server.start_up("bash", text + "\n")
    before = server.contents("bash")
    begin = time.monotonic()
    with pytest.raises(DeviceError) as caught:
        SshTransport(server.profile("bash")).connect()
    assert caught.value.what.startswith("The login shell on bash (bash) did not start `sh`")
    assert "ssh bash " in caught.value.hint
    assert not isinstance(caught.value, TransientDeviceError)
    assert time.monotonic() - begin < 15
    assert before.items() <= server.contents("bash").items()  # fish makes folders of its own
