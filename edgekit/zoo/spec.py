"""What a model of a family is: width, input size and number of classes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from edgekit.errors import UsageError

FAMILIES = ("mobilenet_v1",)
SMALLEST_RESOLUTION = 32  # pixels; MobileNet v1 halves its input five times
SMALLEST_ALPHA = 1 / 32  # the first convolution has 32 × alpha filters
LARGEST_ALPHA = 12.0  # 4 bytes × 3.2 million × alpha²: TFLite and ONNX files end at 2 GB


@dataclass(frozen=True)
class ModelSpec:
    """A model of a known family.

    Raises:
        UsageError: A value is outside what the family can be built with.
    """

    family: str
    alpha: float  # width multiplier
    resolution: int  # pixels, height and width of the input
    classes: int

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise UsageError(
                f"There is no model family {self.family!r}.", f"The families are: {', '.join(FAMILIES)}."
            )
        if not math.isfinite(self.alpha) or self.alpha <= 0:
            raise UsageError(
                f"alpha must be a number above 0, received {self.alpha}.",
                "Common widths are 0.25, 0.5, 0.75 and 1.0.",
            )
        if not SMALLEST_ALPHA <= self.alpha <= LARGEST_ALPHA:
            why = (
                "leaves the first convolution without a filter"
                if self.alpha < SMALLEST_ALPHA
                else "makes a model over the 2 GB that TFLite and ONNX files can hold"
            )
            raise UsageError(
                f"alpha {self.alpha} {why}.", f"Choose one from {SMALLEST_ALPHA} to {LARGEST_ALPHA}."
            )
        if self.resolution < SMALLEST_RESOLUTION:
            raise UsageError(
                f"resolution must be at least {SMALLEST_RESOLUTION} pixels, received {self.resolution}.",
                "Common sizes are 96, 128, 160, 192 and 224.",
            )
        if self.classes < 2:
            raise UsageError(f"A classifier needs at least 2 classes, received {self.classes}.")

    def name(self, dataset: str) -> str:
        """The checkpoint's name: `mobilenet_v1_0.5_32_digits`."""
        return f"{self.family}_{float(self.alpha)}_{self.resolution}_{dataset}"
