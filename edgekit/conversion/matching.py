"""Which tensors of two files hold the same: recognised by their values, whatever they are called."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgekit.conversion.ranges import Activations
from edgekit.data.dataset import Float32

_ALIKE = 1e-3  # of the largest value


def counterparts(pairs: Sequence[tuple[Activations, Activations]]) -> dict[str, str]:
    """Which of another file's tensors holds the same values as each of one file's, in any order.

    Args:
        pairs: Of some images, the file's tensors and the other's.

    Returns:
        The other's names by the file's; a tensor that no other is like has none.
    """
    others = {name: [_ordered(there[name]) for _, there in pairs] for name in pairs[0][1]}
    found: dict[str, str] = {}
    for name in pairs[0][0]:
        own = [_ordered(here[name]) for here, _ in pairs]
        same = next((other for other, values in others.items() if _alike(own, values)), None)
        if same is not None:
            found[name] = same
    return found


def _ordered(values: Float32) -> Float32:
    return np.sort(values, axis=None)


def _alike(here: Sequence[Float32], there: Sequence[Float32]) -> bool:
    return all(
        one.size == other.size
        and float(np.abs(one - other).max(initial=0.0)) <= _ALIKE * float(np.abs(other).max(initial=1e-30))
        for one, other in zip(here, there, strict=True)
    )
