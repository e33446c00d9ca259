"""A phone for the real adb: speaks adb's transport protocol, and runs its commands in an Android-like root.

    python adb_device.py STATE_FILE ROOT PORT

It does what Android's adbd does, so far as a command over adb can notice: the protocol is described in
Android's sources, packages/modules/adb/protocol.txt and docs/dev, the services in SERVICES.TXT beside it.
The file STATE_FILE says what it is at this moment, and is read again for every connection:

- `device`: all is well;
- `recovery`: started for maintenance: nothing can be run;
- `unauthorized`: its owner has not allowed this computer yet, and never will.
"""

from __future__ import annotations

import asyncio
import os
import signal
import struct
import sys
from pathlib import Path

import adb_services

CNXN, AUTH, OPEN, OKAY, CLSE, WRTE = (
    int.from_bytes(name, "little") for name in (b"CNXN", b"AUTH", b"OPEN", b"OKAY", b"CLSE", b"WRTE")
)
TOKEN, SIGNATURE, PUBLIC_KEY = 1, 2, 3  # kinds of AUTH
VERSION = 0x01000001  # since this one, payloads have no checksum
MAX_PAYLOAD = 1 << 20  # bytes
_HEADER = struct.Struct("<6I")  # command, two arguments, length and checksum of the payload, ~command
_FEATURES = "shell_v2,cmd,fixed_push_mkdir"  # without stat_v2 and the like, adb uses their first versions
_PROPERTIES = "ro.product.name=labphone;ro.product.model=Lab Phone;ro.product.device=labphone"


class Link:
    """One connection of an adb server."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        state: str,
        spawner: adb_services.Spawner,
    ) -> None:
        self._reader, self._writer, self._state, self._spawner = reader, writer, state, spawner
        self._streams: dict[int, Stream] = {}
        self._last = 0
        self.max_payload = MAX_PAYLOAD

    async def serve(self) -> None:
        """Answer until the connection ends; then everything that was opened through it ends too."""
        try:
            while True:
                head = await self._reader.readexactly(_HEADER.size)
                command, first, second, length, _, _ = _HEADER.unpack(head)
                self._answer(command, first, second, await self._reader.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            for stream in list(self._streams.values()):
                stream.hang_up()
            self._writer.close()

    def send(self, command: int, first: int, second: int, payload: bytes = b"") -> None:
        # only what is sent before the versions are known must have a checksum
        checksum = sum(payload) & 0xFFFFFFFF if command in (CNXN, AUTH) else 0
        head = _HEADER.pack(command, first, second, len(payload), checksum, command ^ 0xFFFFFFFF)
        self._writer.write(head + payload)

    def forget(self, stream: Stream) -> None:
        self._streams.pop(stream.local, None)

    def _answer(self, command: int, first: int, second: int, payload: bytes) -> None:
        if command == CNXN:
            self.max_payload = min(MAX_PAYLOAD, second)
            self._introduce()
        elif command == AUTH and first == SIGNATURE:
            self._challenge()  # not a key it knows; another one? With PUBLIC_KEY its owner would be asked
        elif command == OPEN:
            self._open(first, payload.partition(b"\0")[0])
        elif stream := self._streams.get(second):
            stream.take(command, payload)

    def _introduce(self) -> None:
        if self._state == "unauthorized":
            self._challenge()
        else:
            self.send(
                CNXN, VERSION, MAX_PAYLOAD, f"{self._state}::{_PROPERTIES};features={_FEATURES}".encode()
            )

    def _challenge(self) -> None:
        self.send(AUTH, TOKEN, 0, os.urandom(20))

    def _open(self, remote: int, service: bytes) -> None:
        serve = adb_services.find(service) if self._state == "device" else None
        if serve is None:
            self.send(CLSE, 0, remote)
            return
        self._last += 1
        stream = Stream(self, self._last, remote)
        self._streams[stream.local] = stream
        self.send(OKAY, stream.local, remote)
        stream.start(serve(stream, self._spawner))


class Stream:
    """What one client opened: bytes both ways, the next ones only when the last were taken."""

    def __init__(self, link: Link, local: int, remote: int) -> None:
        self.local, self._link, self._remote = local, link, remote
        self._came: asyncio.Queue[bytes] = asyncio.Queue()
        self._ready = asyncio.Event()
        self._ready.set()
        self._turn = asyncio.Lock()
        self._service: asyncio.Task[None] | None = None

    def start(self, service: adb_services.Serving) -> None:
        self._service = asyncio.ensure_future(service)
        self._service.add_done_callback(self._close)

    def take(self, command: int, payload: bytes) -> None:
        if command == WRTE:
            self._came.put_nowait(payload)
        elif command == OKAY:
            self._ready.set()
        elif command == CLSE:
            self.hang_up()

    async def read(self) -> bytes:
        return await self._came.get()

    def took(self) -> None:
        """Let the client send more."""
        self._link.send(OKAY, self.local, self._remote)

    async def write(self, content: bytes) -> None:
        async with self._turn:
            for start in range(0, len(content), self._link.max_payload):
                await self._ready.wait()
                self._ready.clear()
                piece = content[start : start + self._link.max_payload]
                self._link.send(WRTE, self.local, self._remote, piece)

    def hang_up(self) -> None:
        """The client is gone."""
        self._link.forget(self)
        if self._service is not None:
            self._service.cancel()

    def _close(self, service: asyncio.Task[None]) -> None:
        self._link.forget(self)
        if not service.cancelled() and (error := service.exception()):
            print(f"a service failed: {error!r}", file=sys.stderr, flush=True)
        self._link.send(CLSE, self.local, self._remote)


async def main(state: Path, root: str, port: int) -> None:
    spawner = adb_services.Spawner(root)
    asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, spawner.reap)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Link(reader, writer, state.read_text().strip(), spawner).serve()

    server = await asyncio.start_server(connected, "127.0.0.1", port, limit=4 * MAX_PAYLOAD)
    await server.serve_forever()


if __name__ == "__main__":
    os.umask(0)  # as adbd does
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
