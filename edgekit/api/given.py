"""What callers give: one thing or several, a name, a path or a record; and what is meant by nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

from edgekit.artefact import MANIFEST, ArtefactSet
from edgekit.errors import UsageError
from edgekit.results import Result, read_result

StrPath: TypeAlias = "str | os.PathLike[str]"
Artefacts: TypeAlias = "ArtefactSet | StrPath"
Threads: TypeAlias = int | Literal["all"]


def several(given: Any) -> tuple[Any, ...]:
    """Return one thing, or each of several, as a tuple; a text is one thing.

    Untyped, since a text is an iterable of texts, too; callers say what they expect.
    """
    return tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else (given,)


def thread_counts(given: Threads | Iterable[Threads]) -> tuple[int, ...]:
    """Return numbers of threads as requests have them: `all`, every CPU, is 0."""
    return tuple(0 if count == "all" else count for count in several(given))


def artefact_paths(given: Artefacts | Iterable[Artefacts] | None) -> tuple[Path, ...]:
    """Return the folders and files of artefacts; None means the set made last under artefacts/.

    Raises:
        UsageError: There is no set.
    """
    if given is None:
        return (_newest("artefacts", f"*/{MANIFEST}", "artefact set", "edgekit convert").parent,)
    return tuple(each.folder if isinstance(each, ArtefactSet) else Path(each) for each in several(given))


def read_results(given: Result | StrPath | Iterable[Result | StrPath] | None) -> tuple[Result, ...]:
    """Return results, those given by path read; None means the newest under results/.

    Raises:
        UsageError: There is no result.
        RecordError: A file is not a result.
    """
    if given is None:
        given = _newest("results", "*.json", "result", "edgekit bench")
    return tuple(each if isinstance(each, Result) else read_result(Path(each)) for each in several(given))


def all_results() -> tuple[Path, ...]:
    """Return every result under results/.

    Raises:
        UsageError: There is none.
    """
    found = tuple(sorted(Path("results").glob("*.json")))
    return found or (_newest("results", "*.json", "result", "edgekit bench"),)


def call(function: Callable[..., object], given: Mapping[str, object]) -> str:
    """Write a call as Python code, for records: without what is at its default."""
    from inspect import signature

    default = {name: each.default for name, each in signature(function).parameters.items()}
    shown = {name: each for name, each in given.items() if name not in ("progress", "command")}
    words = [f"{name}={_code(each)}" for name, each in shown.items() if each != default[name]]
    return f"edgekit.{function.__name__}({', '.join(words)})"


def _code(value: object) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_code, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{name!r}: {_code(each)}' for name, each in value.items())}}}"
    if hasattr(value, "dtype"):
        return f"<{value.dtype} {list(getattr(value, 'shape', ()))}>"
    if isinstance(value, ArtefactSet):
        value = value.folder
    return repr(str(value) if isinstance(value, os.PathLike) else getattr(value, "name", value))


def _newest(folder: str, pattern: str, what: str, command: str) -> Path:
    found = [path for path in Path(folder).glob(pattern) if not path.parent.name.startswith(".")]
    if not found:
        raise UsageError(f"No {what} is named, and {folder}/ holds none.", f"Make one: {command}")
    return max(found, key=lambda path: path.stat().st_mtime)
