"""Which Python runs the guest on a device: the device's own, or the portable one that edgekit brings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgekit.device import Payload, Profile, Transport
from edgekit.device.profile import OLDEST_PYTHON, PORTABLE
from edgekit.errors import DeviceError
from edgekit.progress import Progress
from edgekit.runtime import Portable, PythonTarget, device_target, ensure_portable
from edgekit.runtime.target import DevicePython
from edgekit.visit.delivery import Delivery
from edgekit.visit.guest import PATIENCE, Guest, guest_payload


@dataclass(frozen=True)
class Interpreter:
    """A Python for a device: its own, or one that has to be brought."""

    target: PythonTarget
    own: str = ""  # the device's interpreter
    portable: Portable | None = None

    @property
    def payloads(self) -> tuple[Payload, ...]:
        """What has to be brought for it."""
        portable = self.portable
        return (Payload(portable.folder, portable.seal, portable.bytes),) if portable else ()

    def argv(self, places: Mapping[str, str]) -> Sequence[str]:
        """Return how it is started, given where things are on the device, by hash."""
        return self.portable.argv(places[self.portable.seal]) if self.portable else (self.own,)


def find_interpreter(
    device: Transport, profile: Profile, delivery: Delivery, progress: Progress
) -> Interpreter:
    """Return the device's own Python if it has one that will do, else the portable one.

    Raises:
        DeviceError: The profile names an interpreter that will not do.
        RuntimeMissingError: Not even a portable Python suits this device.
    """
    if device.python and profile.python != PORTABLE:
        guest = Guest(device, (device.python,), delivery.bring([guest_payload()])[0])
        found = guest.ask(DevicePython, {"pass": "python"}, PATIENCE)
        if _number(found.version) >= OLDEST_PYTHON:
            return Interpreter(_target(found, profile), own=device.python)
        if profile.python:
            raise DeviceError(
                f"{device.python} is Python {found.version}; 3.9 or newer is needed.",
                f"Name a newer one with `python` in the profile of {profile.name}, or write {PORTABLE!r}.",
            )
    portable = ensure_portable(device.machine, progress)
    return Interpreter(portable.target, portable=portable)


def _target(found: DevicePython, profile: Profile) -> PythonTarget:
    if profile.kind.here:
        return PythonTarget(found.version, found.tag, executable=found.executable)
    return device_target(found)


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])
