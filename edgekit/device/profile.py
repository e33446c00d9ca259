"""What a profile says about a device, and what is known of each transport that reaches one."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Annotated

import msgspec

from edgekit.device.transport import Transport
from edgekit.errors import UsageError
from edgekit.registry import Registry

OLDEST_PYTHON = (3, 9)  # for which the runtimes are provided; the guest itself would run on 3.8
PORTABLE = "portable"  # as an interpreter: the one edgekit brings along


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to reach a device and what to do there."""

    description: str
    transport: str  # a name in TRANSPORTS
    name: str = ""  # the file's, without its suffix
    address: str = ""  # ssh: a host as ssh takes it; adb: a serial; empty with adb: the only one attached
    user: str = ""  # ssh: who to log in as; empty: as ssh's own configuration says
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] | None = None  # ssh; None: as ssh's configuration says
    folder: str = ""  # edgekit's own folder there; empty: the transport's default
    python: str = ""  # interpreter; `portable`: edgekit brings one; empty: python3, else a portable one
    core: str = ""  # CPU core it should have, by Arm's name: Cortex-A72; empty: any
    affinity: tuple[int, ...] = ()  # CPUs to measure on unless asked otherwise; empty: all
    governor: str = ""  # cpufreq governor while measuring, where the device permits it; empty: left alone
    fixed_performance: bool = False  # Android's mode of sustainable clocks while measuring
    max_celsius: float | None = None  # a repeat waits until the CPU is cooler than this; None: it does not
    cool_seconds: Annotated[float, msgspec.Meta(ge=0)] = 180.0  # how long it waits at most
    emulated: bool = False  # its clock does not show the time that real hardware would take
    cpu: str = ""  # emulator: QEMU's name of the CPU: cortex-a72
    memory_mib: Annotated[int, msgspec.Meta(ge=256)] = 2048  # emulator

    @property
    def kind(self) -> TransportKind:
        """What is known of its transport.

        Raises:
            UsageError: There is no such transport.
        """
        return TRANSPORTS.named(self.transport)

    @property
    def timed(self) -> bool:
        """Whether its clock shows time; an emulated board's counts instructions instead."""
        return self.kind.timed

    @property
    def arm(self) -> bool:
        """Whether its processor is certainly an Arm one."""
        return self.kind.arm or bool(self.core)

    @property
    def remote(self) -> bool:
        """Whether it has an address."""
        return bool(self.kind.place)

    @property
    def place(self) -> str:
        """Where it is, as people write it: pi@10.0.0.2; empty: the profile does not say."""
        return f"{self.user}@{self.address}" if self.user and self.address else self.address


@dataclass(frozen=True)
class TransportKind:
    """A transport, as it is listed."""

    name: str  # as profiles name it
    open: Callable[[Profile], Transport]  # returns it not yet connected
    place: str = ""  # how people write where a device is: USER@HOST, SERIAL; empty: devices have no address
    needs_place: bool = False  # whether a device cannot be found without it
    option: str = ""  # of `edgekit devices add` that takes the place; empty: --address
    login: Callable[[Profile], Sequence[str]] | None = None  # the command that logs in; None: there is none
    here: bool = False  # whether its commands run on this computer, with this computer's Pythons
    brings_python: bool = False  # whether edgekit brings the Python in any case; its devices have none
    arm: bool = False  # whether all its devices have Arm's cores; else the profile's core says so
    timed: bool = True  # whether a clock there shows time, rather than counting instructions

    def located(self, place: str) -> dict[str, str | int]:
        """Return the fields of a profile that say where a device is, read as people write it.

        Raises:
            UsageError: These devices have no address, or this is not one.
        """
        if place and not self.place:
            raise UsageError(f"A device reached by {self.name!r} has no address.", "Leave out the address.")
        return host(place) if "@" in self.place else {"user": "", "address": place}

    def adding(self, place: str = "") -> str:
        """Return the options of `edgekit devices add` that say where a device is."""
        option = [self.option] if self.option else ["--transport", self.name, "--address"]
        return shlex.join([*option, place or self.place]) if self.place else f"--transport {self.name}"


def host(place: str) -> dict[str, str | int]:
    """Read USER@HOST:PORT or ssh://USER@HOST:PORT into a profile's fields; without a port it has none.

    Raises:
        UsageError: It is not an address.
    """
    bare = place.removeprefix("ssh://")
    bare = bare.removesuffix("/") if bare != place else bare
    user, _, rest = bare.rpartition("@")
    found = re.fullmatch(
        r"\[([0-9A-Fa-f:.]+(?:%[^\s\]]+)?)\](?::(\d{1,5}))?|([^:/\[\]]*)(?::(\d{1,5}))?", rest
    )
    if not found and _is_ipv6(rest):
        return {"user": user, "address": rest}  # without brackets it has no port
    port = int(found[2] or found[4] or 22) if found else 0
    if not found or not 1 <= port <= 65535 or bare.startswith("-") or (found[1] and not _is_ipv6(found[1])):
        raise UsageError(
            f"{place!r} is not an address.", "Write it as USER@HOST, USER@HOST:PORT or USER@[IPV6]:PORT."
        )
    said: dict[str, str | int] = {"port": port} if found[2] or found[4] else {}
    return {"user": user, "address": found[1] or found[3] or "", **said}


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text.partition("%")[0])
    except ValueError:
        return False
    return True


TRANSPORTS: Registry[TransportKind] = Registry("transport")
"""Filled in opening.py, and from outside by whoever brings one of their own."""
