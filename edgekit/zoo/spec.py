"""What a model of a family is: width, input size and number of classes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from edgekit.errors import UsageError
from edgekit.words import listed
from edgekit.zoo.families import FAMILIES, IMAGENET_CLASSES, Family


@dataclass(frozen=True)
class ModelSpec:
    """A model of a known family.

    Raises:
        UsageError: A value is outside what the family can be built with.
    """

    family: str
    alpha: float | None  # width multiplier; None for a family without one
    resolution: int  # pixels, height and width of the input
    classes: int

    def __post_init__(self) -> None:
        family = self.record
        _check_alpha(family, self.alpha)
        if self.resolution < family.smallest:
            raise UsageError(
                f"resolution must be at least {family.smallest} pixels, received {self.resolution}.",
                f"Common sizes of {family.name} are {listed(family.usual_resolutions)}.",
            )
        if self.classes < 2:
            raise UsageError(f"A classifier needs at least 2 classes, received {self.classes}.")

    @property
    def record(self) -> Family:
        """What is known about its family."""
        return FAMILIES.named(self.family)

    def name(self, dataset: str) -> str:
        """The checkpoint's name: `mobilenet_v1_0.5_32_digits`."""
        return "_".join([stem(self.family, self.alpha), str(self.resolution), dataset])


def model_spec(
    family: str, alpha: float | None = None, resolution: int | None = None, classes: int | None = None
) -> ModelSpec:
    """Return what was asked for; of what was not, the family's usual width, ImageNet's size and classes.

    Raises:
        UsageError: There is no such family, or it cannot be built like this.
    """
    record = FAMILIES.named(family)
    return ModelSpec(
        family,
        record.widths.default if alpha is None and record.widths else alpha,
        record.published_resolution if resolution is None else resolution,
        IMAGENET_CLASSES if classes is None else classes,
    )


def stem(family: str, alpha: float | None) -> str:
    """How the names of a family's checkpoints of one width begin: `mobilenet_v1_0.5`."""
    return family if alpha is None else f"{family}_{float(alpha)}"


def _check_alpha(family: Family, alpha: float | None) -> None:
    widths = family.widths
    if widths is None or alpha is None:
        if (widths, alpha) != (None, None):
            has = "has no" if widths is None else "needs a"
            raise UsageError(
                f"{family.name} {has} width multiplier, received alpha {alpha}.",
                "Leave out --alpha." if widths is None else f"Common widths are {listed(widths.usual)}.",
            )
        return
    if not math.isfinite(alpha) or alpha <= 0:
        raise UsageError(
            f"alpha must be a number above 0, received {alpha}.", f"Common widths are {listed(widths.usual)}."
        )
    if not widths.smallest <= alpha <= widths.largest:
        why = (
            widths.below
            if alpha < widths.smallest
            else "makes a model over the 2 GB that TFLite and ONNX files can hold"
        )
        raise UsageError(f"alpha {alpha} {why}.", f"Choose one from {widths.smallest} to {widths.largest}.")
