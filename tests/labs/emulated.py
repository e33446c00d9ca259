"""Emulated boards, for tests: each costs some seconds to boot, so as much as possible shares one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from edgekit.device import Profile
from edgekit.device.emulator import EmulatorTransport
from edgekit.device.emulator.machine import QEMU
from edgekit.progress import Recorder


def board(name: str = "rpi4-emulated", cpu: str = "cortex-a72", memory_mib: int = 1024) -> Profile:
    """Return the profile of a board that is not hardware."""
    return Profile(
        description="", transport="emulator", name=name, cpu=cpu, memory_mib=memory_mib, emulated=True
    )


@pytest.fixture(scope="session")
def qemu() -> None:
    """Make sure that boards can be emulated."""
    if shutil.which(QEMU) is None:
        pytest.skip(f"{QEMU} is missing; install it: apt install qemu-system-arm")


@pytest.fixture
def emulated(qemu: None) -> Iterator[EmulatorTransport]:
    """A board that is new for every test, connected but not yet booted."""
    transport = EmulatorTransport(board())
    transport.connect(Recorder())
    yield transport
    transport.close()
