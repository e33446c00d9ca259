"""Reading and writing versioned records: one schema name and version a file."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import TypeVar

import msgspec

from edgekit.errors import RecordError
from edgekit.files import write_atomic

T = TypeVar("T", bound=msgspec.Struct)


class _Header(msgspec.Struct):
    schema: str


def decode_record(path: Path, kind: type[T], schema: str) -> T:
    """Read a JSON record after checking that its schema is one this edgekit knows.

    Raises:
        RecordError: Not readable, not this kind of record, damaged, or written by a newer edgekit.
    """
    name, _, version = schema.partition("/")
    what = name.partition(".")[2]
    try:
        data = path.read_bytes()
        found = msgspec.json.decode(data, type=_Header).schema
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RecordError(f"{path} is not an edgekit {what}: {error}.", "Check the path.") from error
    found_name, _, found_version = found.partition("/")
    if found_name != name:
        raise RecordError(f"{path} is not an edgekit {what}: its schema is {found!r}.", "Check the path.")
    if found_version.isdecimal() and int(found_version) > int(version):
        raise RecordError(
            f"{path} has schema {found!r}; this edgekit reads up to {schema!r}.",
            "Upgrade edgekit: `pip install --upgrade edgekit`.",
        )
    if found != schema:
        raise RecordError(f"{path} has the unknown schema {found!r}.", f"Expected {schema!r}.")
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RecordError(f"{path} is damaged: {error}.", f"Make the {what} again.") from error


def now() -> str:
    """Return the moment in UTC, to the second, as records have it: 2026-11-28T19:10:08Z."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def encode_record(record: object) -> bytes:
    """Return a record, or anything that msgspec encodes, as indented JSON with a final newline."""
    return msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n"


def write_record(path: Path, record: msgspec.Struct) -> None:
    """Write a record whole or not at all."""
    write_atomic(path, encode_record(record))
