"""The wire to a test board: a TCP port of this computer that leads to one of the board's, and can fail."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

Direction = Literal["up", "down"]  # to the board, from the board
_CHUNK = 1 << 16
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER of 0 s: closing resets the connection


class Wire:
    """Forwards connections until it is told not to.

    Args:
        reach: Connects to the board; may raise OSError, the client's connection is then reset.
    """

    def __init__(self, reach: Callable[[], socket.socket]) -> None:
        self._reach = reach
        self._lock = threading.Lock()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._flows = threading.Event()
        self._flows.set()
        self._refusals = 0
        self._stalls = -1
        self._cuts: dict[Direction, int] = {}
        self.passed: dict[Direction, int] = {"up": 0, "down": 0}  # bytes since the beginning
        self.connections = 0  # that were made, refused ones included
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_after(self, size: int, direction: Direction = "up") -> None:
        """Cut every connection once so many more bytes went that way."""
        with self._lock:
            self._cuts[direction] = self.passed[direction] + size

    def cut(self) -> None:
        """Reset all connections; new ones work."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for end in pair:
                _reset(end)

    def stall(self) -> None:
        """Forward nothing more, as when a cable is pulled; connections stay."""
        self._flows.clear()

    def stall_after(self, size: int) -> None:
        """Stall once so many more bytes went to the board."""
        with self._lock:
            self._stalls = self.passed["up"] + size

    def resume(self) -> None:
        """Forward again."""
        self._flows.set()

    def refuse(self, times: int) -> None:
        """Reset the next connections as soon as they are made."""
        with self._lock:
            self._refusals = times

    def close(self) -> None:
        """Take the wire away: connecting is refused from now on."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        self.resume()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def _join(self, client: socket.socket) -> None:
        with self._lock:
            refused = self._refusals > 0
            self._refusals -= refused
        try:
            if refused:
                raise ConnectionRefusedError
            board = self._reach()
        except OSError:
            _reset(client)
            return
        board.settimeout(None)
        with self._lock:
            self._pairs.append((client, board))
        threading.Thread(target=self._pump, args=(client, board, "up"), daemon=True).start()
        threading.Thread(target=self._pump, args=(board, client, "down"), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, direction: Direction) -> None:
        try:
            while data := source.recv(_CHUNK):
                self._flows.wait()
                room = self._room(direction, len(data))
                target.sendall(data[:room])
                if direction == "up" and 0 <= self._stalls <= self.passed["up"]:
                    self._stalls = -1
                    self.stall()
                if room < len(data):
                    self.cut()
                    return
            self._flows.wait()
            target.shutdown(socket.SHUT_WR)
        except OSError:
            _reset(source)
            _reset(target)

    def _room(self, direction: Direction, size: int) -> int:
        """Count bytes; return how many of them may pass. A cut happens once."""
        with self._lock:
            limit = self._cuts.get(direction)
            room = size if limit is None else min(size, limit - self.passed[direction])
            if room < size:
                del self._cuts[direction]
            self.passed[direction] += room
            return room


def _reset(end: socket.socket) -> None:
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        end.shutdown(socket.SHUT_RDWR)
    end.close()
