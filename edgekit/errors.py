"""Every error edgekit raises on purpose, and the exit code each one ends a command with.

    EdgekitError
    ├── UsageError             2   the request cannot be carried out as written
    │   ├── ModelError         2   a model file that cannot be read, or is not safe to read
    │   ├── DataError          2   a dataset that cannot be read or is too small
    │   └── RecordError        2   a manifest, result, card or profile that cannot be used
    ├── UnavailableError       3   a device, runtime, network or disk that is not there
    │   ├── StorageError       3   a folder that cannot be written, a full disk
    │   ├── RuntimeMissingError 3   a runtime that cannot be provided for the device
    │   └── DeviceError        3   the device did not do what was asked
    │       └── TransientDeviceError   3   … and trying again may help
    ├── InvalidError           4   measured, but the numbers cannot be trusted
    └── GateError              1   measured, valid, and not good enough

Anything else is a fault of edgekit's own, and a command exits with 70; with 128 + N if signal N ended it.

A message says what happened, the value received, and what to do next, in that order.
"""

from __future__ import annotations

from pathlib import Path


class EdgekitError(Exception):
    """Base of all errors that are meant for the user.

    Args:
        what: One sentence: what happened, with the value received.
        hint: What to do next; may be empty.
    """

    exit_code = 2
    written: Path | None = None  # the artefact set that was written before this was raised

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what} {self.hint}".rstrip()


class UsageError(EdgekitError):
    """The request cannot be carried out as written."""


class ModelError(UsageError):
    """A model file that cannot be read, or is not safe to read."""


class DataError(UsageError):
    """A dataset that cannot be read, or does not hold what is needed."""


class RecordError(UsageError):
    """A manifest, result, card or profile that cannot be used."""


class UnavailableError(EdgekitError):
    """Something outside edgekit that is needed is not there."""

    exit_code = 3


class StorageError(UnavailableError):
    """A folder that cannot be written, or a full disk."""


class RuntimeMissingError(UnavailableError):
    """A runtime that cannot be provided for this device."""


class DeviceError(UnavailableError):
    """The device did not do what was asked; asking again will not help."""


class TransientDeviceError(DeviceError):
    """The device did not do what was asked; asking again may help."""


class InvalidError(EdgekitError):
    """Measured, but the numbers cannot be trusted."""

    exit_code = 4


class GateError(EdgekitError):
    """Measured, valid, and not good enough."""

    exit_code = 1
