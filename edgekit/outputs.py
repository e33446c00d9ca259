"""How far two executions of a model agree, going by what they made of the same input."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgekit.results import Measurement, Output

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Difference:
    """Two executions' outputs; the figures are those of the output that differs most.

    Of a sampled output the largest difference is at least this one.
    """

    output: str  # its name
    largest: float  # of any two values in one place, in the output's own unit; infinity: one is not finite
    relative: float  # that, over the largest magnitude of the reference
    cosine: float  # of the angle between both, as vectors
    sampled: bool  # whether not all of its values are in the results
    steps: float | None  # the largest difference in steps of a quantized output
    top: (
        tuple[int, int] | None
    )  # of the outputs that are one vector: how many have the same top-1, of how many
    identical: bool  # every value of every output, whether kept or not

    @property
    def same_top(self) -> bool | None:
        """Whether every vector has the same top-1; None: there is none."""
        return None if self.top is None else self.top[0] == self.top[1]

    @property
    def least(self) -> str:
        """The largest difference: `0`, `1.2e-07`, `≥ 0.0039` where only a sample of the values is kept."""
        if self.identical:
            return "0"
        text = "not finite" if math.isinf(self.largest) else f"{self.largest:.2g}"
        return f"≥ {text}" if self.sampled else text

    @property
    def text(self) -> str:
        """`identical`, or `largest difference 0.0039 (1 step), cosine 0.999998, same top-1`."""
        if self.identical:
            return "identical"
        steps = f" ({self.steps:.3g} step{'' if round(self.steps, 3) == 1 else 's'})" if self.steps else ""
        parts = [f"largest difference {self.least}{steps}", f"cosine {cosine_text(self.cosine)}"]
        if self.top:
            parts.append("same top-1" if self.same_top else "another top-1")
        return ", ".join(parts)


def cosine_text(cosine: float) -> str:
    """Format a cosine; 1.000000 only where it is 1 to six digits after it was rounded down."""
    return f"{math.floor(cosine * 1e6 + 1e-3) / 1e6:.6f}"


def difference(reference: Measurement, other: Measurement) -> Difference | None:
    """Compare the outputs of two executions.

    Returns:
        None if one is not known, they saw other inputs, or their outputs have other shapes.
    """
    mine, theirs = other.outputs, reference.outputs
    if not mine or reference.input_sha256 != other.input_sha256:
        return None
    if [output.shape for output in mine] != [output.shape for output in theirs]:
        return None
    pairs = [(a, b) for a, b in zip(theirs, mine, strict=True) if len(a.values) == len(b.values) > 0]
    if not pairs:
        return None
    each = [_compare(a, b) for a, b in pairs]
    worst = max(range(len(pairs)), key=lambda place: (each[place][1], -each[place][2]))
    name, step = pairs[worst][0].name, pairs[worst][0].step or pairs[worst][1].step
    tops = [a.top == b.top for a, b in pairs if a.top is not None]
    largest, relative, cosine = each[worst]
    return Difference(
        output=name,
        largest=largest,
        relative=relative,
        cosine=cosine,
        sampled=len(pairs[worst][0].values) < pairs[worst][0].size,
        steps=largest / step if step and math.isfinite(largest) else None,
        top=(sum(tops), len(tops)) if tops else None,
        identical=all(
            a.sha256 and (a.sha256, a.dtype, a.step) == (b.sha256, b.dtype, b.step) for a, b in pairs
        ),
    )


def _compare(reference: Output, other: Output) -> tuple[float, float, float]:
    """Return the largest difference, that over the reference's largest magnitude, and the cosine."""
    import numpy as np

    a, b = _array(reference.values), _array(other.values)
    both = np.isfinite(a)
    if (both != np.isfinite(b)).any():
        return math.inf, math.inf, 0.0
    a, b = a[both], b[both]
    if not a.size:
        return 0.0, 0.0, 1.0
    largest, magnitude = float(np.abs(a - b).max()), float(np.abs(a).max())
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    cosine = float(a @ b) / lengths if lengths else float(largest == 0)
    return largest, largest / magnitude if magnitude else largest, max(-1.0, min(1.0, cosine))


def _array(values: Sequence[float | None]) -> np.ndarray[Any, Any]:
    import numpy as np

    return np.array([math.nan if value is None else value for value in values])
