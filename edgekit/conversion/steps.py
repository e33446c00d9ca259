"""What is done to a float model before it is quantized, and what training for 8 bits leaves of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from edgekit.conversion.ranges import Ranges
from edgekit.quantization.network import Layer
from edgekit.words import plural

Kind = Literal["min/max", "least squared error"]  # of ranges


@dataclass(frozen=True)
class Steps:
    """What is done to the float model before it is quantized."""

    equalized: bool = False
    near: bool = False  # to ReLU6's cap, as far as calibration came to it
    rounded: bool = False
    corrected: bool = False
    ranges: Kind = "min/max"
    trained: int = 0  # epochs; then weights and ranges are those that training left, whatever else is said
    levels: int = 0  # the largest integer of a weight that was trained for

    def words(self, images: int) -> str:
        """Say it."""
        if self.trained:
            return f"weights and ranges trained for 8 bits, {plural(self.trained, 'epoch')}"
        done = (
            *(("channels equalized",) if self.equalized else ()),
            *(("near ReLU6's cap",) if self.equalized and self.near else ()),
            *(("weights rounded by reconstruction",) if self.rounded else ()),
            *(("biases corrected",) if self.corrected else ()),
        )
        kind = "min/max ranges" if self.ranges == "min/max" else "ranges of least squared error"
        return ", ".join((*done, f"{kind} of {plural(images, 'image')}"))


@dataclass(frozen=True)
class Trained:
    """What training for 8 bits left."""

    layers: tuple[Layer, ...]
    ranges: Ranges  # of the tensors that are rounded as they are computed
    sources: Mapping[str, str]  # of those that only pass values on: which tensor's
    epochs: int

    def of(self, seen: Ranges) -> dict[str, tuple[float, float]]:
        """The range of every tensor; those that are not rounded have the one seen."""
        found = dict(seen) | dict(self.ranges)
        passed = {name: found[source] for name, source in self.sources.items() if source in self.ranges}
        return found | passed


PLAIN, EVERYTHING = Steps(), Steps(equalized=True, rounded=True, corrected=True)
