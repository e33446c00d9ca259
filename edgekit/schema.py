"""Reading and writing versioned records: one schema name and version a file.

A record of an older version is upgraded as it is read, one version after the other, so that the rest of
edgekit knows only the newest. Each kind of record keeps its upgrades next to its schema:

    SCHEMA = "edgekit.result/3"
    UPGRADES = (_to_2, _to_3)  # each changes a record of the version before it, in place

A TOML file that people write has no version. Its upgrades run on every file, and leave alone what is new.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import msgspec

from edgekit.errors import RecordError
from edgekit.files import write_atomic

T = TypeVar("T", bound=msgspec.Struct)
Upgrade: TypeAlias = "Callable[[dict[str, Any]], None]"  # changes a record, as JSON or TOML has it, in place

# what msgspec raises on bytes that are not the JSON it expects
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class _Header(msgspec.Struct):
    schema: str


def decode_record(path: Path, kind: type[T], schema: str, upgrades: Sequence[Upgrade] = ()) -> T:
    """Read a JSON record, upgraded to the newest version of its schema.

    Args:
        path: The file.
        kind: The newest version's type.
        schema: Name and newest version, such as `edgekit.result/2`.
        upgrades: The first takes version 1 to version 2, the next goes on from there.

    Raises:
        RecordError: Not readable, not this kind of record, damaged, or written by a newer edgekit.
    """
    data = _current(path, schema, upgrades)
    try:
        return msgspec.json.decode(data, type=kind)
    except UNREADABLE as error:
        raise damaged(path, schema, error) from error


def _current(path: Path, schema: str, upgrades: Sequence[Upgrade]) -> bytes:
    """Return a record's text as the newest version has it."""
    name, _, version = schema.partition("/")
    what = _noun(schema)
    try:
        data = path.read_bytes()
        found = msgspec.json.decode(data, type=_Header).schema
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error
    except UNREADABLE as error:
        raise RecordError(f"{path} is not an edgekit {what}: {error}.", "Check the path.") from error
    if found == schema:
        return data
    found_name, _, found_version = found.partition("/")
    if found_name != name:
        raise RecordError(f"{path} is not an edgekit {what}: its schema is {found!r}.", "Check the path.")
    number = int(found_version) if found_version.isdecimal() else 0
    if number > int(version):
        raise RecordError(
            f"{path} has schema {found!r}; this edgekit reads up to {schema!r}.",
            "Upgrade edgekit.",
        )
    steps = upgrades[number - 1 :]
    if number < 1 or number + len(steps) != int(version):
        raise RecordError(f"{path} has the unknown schema {found!r}.", f"Expected {schema!r}.")
    try:
        record = msgspec.json.decode(data)
        upgrade(record, steps)
    except (*UNREADABLE, LookupError, TypeError, AttributeError) as error:
        raise damaged(path, schema, error) from error
    return msgspec.json.encode(record | {"schema": schema})


def upgrade(record: dict[str, Any], upgrades: Sequence[Upgrade]) -> None:
    """Upgrade what was read from a JSON or TOML file, in place."""
    for step in upgrades:
        step(record)


def damaged(path: Path, schema: str, error: Exception) -> RecordError:
    """Return the error of a record that is not what its schema says."""
    return RecordError(f"{path} is damaged: {error}.", f"Make the {_noun(schema)} again.")


def _noun(schema: str) -> str:
    """Return what a schema is of: `edgekit.result/2` is of a `result`."""
    return schema.partition("/")[0].partition(".")[2]


def now() -> str:
    """Return the moment in UTC, to the second, as records have it: 2026-11-28T19:10:08Z."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def encode_record(record: object) -> bytes:
    """Return a record, or anything that msgspec encodes, as indented JSON with a final newline."""
    return msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n"


def write_record(path: Path, record: msgspec.Struct) -> None:
    """Write a record whole or not at all."""
    write_atomic(path, encode_record(record))
