"""The published figures, series by series: one board, runtime and precision in one round."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from edgekit.expectation.board import Board

# when a round's results were published
YEARS = {"v0.5": 2019, "v0.7": 2020, "v1.0": 2021, "v1.1": 2021, "v2.0": 2022, "v2.1": 2022, "v3.0": 2023}
_NAMES = {"tflite": "TFLite", "armnn": "Arm NN"}
_SYSTEM = re.compile(r"(.*)-(tflite|armnn)-v?([\d.]+)-?(\w*)")  # the board, then the runtime
_TABLE = Path(__file__).with_name("mobilenet_v1.csv")


@dataclass(frozen=True)
class Published:
    """One size in one series. Milliseconds of at least ten minutes, one image after the other."""

    fastest_ms: float
    p50_ms: float
    p90_ms: float
    top1_percent: float  # of ImageNet's 50,000 validation images
    path: str  # in the repository of the round


@dataclass(frozen=True)
class Series:
    """One system in one round: all sizes with the same software on the same hardware."""

    round: str
    system: str
    precision: str
    sizes: Mapping[tuple[float, int], Published]  # by alpha and resolution

    @property
    def board(self) -> str:
        """What its submitter called the board."""
        return self._parts[0]

    @property
    def runtime(self) -> str:
        """Name and version, `TFLite 2.7.1`, and whether it ran on the GPU."""
        _, name, version, _ = self._parts
        return f"{_NAMES[name]} {version}{', GPU' if self.on_gpu else ''}"

    @property
    def on_gpu(self) -> bool:
        """Whether it ran on the board's GPU."""
        return self._parts[3] == "opencl"

    @property
    def year(self) -> int:
        """When it was published."""
        return YEARS[self.round]

    @property
    def _parts(self) -> tuple[str, ...]:
        found = _SYSTEM.fullmatch(self.system)
        assert found, self.system  # noqa: S101 - the table is ours; a test reads all of it
        return found.groups()


def series_of(board: Board, precision: str) -> tuple[Series, ...]:
    """Return a board's series, the oldest first."""
    return tuple(each for each in _all() if each.precision == precision and each.board in board.systems)


@cache
def _all() -> tuple[Series, ...]:
    found: dict[tuple[str, str, str], dict[tuple[float, int], Published]] = {}
    with _TABLE.open(newline="") as file:
        for row in csv.DictReader(file):
            sizes = found.setdefault((row["round"], row["system"], row["precision"]), {})
            sizes[float(row["alpha"]), int(row["resolution"])] = Published(
                float(row["fastest_ms"]),
                float(row["p50_ms"]),
                float(row["p90_ms"]),
                float(row["top1_percent"]),
                row["path"],
            )
    return tuple(Series(*which, sizes) for which, sizes in found.items())
