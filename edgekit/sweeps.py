"""A sweep: one family's models in many sizes, each measured on one device or several.

Each size keeps the ordinary results of its sessions, with every raw sample; figures are computed from them
when they are shown (`edgekit.reporting.points`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

from edgekit.artefact import Precision
from edgekit.results import Result
from edgekit.schema import decode_record, write_record

SCHEMA = "edgekit.sweep/1"
FILE = "sweep.json"  # in the sweep's folder

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Positive = Annotated[int, msgspec.Meta(ge=1)]


class Published(msgspec.Struct, frozen=True):
    """How right the family's ImageNet weights of one size are, by others' measurement."""

    precision: Precision
    top1: Share
    images: Positive  # of ImageNet's validation images
    source: str  # where it was published


class Failed(msgspec.Struct, frozen=True):
    """Something that gave nothing the last time."""

    step: str  # for people: `measuring alpha 0.5 at 192 pixels on rpi4`
    reason: str
    hint: str = ""  # what to do
    device: str | None = None  # on which it failed; None: before any device was asked


class Cell(msgspec.Struct, frozen=True):
    """One size."""

    alpha: float | None  # width multiplier; None: the family has none
    resolution: Positive  # pixels, height and width of the input
    parameters: int | None = None  # None: no file could be made
    multiply_adds: int | None = None  # of one image
    results: tuple[Result, ...] = ()  # a session for each device that was measured
    published: tuple[Published, ...] = ()  # of the same size; only where nothing was trained
    failed: tuple[Failed, ...] = ()

    @property
    def title(self) -> str:
        """The size in words: `alpha 0.5 at 192 pixels`."""
        width = "" if self.alpha is None else f"alpha {self.alpha:g} at "
        return f"{width}{self.resolution} pixels"

    @property
    def whole(self) -> bool:
        """Whether all that was asked for is there."""
        return not self.failed and not any(result.partial for result in self.results)


class Sweep(msgspec.Struct, frozen=True, dict=True):
    """A grid of sizes. Written as sweep.json."""

    schema: str
    created: str  # ISO 8601, UTC
    edgekit: str  # version
    command: str  # that made it, as typed
    family: str
    dataset: str | None  # that models were trained and judged on; None: their weights are random
    devices: tuple[str, ...]  # names of the profiles
    cells: tuple[Cell, ...]  # in the order asked for

    @property
    def trained(self) -> bool:
        """Whether accuracies are those of the models that were measured."""
        return self.dataset is not None

    @property
    def whole(self) -> bool:
        """Whether every size was measured on every device, and all of it can be trusted."""
        measurements = (m for cell in self.cells for result in cell.results for m in result.measurements)
        return all(cell.whole and len(cell.results) == len(self.devices) for cell in self.cells) and all(
            measured.valid for measured in measurements
        )

    @property
    def path(self) -> Path | None:
        """The file that it was read from or written to; None: it is in no file."""
        return self.__dict__.get("_path")


def read_sweep(path: Path) -> Sweep:
    """Read a sweep from its file, or from its folder.

    Raises:
        RecordError: Not a sweep, damaged, or written by a newer edgekit.
    """
    file = path / FILE if path.is_dir() else path
    sweep = decode_record(file, Sweep, SCHEMA)
    sweep.__dict__["_path"] = file
    return sweep


def write_sweep(path: Path, sweep: Sweep) -> None:
    """Write a sweep whole or not at all; it then knows its `path`."""
    write_record(path, sweep)
    sweep.__dict__["_path"] = path
