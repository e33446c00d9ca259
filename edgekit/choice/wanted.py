"""What is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypeAlias

from edgekit.budget import Cell
from edgekit.errors import UsageError
from edgekit.results import Result
from edgekit.sweeps import Sweep
from edgekit.words import nearest

Given: TypeAlias = Path | Result | Sweep  # what candidates are read from


class OtherDevicesError(UsageError):
    """There are measurements, of other devices."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which candidates are looked at."""

    device: str | None = None  # None: the only one there is
    model: str = "*"  # the shell's pattern
    precision: str | None = None  # None: any
    runtimes: tuple[
        str, ...
    ] = ()  # NAME or NAME==VERSION; of others' measurements, how it begins; empty: any
    threads: tuple[int, ...] = ()  # 0: all CPUs; empty: any number
    fps: float | None = None  # inferences per second; None: back to back

    def of(self, cells: Iterable[Cell]) -> list[Cell]:
        """Return the cells that are meant.

        Raises:
            UsageError: There is none; what there is is named.
        """
        left = list(cells)
        if not left:
            raise UsageError("Nothing was measured.", "Measure something: edgekit bench")
        device = self._device(left)
        for what, pattern, names in (
            ("device", device, lambda cell: (cell.device,)),
            ("model", self.model, lambda cell: (cell.model,)),
            ("precision", self.precision, lambda cell: (cell.artefact.precision,)),
            ("runtime", self.runtimes, lambda cell: cell.runtime_names),
            ("number of threads", self.threads, _threads),
            ("pace", (self.fps,), lambda cell: (cell.result.fps,)),
        ):
            wanted = pattern if isinstance(pattern, tuple) else (pattern,) if pattern else ()
            kept = [cell for cell in left if not wanted or _matches(wanted, names(cell))]
            if not kept:
                raise _absent(what, wanted, [name for cell in left for name in names(cell)[:1]])
            left = kept
        return left

    def _device(self, cells: Sequence[Cell]) -> str:
        names = sorted({cell.device for cell in cells})
        if self.device is None and len(names) > 1:
            raise UsageError(
                f"There are results of {len(names)} devices: {', '.join(names)}.",
                f"Choose for one: --device {names[0]}",
            )
        return self.device or names[0]


def _threads(cell: Cell) -> tuple[int, ...]:
    everything = cell.threads == cell.result.device.cpus
    return (cell.threads, 0) if everything else (cell.threads,)


def _matches(wanted: Sequence[object], names: Sequence[object]) -> bool:
    return any(
        each == name or (isinstance(each, str) and isinstance(name, str) and fnmatchcase(name, each))
        for each in wanted
        for name in names
    )


def _absent(what: str, wanted: Sequence[object], there: Iterable[object]) -> UsageError:
    asked = ", ".join("all CPUs" if each == 0 else str(each) for each in wanted)
    if what == "pace":
        asked = f"{wanted[0]:g} inferences per second" if wanted[0] else "inferences back to back"
        seen = sorted({f"--fps {each:g}" if isinstance(each, float) else "back to back" for each in there})
        return UsageError(f"No measurement is of {asked}.", f"There are: {', '.join(seen)}.")
    names = sorted({str(each) for each in there})
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    hint = f"There are: {', '.join(names[:8])}{more}."
    kind = OtherDevicesError if what == "device" else UsageError
    return kind(f"No measurement has the {what} {asked}.{nearest(asked, names)}", hint)
