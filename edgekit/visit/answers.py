"""What the guest says about itself and its device, as records. A pass's own are with those who ask for it."""

from __future__ import annotations

from typing import Any

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


class Probe(msgspec.Struct, frozen=True):
    """What a device is and how it is doing."""

    device: dict[str, Any]  # fields of results.Device
    environment: results.Environment
