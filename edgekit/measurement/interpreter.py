"""Which Python measures on a device: its own, or the portable one that edgekit brings along."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from edgekit.device import Payload, Profile, Transport
from edgekit.device.profile import OLDEST_PYTHON, PORTABLE
from edgekit.errors import DeviceError
from edgekit.measurement import answers
from edgekit.measurement.guest import Guest, guest_payload
from edgekit.measurement.passes import PATIENCE
from edgekit.progress import Progress
from edgekit.results import Transfer
from edgekit.runtime import Portable, Target, device_target, ensure_portable


@dataclass(frozen=True)
class Interpreter:
    """A Python for a device, and what has to be pushed for it."""

    target: Target
    payloads: tuple[Payload, ...]  # the guest among them
    transfer: Transfer  # what was moved already, to look at the device's own Python
    own: str = ""  # the device's interpreter
    portable: Portable | None = None

    def guest(self, device: Transport, places: Mapping[str, str]) -> Guest:
        """Return the guest, run by this interpreter.

        Args:
            device: Where everything was pushed to.
            places: Where it lies there, by hash.
        """
        start = self.portable.argv(places[self.portable.seal]) if self.portable else (self.own,)
        return Guest(device, start, places[guest_payload().sha256])


def interpreter(device: Transport, profile: Profile, progress: Progress) -> Interpreter:
    """Return the device's own Python where it has one that serves, else the portable one.

    Raises:
        DeviceError: The profile names an interpreter that does not serve.
        RuntimeMissingError: There is no portable Python for this device.
    """
    if device.python and profile.python != PORTABLE:
        found, transfer = _own(device, progress)
        if _number(found.version) >= OLDEST_PYTHON:
            return Interpreter(_target(found, profile), (guest_payload(),), transfer, own=device.python)
        if profile.python:
            raise DeviceError(
                f"{device.python} is Python {found.version}; 3.9 or newer is needed.",
                f"Name a newer one with `python` in the profile of {profile.name}, or write {PORTABLE!r}.",
            )
    portable = ensure_portable(device.machine, progress)
    brought = Payload(portable.folder, portable.seal, portable.bytes)
    return Interpreter(portable.target, (brought, guest_payload()), Transfer(), portable=portable)


def _own(device: Transport, progress: Progress) -> tuple[answers.Python, Transfer]:
    """Ask the device's own Python what it is."""
    payload = guest_payload()
    start = time.monotonic()
    pushed = device.push([payload], progress)
    transfer = msgspec.structs.replace(pushed.transfer, seconds=time.monotonic() - start)
    guest = Guest(device, (device.python,), pushed.paths[payload.sha256])
    return guest.ask(answers.Python, {"pass": "python"}, PATIENCE), transfer


def _target(found: answers.Python, profile: Profile) -> Target:
    if profile.kind.here:
        return Target(found.version, found.tag, executable=found.executable)
    return device_target(found)


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])
