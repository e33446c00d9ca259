"""Several sessions side by side: the same file, executed by the same runtime, on different devices.

Measurements are matched by the file's hash, the runtime with its version, and the thread count. Where
devices were measured on all of their CPUs and these differ in number, those are matched too, and the numbers
are shown. Times are compared between real devices only; counts between CPUs of one architecture that were
counted alike; answers wherever both saw the same evaluation images.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from edgekit.outputs import Difference, difference
from edgekit.reporting.agreement import Agreement, agreement
from edgekit.reporting.rows import Row, display_names
from edgekit.reporting.session import Session
from edgekit.results import Accuracy, Artefact, Measurement, Result
from edgekit.stats import Spread, ratio_range


@dataclass(frozen=True)
class Ratio:
    """A figure over the base device's, with the least and greatest that their ranges allow."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Line:
    """One measurement on one device, and how it compares with the base device's in its cell.

    A ratio is None where it would compare unlike things, or something that is not valid.
    """

    cell: int  # lines of one number measured the same thing
    session: int  # its place among the sessions
    device: str  # named apart from the others
    row: Row
    time: Ratio | None  # of the p50
    count: Ratio | None  # of the instructions
    answers: Agreement | None
    other_images: bool  # the base device saw other evaluation images
    outputs: Difference | None = None


@dataclass(frozen=True)
class Bases:
    """What others are compared with, by place among the devices: the first one named that has such figures.

    None: no device has.
    """

    times: int | None  # a real device
    counts: int | None
    answers: int | None
    outputs: int | None = None


@dataclass(frozen=True)
class SideBySide:
    """Lines by cell, and within a cell in the order in which the devices were named."""

    sessions: tuple[Session, ...]
    devices: tuple[str, ...]
    bases: Bases
    lines: tuple[Line, ...]

    def name(self, place: int | None) -> str:
        """Return a device's name by its place; empty where there is none."""
        return "" if place is None else self.devices[place]

    @property
    def cells(self) -> tuple[tuple[Line, ...], ...]:
        """The lines, apart by what was measured."""
        grouped: dict[int, list[Line]] = {}
        for line in self.lines:
            grouped.setdefault(line.cell, []).append(line)
        return tuple(map(tuple, grouped.values()))


@dataclass(frozen=True)
class _Device:
    place: int
    name: str
    session: Session

    @property
    def result(self) -> Result:
        return self.session.result

    @property
    def rows(self) -> tuple[Row, ...]:
        return self.session.rows

    def on_all(self, row: Row) -> bool:
        """Whether a row was measured on every CPU that it could use."""
        cpus = self.result.device.cpus
        return cpus is not None and row.threads == min(cpus, len(set(row.affinity)) or cpus)

    def measurement(self, row: Row) -> Measurement:
        return self.result.measurements[row.index]

    def accuracy(self, row: Row) -> Accuracy | None:
        return self.measurement(row).accuracy


_Cell = list[tuple[_Device, Row]]


def match(sessions: Sequence[Session]) -> SideBySide | None:
    """Match what several sessions measured.

    Returns:
        None where no two sessions measured the same file with the same version of a runtime. What only one
        session measured is a cell of one line.
    """
    devices = [_Device(i, *named) for i, named in enumerate(_named(sessions))]
    cells = sorted(_matched(devices), key=_order)
    if not any(len(cell) > 1 for cell in cells):
        return None
    bases = Bases(
        times=_first(devices, lambda d, row: row.latency is not None and not d.result.device.emulated),
        counts=_counting(devices),
        answers=_first(devices, lambda _, row: row.accuracy is not None),
        outputs=_first(devices, lambda device, row: bool(device.measurement(row).outputs)),
    )
    files = _files(sessions)
    lines = [
        _line(number, device, replace(row, name=files[row.sha256]), _Beside(cell, bases))
        for number, cell in enumerate(cells)
        for device, row in cell
    ]
    return SideBySide(tuple(sessions), tuple(device.name for device in devices), bases, tuple(lines))


def _named(sessions: Sequence[Session]) -> list[tuple[str, Session]]:
    """Name each session by its device; by its place, too, where sessions share one."""
    profiles = Counter(session.device.profile for session in sessions)
    return [
        (session.device.profile + (f" #{place}" if profiles[session.device.profile] > 1 else ""), session)
        for place, session in enumerate(sessions, 1)
    ]


def _files(sessions: Sequence[Session]) -> dict[str, str]:
    """Name each file among all that were measured, whichever session measured it."""
    first: dict[str, Artefact] = {}
    for session in sessions:
        for measurement in session.result.measurements:
            first.setdefault(measurement.artefact.sha256, measurement.artefact)
    return {artefact.sha256: name for artefact, name in display_names(first.values()).items()}


def _matched(devices: Iterable[_Device]) -> list[_Cell]:
    """Gather the rows of all sessions by file, runtime and threads; each session at most once in a cell."""
    subjects: dict[tuple[str, str], dict[int, dict[int, tuple[_Device, Row]]]] = {}
    for device in devices:
        for row in device.rows:
            by_threads = subjects.setdefault((row.sha256, row.runtime), {})
            by_threads.setdefault(row.threads, {}).setdefault(device.place, (device, row))
    return [cell for by_threads in subjects.values() for cell in _by_threads(by_threads)]


def _by_threads(cells: dict[int, dict[int, tuple[_Device, Row]]]) -> list[_Cell]:
    """Join those cells of one file and runtime that say `all` of the CPUs, of different numbers."""
    measured = {place for cell in cells.values() for place in cell}
    apart: list[_Cell] = []
    on_all: list[_Cell] = []
    for cell in (list(by_place.values()) for by_place in cells.values()):
        partly = len(cell) < len(measured) and all(device.on_all(row) for device, row in cell)
        (on_all if partly else apart).append(cell)
    joined = sorted((pair for cell in on_all for pair in cell), key=lambda pair: pair[0].place)
    return [*apart, joined] if joined else apart


def _order(cell: _Cell) -> tuple[str, int, int, float]:
    """Place cells by set and threads, then by the cost on the first device that measured them."""
    device, row = cell[0]
    cost = row.latency.p50 if row.latency else row.instructions.median if row.instructions else None
    return row.set, row.threads, device.place, cost.value if cost else float("inf")


def _first(devices: Iterable[_Device], has: Callable[[_Device, Row], bool]) -> int | None:
    return next((d.place for d in devices if any(has(d, row) for row in d.rows)), None)


def _counting(devices: Sequence[_Device]) -> int | None:
    """Return the first session with counts that another one's can be compared with."""
    kinds = [{_counter(d, row) for row in d.rows if row.instructions} for d in devices]
    shared = Counter(kind for of_one in kinds for kind in of_one)
    return next((i for i, of_one in enumerate(kinds) if any(shared[kind] > 1 for kind in of_one)), None)


def _counter(here: _Device, row: Row) -> tuple[str, str, bool]:
    """Say what a row's instructions are of, and which kind of counter saw them; `qemu`, whichever CPU.

    A counter of the operating system would count the emulator's own on a device that is emulated.
    """
    source = row.instructions.source if row.instructions else ""
    device = here.result.device
    return device.machine, source.partition(" ")[0], device.emulated


@dataclass(frozen=True)
class _Beside:
    """A cell, and which of its measurements the others are compared with."""

    cell: _Cell
    bases: Bases

    def of(self, place: int | None) -> tuple[_Device, Row] | None:
        """Return the base device's measurement in this cell; None where it alone is there, or it is not."""
        return next((pair for pair in self.cell if pair[0].place == place and len(self.cell) > 1), None)


def _line(number: int, device: _Device, row: Row, beside: _Beside) -> Line:
    here, bases = (device, row), beside.bases
    answers = beside.of(bases.answers)
    seen, theirs = device.accuracy(row), answers[0].accuracy(answers[1]) if answers else None
    return Line(
        cell=number,
        session=device.place,
        device=device.name,
        row=row,
        time=_ratio(here, beside.of(bases.times), _time, _alike_in_time),
        count=_ratio(here, beside.of(bases.counts), _count, _alike_in_count),
        answers=agreement(theirs, seen) if device.place != bases.answers else None,
        outputs=_outputs(here, beside.of(bases.outputs)),
        other_images=bool(seen and theirs and seen.evaluation_sha256 != theirs.evaluation_sha256),
    )


_Here = tuple[_Device, Row]


def _outputs(here: _Here, base: _Here | None) -> Difference | None:
    if base is None or here[0] is base[0]:
        return None
    return difference(base[0].measurement(base[1]), here[0].measurement(here[1]))


def _ratio(
    here: _Here,
    base: _Here | None,
    read: Callable[[Row], Spread | None],
    alike: Callable[[_Here, _Here], bool],
) -> Ratio | None:
    """Divide a figure by the base's, where both are valid, above 0 and of the same kind."""
    if base is None or here[0] is base[0] or not alike(here, base):
        return None
    mine, theirs = read(here[1]), read(base[1])
    if mine is None or theirs is None or min(mine.low, theirs.low) <= 0:
        return None
    return Ratio(*ratio_range(mine, theirs))


def _time(row: Row) -> Spread | None:
    return row.latency.p50 if row.latency and row.valid else None


def _count(row: Row) -> Spread | None:
    # a clock that moved makes times invalid, not counts
    return row.instructions.median if row.instructions and (row.valid or row.latency) else None


def _alike_in_time(here: _Here, base: _Here) -> bool:
    """No time of an emulator is ever compared; nor are spaced inferences with others."""
    results = here[0].result, base[0].result
    return not any(r.device.emulated for r in results) and results[0].fps == results[1].fps


def _alike_in_count(here: _Here, base: _Here) -> bool:
    """Counts are of the same architecture and come from the same kind of counter."""
    return _counter(*here) == _counter(*base)
