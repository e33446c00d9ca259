"""Asking the guest: one process on the device, one request, one answer."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

import edgekit
from edgekit.device import Completed, Payload, Transport
from edgekit.errors import (
    DataError,
    DeviceError,
    EdgekitError,
    InvalidError,
    ModelError,
    RecordError,
    RuntimeMissingError,
    TransientDeviceError,
    UnavailableError,
    UsageError,
)
from edgekit.files import sha256_file
from edgekit.results import Window
from edgekit.visit.answers import SCHEMA, Failure
from edgekit.words import last_line

T = TypeVar("T", bound=msgspec.Struct)

GUEST = Path(edgekit.__file__).parent / "guest" / "edgekit_guest.py"
ATTEMPTS = 3  # when the device says that trying again may help
PATIENCE = 120.0  # seconds for what surrounds the inferences: starting, importing, loading

# the guest's code: the error it becomes, and what to do
_ERRORS: dict[str, tuple[type[EdgekitError], str]] = {
    "bad-affinity": (UsageError, "Name CPUs that the device has."),
    "evaluation-unreadable": (DataError, "Run `edgekit convert` again."),
    "hash-mismatch": (RecordError, "Run `edgekit convert` again."),
    "memory-unreadable": (UnavailableError, "Measure without the memory pass."),
    "model-unreadable": (ModelError, "Try another version of the runtime, or convert the model again."),
    "model-failed": (ModelError, "Try another version of the runtime, or other inputs: --shape, --input."),
    "model-unsupported": (ModelError, "edgekit gives numbers and truth values, no texts or sequences."),
    "no-counter": (UnavailableError, ""),
    "out-of-memory": (DeviceError, "Use a smaller model or a device with more memory."),
    "output-wrong": (InvalidError, "Try another version of the runtime, or convert the model again."),
    "runtime-missing": (RuntimeMissingError, "Name another version of the runtime."),
}

_UNMAPPED = "failed to map segment"  # the loader, of a library on a file system that is mounted noexec
_NOT_EXECUTABLE = 126  # a shell's status of a program that it may not start


class _Part(msgspec.Struct):
    window: Window | None = None


class _Envelope(msgspec.Struct):
    schema: str
    error: Failure | None = None


def guest_payload() -> Payload:
    """The guest's file, to be pushed."""
    return Payload(GUEST, sha256_file(GUEST), GUEST.stat().st_size)


class Guest:
    """The guest on a connected device, pushed there before."""

    def __init__(self, transport: Transport, python: Sequence[str], script: str) -> None:
        """Prepare.

        Args:
            transport: Connected.
            python: How an interpreter is started there.
            script: Where the guest is there.
        """
        self._transport = transport
        # -I -S: nothing but the standard library and the bundle; -B: nothing is written next to it
        self._argv = [*python, "-I", "-S", "-B", script, "-"]

    def ask(
        self,
        kind: type[T],
        request: dict[str, Any],
        deadline: float,
        heard: Callable[[Window], None] | None = None,
    ) -> T:
        """Run one pass in a fresh process.

        Args:
            kind: The record the answer becomes.
            request: The guest's fields; see edgekit_guest.py.
            deadline: Seconds after which the process is ended.
            heard: Receives the windows of a pass that says them as they end. Such a pass is not run again
                where the device was lost: what was heard is what there is.

        Raises:
            EdgekitError: The guest refused, crashed, or was not done in time.
        """
        text = msgspec.json.encode({"schema": SCHEMA, "watch_stdin": True, **request}).decode() + "\n"
        if heard:
            lines = _Lines(heard)
            return _decode(self._transport.run(self._argv, stdin=text, deadline=deadline, heard=lines), kind)
        return _decode(self._run(text, deadline, ATTEMPTS), kind)

    def _run(self, request: str, deadline: float, attempts: int) -> Completed:
        try:
            return self._transport.run(self._argv, stdin=request, deadline=deadline)
        except TransientDeviceError:
            if attempts == 1:
                raise
            return self._run(request, deadline, attempts - 1)


class _Lines:
    """Puts what is heard in pieces together to lines, and hands the windows among them on."""

    def __init__(self, heard: Callable[[Window], None]) -> None:
        self._heard, self._begun = heard, b""

    def __call__(self, piece: bytes) -> None:
        *whole, self._begun = (self._begun + piece).split(b"\n")
        for line in whole:
            try:
                found = msgspec.json.decode(line, type=_Part)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                continue  # the answer will tell what went wrong
            if found.window:
                self._heard(found.window)


def _decode(done: Completed, kind: type[T]) -> T:
    answer = done.stdout.rstrip().rpartition(b"\n")[2]
    try:
        envelope = msgspec.json.decode(answer, type=_Envelope)
        if envelope.error is None and done.code == 0:
            return msgspec.json.decode(answer, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _died(done) from error
    if envelope.error is None:
        raise _died(done)
    if _UNMAPPED in envelope.error.message:
        raise _not_executable()
    error_kind, hint = _ERRORS.get(envelope.error.code, (DeviceError, ""))
    raise error_kind(envelope.error.message, hint)


def _not_executable() -> DeviceError:
    return DeviceError(
        "Nothing in edgekit's folder on the device may be executed: it is mounted noexec.",
        "Name another `folder` in its profile, or mount it with exec.",
    )


def _died(done: Completed) -> DeviceError:
    """Say how a process ended that gave no answer."""
    if done.code == -signal.SIGKILL:
        return DeviceError(
            "The measuring process was killed (SIGKILL) before it answered.",
            "The kernel does that when memory runs out: close other programs there, or use a smaller model.",
        )
    if done.code == _NOT_EXECUTABLE and "denied" in done.stderr:
        return _not_executable()
    if done.code < 0:
        try:
            how = f"was ended by {signal.Signals(-done.code).name}"
        except ValueError:
            how = f"was ended by signal {-done.code}"
    else:
        how = f"exited with status {done.code}"
    return DeviceError(
        f"The measuring process {how} without an answer: {last_line(done.stderr)}",
        "Try another version of the runtime.",
    )
