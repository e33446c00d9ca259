"""A visit: a connected device with everything on it that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from edgekit.device import Payload, Profile, Transport, find_profile, open_transport
from edgekit.device.transport import connected
from edgekit.progress import SILENT, Progress
from edgekit.results import Device, Environment, Transfer, Window
from edgekit.runtime import Bundle, PythonTarget, RuntimeSpec, ensure_portable
from edgekit.runtime.target import this_python
from edgekit.visit.answers import Probe
from edgekit.visit.delivery import Delivery
from edgekit.visit.guest import PATIENCE, Guest, guest_payload
from edgekit.visit.interpreter import find_interpreter
from edgekit.visit.runtimes import provide

T = TypeVar("T", bound=msgspec.Struct)


@dataclass(frozen=True)
class Visit:
    """A device to ask, for as long as the visit lasts."""

    profile: Profile
    target: PythonTarget  # its Python
    bundles: Mapping[RuntimeSpec, Bundle]  # of the runtimes that it was given
    places: Mapping[str, str]  # paths on the device, by the hash of what was brought
    transfer: Transfer  # what bringing it cost
    device: Device
    environment: Environment  # before anything was measured
    _guest: Guest = field(repr=False)

    def ask(
        self,
        kind: type[T],
        fields: dict[str, Any],
        deadline: float = PATIENCE,
        heard: Callable[[Window], None] | None = None,
    ) -> T:
        """Run one pass of the guest in a fresh process: see `Guest.ask`."""
        return self._guest.ask(kind, fields, deadline, heard)

    def running(self, bundle: Bundle, model_sha256: str) -> dict[str, Any]:
        """Return the fields of a request that say which model is run, and by which runtime."""
        own_numpy = bundle.record.target.numpy  # the device's, if there are no wheels of it
        return {
            "path": [self.places[bundle.record.seal], *([own_numpy] if own_numpy else [])],
            "runtime": bundle.record.runtime,
            "model": self.places[model_sha256],
            "model_sha256": model_sha256,
        }

    def look(self) -> Environment:
        """Look at the device once more."""
        return self.ask(Probe, {"pass": "probe"}).environment


@contextmanager
def visiting(
    profile: Profile,
    files: Sequence[Payload] = (),
    runtimes: Sequence[RuntimeSpec] = (),
    progress: Progress = SILENT,
    *,
    by_name: bool = True,
    transport: Transport | None = None,
) -> Iterator[Visit]:
    """Connect to a device, bring everything there, and look at it; let go of it on every way out.

    Args:
        profile: The device's.
        files: What is to be there in addition to a Python, the guest and the runtimes.
        runtimes: What is to execute models there.
        progress: Receives what takes time.
        by_name: Whether these runtimes were asked for; otherwise one may be left out, as long as another
            executes the same files.
        transport: Instead of the one in the profile.

    Raises:
        RuntimeMissingError: A runtime that may not be left out cannot be provided, or no Python can.
        DeviceError: The device cannot be reached, or has no room.
    """
    progress.step(f"Probing {profile.name}")
    with connected(transport or open_transport(profile), progress) as device:
        delivery = Delivery(device, progress)
        python = find_interpreter(device, profile, delivery, progress)
        bundles = provide(runtimes, python.target, progress, by_name=by_name)
        folders = [Payload(b.folder, b.record.seal, b.record.bytes) for b in bundles.values()]
        script, *_ = delivery.bring([guest_payload(), *python.payloads, *files, *folders])
        guest = Guest(device, python.argv(delivery.places), script)
        found = guest.ask(Probe, {"pass": "probe"}, PATIENCE)
        yield Visit(
            profile=profile,
            target=python.target,
            bundles=bundles,
            places=delivery.places,
            transfer=delivery.transfer,
            device=_device(found, profile),
            environment=found.environment,
            _guest=guest,
        )


def find_target(profile: Profile, progress: Progress = SILENT) -> PythonTarget:
    """Return what a device's runtimes are built for; one that is given a Python need not be there.

    Raises:
        DeviceError: It cannot be reached.
        RuntimeMissingError: Not even a portable Python suits this device.
    """
    if profile.kind.here and not profile.python:
        return this_python()
    if profile.kind.brings_python:
        python = ensure_portable("aarch64", progress)
        progress.note(f"Python {python.bundle.record.version} for {python.target}: {python.folder}")
        return python.target
    with connected(open_transport(profile), progress) as device:
        return find_interpreter(device, profile, Delivery(device, progress), progress).target


def profile_of(device: str | Profile) -> Profile:
    """Return the profile that is meant by a device's name or by the profile itself.

    Raises:
        UsageError: No device has that name; the nearest one is given.
        RecordError: Its file is not a valid profile.
    """
    return find_profile(device) if isinstance(device, str) else device


def _device(found: Probe, profile: Profile) -> Device:
    known = {
        "profile": profile.name,
        "transport": profile.transport,
        "emulated": profile.emulated or not profile.timed,
        "timed": profile.timed,
    }
    return msgspec.convert({**found.device, **known}, Device)
