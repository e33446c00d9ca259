"""What a bundle is built for: one Python on one platform."""

from __future__ import annotations

import re
import sys
import sysconfig

import msgspec

ARMV7 = "armv7l"

# Every wheel that may run is let through, whatever its name promises about the C library: names say
# less (ai-edge-litert 2.3) and more (tflite-runtime 2.14) than is true. What the libraries themselves
# need is looked up instead: see glibc.py.
_MANYLINUX = "manylinux_2_34"


class PythonTarget(msgspec.Struct, frozen=True):
    """A Python that will import a bundle.

    Either it runs here (`executable`), or it is another device's (`platform`); if it is neither, there is
    nothing for it.
    """

    python: str  # 3.11
    tag: str  # what its compiled extensions are named after: cpython-311-aarch64-linux-gnu
    executable: str = ""  # the interpreter, where it runs on this computer
    platform: str = ""  # as wheels name it: aarch64-manylinux_2_34
    machine: str = ""  # aarch64, x86_64, or armv7l: also a 32-bit system on a 64-bit kernel
    kernel: str = ""  # that kernel's machine: aarch64
    glibc: str = ""  # the device's C library, such as 2.36; empty: not known
    numpy: str = ""  # folder of packages with the device's own numpy; only on armv7l
    numpy_version: str = ""

    @property
    def own_numpy(self) -> bool:
        """Whether the device's own numpy is imported: there are no wheels of it for 32-bit Arm."""
        return self.machine == ARMV7

    def __str__(self) -> str:
        return f"Python {self.python} ({self.tag.split('-', 2)[-1]})"


class DevicePython(msgspec.Struct, frozen=True):
    """What a device's Python says about itself."""

    executable: str
    version: str  # 3.11
    tag: str  # what its compiled extensions are named after
    machine: str = ""  # as `uname -m` has it
    bits: int = 64  # or 32 whatever the kernel is
    glibc: str = ""  # 2.36; empty: another C library
    numpy: str = ""  # folder of packages with the device's own numpy; empty: it has none
    numpy_version: str = ""


def this_python() -> PythonTarget:
    """The Python that runs edgekit."""
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    tag = str(sysconfig.get_config_var("SOABI") or sysconfig.get_platform())
    return PythonTarget(python, tag, executable=sys.executable)


def device_target(found: DevicePython) -> PythonTarget:
    """What bundles for a device's own Python are built for."""
    machine = _machine(found)
    target = PythonTarget(found.version, found.tag, machine=machine, kernel=found.machine, glibc=found.glibc)
    if not found.glibc or not re.match(r"cpython-3\d+-", found.tag):
        return target
    if machine == ARMV7:
        return msgspec.structs.replace(
            target, platform=ARMV7, numpy=found.numpy, numpy_version=found.numpy_version
        )
    return msgspec.structs.replace(target, platform=wheel_platform(machine))


def wheel_platform(machine: str) -> str:
    """Return the platform of a 64-bit machine's wheels as uv names it; empty: there are none."""
    return f"{machine}-{_MANYLINUX}" if machine in ("aarch64", "x86_64") else ""


def _machine(found: DevicePython) -> str:
    if found.bits == 32:
        # armv6 (Pi Zero and 1) lacks instructions that the wheels use
        return ARMV7 if found.machine in ("aarch64", "armv7l", "armv8l") else found.machine
    return found.machine
