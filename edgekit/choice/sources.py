"""Where candidates come from. To add a source, add its record to SOURCES."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from edgekit import sweeps
from edgekit.choice import measured, published, swept
from edgekit.choice.candidate import Candidate
from edgekit.choice.wanted import Given, OtherDevicesError, Wanted
from edgekit.errors import RecordError, UsageError
from edgekit.registry import Registry
from edgekit.results import Result
from edgekit.schema import UNREADABLE
from edgekit.words import listed, plural


@dataclass(frozen=True)
class Found:
    """Candidates, and where they are from."""

    source: str  # a name in SOURCES
    origin: str  # in words
    candidates: tuple[Candidate, ...]
    notes: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()  # that were read


@dataclass(frozen=True)
class Source:
    """One kind of place that candidates come from."""

    name: str
    usual: Callable[
        [], Sequence[Sequence[Given]]
    ]  # what it looks at if nothing is named, one after the other
    within: Callable[[Given], Sequence[Given]]  # what of its kind a folder has, or what is given is
    read: Callable[[Sequence[Given], Wanted, list[str]], Sequence[Candidate]]  # notes go to the list
    origin: str = ""  # what it is, where there are no files


class _Header(msgspec.Struct):
    """A record without the rest, which may be millions of samples."""

    schema: str


_HEADER = msgspec.json.Decoder(_Header)


def _sweeps(path: Given) -> Sequence[Given]:
    """Return the sweep that a folder or a file is, or those in a folder, the newest first."""
    if not isinstance(path, Path):
        return [path] if isinstance(path, sweeps.Sweep) else []
    if path.is_dir() and not (path / sweeps.FILE).is_file():
        inside = sorted(path.glob(f"*/{sweeps.FILE}"), key=lambda file: file.stat().st_mtime, reverse=True)
    else:
        inside = [path / sweeps.FILE if path.is_dir() else path]
    return [file for file in inside if _is_sweep(file)]


def _is_sweep(file: Path) -> bool:
    """Whether a file is a sweep; one that has its name and is damaged counts, so that it is named."""
    found = _schema(file) if file.is_file() else ""
    return found == "edgekit.sweep" or (found is None and file.name == sweeps.FILE)


def _results(path: Given) -> Sequence[Given]:
    """Return a folder's results; what cannot be read as any record is among them, so that it is named."""
    if not isinstance(path, Path):
        return [path] if isinstance(path, Result) else []
    if not path.is_dir():
        return (path,)
    return [file for file in sorted(path.glob("*.json")) if _schema(file) in (None, "edgekit.result")]


def _schema(path: Path) -> str | None:
    """Return the name of a record's schema; empty: it is JSON of another kind; None: it is damaged."""
    try:
        return _HEADER.decode(path.read_bytes()).schema.partition("/")[0]
    except msgspec.ValidationError:
        return ""
    except (OSError, *UNREADABLE):
        return None


SOURCES = Registry(
    "source",
    (
        Source(
            "sweep",
            usual=lambda: [[each] for each in _sweeps(Path("sweeps"))],
            within=_sweeps,
            read=swept.candidates,
        ),
        Source(
            "results",
            usual=lambda: [files] if (files := sorted(Path("results").glob("*.json"))) else [],
            within=_results,
            read=measured.candidates,
        ),
        Source(
            "published",
            usual=lambda: [()],
            within=lambda _: (),
            read=lambda _, wanted, __: published.candidates(wanted),
            origin="published figures (MLPerf Inference, open division)",
        ),
    ),
)


def find(given: Sequence[Given], wanted: Wanted) -> Found:
    """Read candidates from what is named, or from the first usual place that has any of the device.

    Without names that is a sweep, then all results, then what others published.

    Args:
        given: Sweeps, results, or folders of either; none: the usual places.
        wanted: Which candidates.

    Raises:
        UsageError: There is nothing of what is wanted.
        InvalidError: No measurement of it is valid.
        RecordError: A file is none of these, damaged, or of a newer edgekit.
    """
    if not given:
        return _first(wanted)
    by: dict[str, list[Given]] = {}
    for each in given:
        source, files = _holds(each)
        by.setdefault(source.name, []).extend(files)
    if len(by) > 1:
        raise UsageError(f"Both are named: {listed(by)}.", "Choose from one of them.")
    ((name, files),) = by.items()
    return _read(SOURCES[name], _unique(files), wanted)


def _first(wanted: Wanted) -> Found:
    """Read the usual places: the first that knows the device."""
    missed: list[str] = []
    for source, given in ((each, given) for each in SOURCES.values() for given in each.usual()):
        try:
            found = _read(source, given, wanted)
        except OtherDevicesError as error:
            missed.append(error.what)
            continue
        except UsageError as error:
            raise type(error)(" ".join([*dict.fromkeys(missed), error.what]), error.hint) from error
        return replace(found, notes=(*dict.fromkeys(missed), *found.notes))
    raise UsageError("There is nothing to choose from.", "Measure: edgekit bench")


def _unique(given: Sequence[Given]) -> list[Given]:
    """Return each file once, however often it is named."""
    seen = {each.resolve() if isinstance(each, Path) else id(each): each for each in given}
    return list(seen.values())


def _read(source: Source, given: Sequence[Given], wanted: Wanted) -> Found:
    notes: list[str] = []
    found = source.read(given, wanted, notes)
    files = [each for each in given if isinstance(each, Path)]
    origin = source.origin
    if given and not files:
        origin = "records that were given"
    elif len(files) == 1:
        origin = str(files[0])
    elif files:
        origin = f"{plural(len(files), 'file')} in {files[0].parent}"
    return Found(source.name, origin, tuple(found), tuple(notes), tuple(files))


def _holds(path: Given) -> tuple[Source, Sequence[Given]]:
    """Return what a path is of, and its files."""
    if isinstance(path, Path) and not path.exists():
        raise RecordError(f"{path} does not exist.", "Check the path.")
    for source in SOURCES.values():
        if files := source.within(path):
            return source, files
    raise UsageError(
        f"{path} has no results and no sweep.",
        "Make some: edgekit bench, or edgekit sweep; or name what either wrote.",
    )
