"""Phones for a test, and an adb server of their own that knows no others."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from labs import android_root
from labs.adb_phone import Phone
from labs.board import wait_until
from labs.roots import root_folder

# a phone that happens to be attached to this computer is not to be seen, so its bus is hidden
_SERVER = "[ ! -d /dev/bus/usb ] || mount -t tmpfs tmpfs /dev/bus/usb; exec adb server nodaemon"


class AdbServer:
    """A real adb server on a port of its own, with keys of its own; a user's is not touched."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        unset = ("ANDROID_SERIAL", "ANDROID_VENDOR_KEYS", "ADB_VENDOR_KEYS", "ADB_SERVER_SOCKET", "ADB_TRACE")
        kept = {name: value for name, value in os.environ.items() if name not in unset}
        self.environment = {**kept, "ANDROID_ADB_SERVER_PORT": str(self.port), "HOME": str(folder)}
        # setpriv: should this process be killed, so is the server
        command = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "sh", "-c", _SERVER]
        self._log = folder / "server.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        wait_until(self._answers, lambda: f"adb's server, which said: {self._log.read_text()}")

    def adb(self, *words: str, stdin: bytes = b"", check: bool = False) -> subprocess.CompletedProcess[bytes]:
        """Run the real client to its end."""
        return subprocess.run(
            ["adb", *words], env=self.environment, input=stdin, capture_output=True, timeout=120, check=check
        )

    def states(self) -> dict[str, str]:
        """Return the state of every phone it knows, by serial."""
        listed = self.adb("devices", check=True).stdout.decode().splitlines()[1:]
        return dict(line.split("\t") for line in listed if line)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False


class AdbLab:
    """Phones for one test."""

    def __init__(self, folder: Path, server: AdbServer) -> None:
        self.server = server
        self.adb = server.adb
        self._folder = folder
        self._phones: list[Phone] = []

    def phone(self, space: int | None = None) -> Phone:
        """Switch a new phone on and attach it.

        Args:
            space: Bytes that fit into its /data/local/tmp; None: no limit of its own.
        """
        name = f"phone{len(self._phones) + 1}"
        phone = Phone(root_folder(android_root.NAME), self._folder / name, space)
        self._phones.append(phone)
        phone.start()
        self.attach(phone)
        return phone

    def attach(self, phone: Phone) -> None:
        """Let adb connect to it, anew if it was."""
        self.adb("disconnect", phone.serial)
        said = self.adb("connect", phone.serial).stdout.decode()
        assert said.startswith(("connected to", "failed to authenticate")), said
        self.wait_for(phone, phone.state)

    def wait_for(self, phone: Phone, state: str) -> None:
        wait_until(
            lambda: self.server.states().get(phone.serial) == state,
            lambda: (
                f"{phone.serial} to be {state}; it is {self.server.states()}; it said: {phone.board.log()}"
            ),
        )

    def close(self) -> None:
        for phone in self._phones:
            self.adb("disconnect", phone.serial)
            phone.stop()
            shutil.rmtree(phone.disk, ignore_errors=True)  # what was pushed is large


@pytest.fixture(scope="session")
def adb_server(labs: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdbServer]:
    server = AdbServer(tmp_path_factory.mktemp("adb"))
    yield server
    server.stop()


@contextmanager
def open_lab(server: AdbServer, folder: Path) -> Iterator[AdbLab]:
    """Phones in that folder; `adb` of this process and its children sees them alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANDROID_ADB_SERVER_PORT", str(server.port))
        patch.delenv("ANDROID_SERIAL", raising=False)
        lab = AdbLab(folder, server)
        yield lab
        lab.close()


@pytest.fixture
def adb_lab(adb_server: AdbServer, tmp_path: Path) -> Iterator[AdbLab]:
    """Phones that are new for every test."""
    with open_lab(adb_server, tmp_path / "adb") as lab:
        yield lab
