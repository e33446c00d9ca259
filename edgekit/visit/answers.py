"""What the guest says about itself and its device, as records. A pass's own are with those who ask for it."""

from __future__ import annotations

import msgspec

from edgekit import results
from edgekit.runtime import Bundle

SCHEMA = "edgekit.guest/1"


class Failure(msgspec.Struct, frozen=True):
    """Why the guest could not do what was asked."""

    code: str
    message: str


class Runtime(msgspec.Struct, frozen=True):
    """What executed the model, in the guest's own words."""

    name: str
    version: str
    delegate: str | None
    options: dict[str, str]
    xnnpack: bool = True

    def record(self, bundle: Bundle) -> results.Runtime:
        """What is kept of it, with the bundle that it came from."""
        return results.Runtime(
            self.name, self.version, self.delegate, bundle.record.sha256, self.options, self.xnnpack
        )


class DeviceFields(msgspec.Struct, frozen=True):
    """What a probe can read about the device."""

    machine: str
    system: str
    cpu: str | None
    cpus: int
    features: tuple[str, ...]
    memory_bytes: int | None
    board: str | None
    distribution: str | None
    python: str
    libc: str | None
    bits: int | None = None
    soc: str | None = None
    cores: tuple[tuple[str, int], ...] = ()
    free_bytes: int | None = None


class Python(msgspec.Struct, frozen=True):
    """The interpreter that ran the guest."""

    executable: str
    version: str  # 3.11
    tag: str  # what its compiled extensions are named after
    machine: str = ""
    bits: int = 64
    glibc: str = ""  # 2.36; empty: another C library
    numpy: str = ""  # folder that holds the device's own numpy; empty: it has none
    numpy_version: str = ""


class Probe(msgspec.Struct, frozen=True):
    """What a device is and how it is doing."""

    device: DeviceFields
    environment: results.Environment
    python: Python
