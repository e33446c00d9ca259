"""What would spoil a measurement on a device, and the command that fixes it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from edgekit.device import Profile
from edgekit.lookup import CACHE_ELSEWHERE
from edgekit.results import QUOTA_REMEDY, Device, Environment, Noise

_ROOM = 500e6  # bytes: a Python, three runtimes and a few models
_BUSY = 0.25  # CPUs kept busy by other processes


@dataclass(frozen=True)
class Advice:
    """One problem."""

    problem: str  # what was seen, with the figure
    remedy: str  # what to do; a command where one does it


def advise(
    profile: Profile,
    device: Device,
    environment: Environment,
    runtimes: Mapping[str, str],
    noise: Noise | None = None,
) -> tuple[Advice, ...]:
    """Return what should be fixed before measuring.

    Args:
        profile: The device's.
        device: What it is.
        environment: How it is doing.
        runtimes: Why each runtime cannot be provided; empty: it can.
        noise: The device's own, as it was last measured; None: it never was.
    """
    return (
        *_identity(profile, device),
        *_runtimes(runtimes),
        *_mount(profile, environment),
        *_room(profile, device, environment),
        *_clock(profile, device, environment),
        *_heat(profile, environment),
        *_quota(environment),
        *_company(environment),
        *_noise(profile, device, environment, noise),
    )


def _identity(profile: Profile, device: Device) -> Iterator[Advice]:
    names = [name for name, _ in device.cores] or [device.cpu or ""]
    if profile.core and profile.core not in names:
        found = ", ".join(names) or "others"
        yield Advice(
            f"{profile.name} should have {profile.core} cores; this device has {found}.",
            f"Give it another name: edgekit devices add OTHER-NAME {_adding(profile)}",
        )
    if device.bits == 32 and device.machine == "aarch64":
        yield Advice(
            "The kernel is 64-bit, Python is 32-bit: two of the three runtimes have no wheels for it.",
            "Install the 64-bit Raspberry Pi OS.",
        )


def _runtimes(runtimes: Mapping[str, str]) -> Iterator[Advice]:
    for name, reason in runtimes.items():
        if reason:
            what, _, remedy = reason.partition(". ")
            yield Advice(f"{name} cannot be provided: {what.rstrip('.')}.", remedy or "Use another runtime.")


def _mount(profile: Profile, environment: Environment) -> Iterator[Advice]:
    if environment.noexec and profile.kind.here:
        remedy = f"{CACHE_ELSEWHERE[0].upper()}{CACHE_ELSEWHERE[1:]}."
        yield Advice("The cache is mounted noexec: no runtime in it can be loaded.", remedy)
    elif environment.noexec:
        yield Advice(
            "edgekit's folder there is mounted noexec: no runtime and no Python in it can be started.",
            f"Name another `folder` in the profile of {profile.name}, or mount it with exec.",
        )


def _room(profile: Profile, device: Device, environment: Environment) -> Iterator[Advice]:
    if device.free_bytes is not None and device.free_bytes < _ROOM:
        yield Advice(
            f"{device.free_bytes / 1e6:.0f} MB are free where edgekit keeps its files; "
            f"{_ROOM / 1e6:.0f} MB are plenty.",
            shlex.join(["edgekit", "devices", "clean", profile.name]),
        )
    memory = environment.memory_available_bytes
    if memory is not None and memory < 200e6:
        yield Advice(
            f"{memory / 1e6:.0f} MB of memory are available; a runtime and a small model take some 100 MB.",
            "Close other programs on the device.",
        )


def _clock(profile: Profile, device: Device, environment: Environment) -> Iterator[Advice]:
    if environment.governor not in (None, "performance") and not profile.fixed_performance:
        login = profile.kind.login
        command = "echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"
        yield Advice(
            f"The clock follows the load: the governor is {environment.governor!r}.",
            f"{shlex.join(login(profile))} '{command}'" if login else command,
        )
    if environment.power == "battery":
        yield Advice("The device runs on its battery.", "Plug it in.")
    if environment.throttled:
        yield Advice(
            f"The firmware reports under-voltage or throttling (bits {environment.throttled:#x}).",
            "Use the board's own power supply and a heat sink, then reboot it.",
        )


def _adding(profile: Profile) -> str:
    """Return how `edgekit devices add` takes where the device is."""
    return profile.kind.adding(profile.place) + (f" --port {profile.port}" if profile.port else "")


def _heat(profile: Profile, environment: Environment) -> Iterator[Advice]:
    hottest = max(environment.temperature_celsius.values(), default=None)
    if profile.max_celsius is not None and hottest is not None and hottest > profile.max_celsius:
        yield Advice(
            f"A sensor shows {hottest:.0f} °C; measuring waits for {profile.max_celsius:.0f} °C.",
            "Let it cool down, add a heat sink or fan, or raise `max_celsius` in its profile.",
        )


def _quota(environment: Environment) -> Iterator[Advice]:
    quota = environment.cpu_quota
    if quota is not None and quota < 1:
        yield Advice(
            f"The container may use {quota:g} of a CPU: measurements will be stopped repeatedly.",
            QUOTA_REMEDY,
        )


def _company(environment: Environment) -> Iterator[Advice]:
    busy = environment.other_cpus
    if busy is not None and busy > _BUSY:
        yield Advice(
            f"Other processes keep {busy:.1f} CPUs busy.", "Close them; `top` on the device names them."
        )


def _noise(
    profile: Profile, device: Device, environment: Environment, noise: Noise | None
) -> Iterator[Advice]:
    doubt = noise.doubt(device.system, environment.time) if noise else ""
    if doubt:
        yield Advice(
            f"The noise of {profile.name} {doubt}.",
            f"Measure it again: {shlex.join(['edgekit', 'devices', 'noise', profile.name])}",
        )
