"""A test phone: a board with adbd, and a wire to it."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress
from pathlib import Path

from labs import android_root, board
from labs.board import Board
from labs.wire import Wire

_ALL = 1 << 30
TMP = "/data/local/tmp"
PORT = 5555  # on the phone: where adbd listens when debugging goes over the network


class PhoneBoard(Board):
    """A board without folders that a phone has not."""

    def _commands(self) -> list[list[str]]:
        absent = [f"{board.ROOT}/{folder}" for folder in ("tmp", "var/tmp", "dev/shm")]
        return [command for command in super()._commands() if command[-1] not in absent]


class Phone:
    """One phone, whose adbd is reached at a port of this computer's loopback.

    Args:
        root: Android's root file system.
        disk: What the phone keeps when it is switched off.
        space: Bytes that fit into /data/local/tmp; None: as many as here.
    """

    def __init__(self, root: Path, disk: Path, space: int | None = None) -> None:
        self.disk = disk
        disk.mkdir(parents=True)
        self._state = disk / "state"
        self.be("device")
        device = Path(__file__).with_name("adb_device.py")
        self.board = PhoneBoard(
            name="labphone",
            root=root,
            program=(
                os.path.realpath(sys.executable),
                "-Es",
                str(device),
                str(self._state),
                board.ROOT,
                str(PORT),
            ),
            disk=disk,
            folders=android_root.FOLDERS,
            limits={} if space is None else {"/data/local/tmp": space},
            environment={"QEMU_CPU": "cortex-a72"},
        )
        self.wire = Wire(self._reach)
        self.serial = f"127.0.0.1:{self.wire.port}"

    def be(self, state: str) -> None:
        """Be in that state of adb_device.py from the next connection on."""
        self._state.write_text(state)

    @property
    def state(self) -> str:
        """What adb is to say of it."""
        return self._state.read_text()

    def start(self) -> None:
        """Switch it on; it may take a moment until it answers."""
        self.board.start()

    def stop(self) -> None:
        """Switch it off for good."""
        self.wire.close()
        self.board.stop()

    def switch_off(self) -> None:
        """Be off, as when the battery is empty."""
        self.wire.refuse(_ALL)
        self.board.stop()
        self.wire.cut()

    def switch_on(self) -> None:
        """All processes are gone, what was stored is there, and the boot id is another."""
        self.board.start()
        self.wire.refuse(0)

    def unplug(self) -> None:
        """Be out of reach; what runs goes on."""
        self.wire.refuse(_ALL)
        self.wire.cut()

    def plug(self) -> None:
        """Be within reach again; adb finds it by itself."""
        self.wire.refuse(0)

    def running(self) -> list[board.Process]:
        """Return what runs on the phone besides adbd."""
        return self.board.processes()

    def fixed_performance(self) -> list[str]:
        """Return what the fixed-performance mode was set to, one after another."""
        path = self.board.path(f"{android_root.STATE}/fixed-performance")
        return path.read_text().split() if path.exists() else []

    def written(self) -> set[str]:
        """Return everything in the folders that can be written, as paths on the phone."""
        found = set()
        for folder in android_root.FOLDERS:
            place = self.board.path(folder)
            found |= {f"{folder}/{path.relative_to(place)}" for path in place.rglob("*")}
        return found

    def assert_tidy(self, folder: str = f"{TMP}/edgekit") -> None:
        """Nothing runs, nothing is held or changed, and nothing lies outside edgekit's own folder."""
        board.wait_until(lambda: not self.running(), lambda: f"an end of {self.running()}")
        assert self.fixed_performance()[-1:] in ([], ["false"])
        written = self.written() - {f"{android_root.STATE}/fixed-performance"}
        outside = {path for path in written if path != folder and not path.startswith(f"{folder}/")}
        assert outside == set()
        left = {path.removeprefix(f"{folder}/").partition("/")[0] for path in written - {folder}}
        assert left <= {".edgekit", "blobs", "incoming", "running", "tmp"}
        for name in ("incoming", "tmp"):
            assert not [path for path in written if path.startswith(f"{folder}/{name}/")]

    def _reach(self) -> socket.socket:
        reached: list[socket.socket] = []

        def reach() -> bool:
            # a phone that is starting has no loopback at first, and then no adbd
            with suppress(OSError):
                reached.append(self.board.connect(PORT))
            return bool(reached)

        board.wait_until(reach, lambda: f"{self.serial} to start; it said: {self.board.log()}")
        return reached[0]
