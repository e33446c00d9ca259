"""Which tensors of two files hold the same: recognised by their values, whatever they are called."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from edgekit.conversion.ranges import Activations
from edgekit.data.dataset import Float32
from edgekit.parallel import in_threads

_ALIKE = 1e-3  # of the largest value
_SAMPLED = 4096  # of a tensor's values, once they are in order


def counterparts(pairs: Iterable[tuple[Activations, Activations]]) -> tuple[dict[str, str], set[str]]:
    """Which of another file's tensors holds the same values as each of one file's, in any order.

    Args:
        pairs: Of some images, the file's tensors and the other's.

    Returns:
        The other's names by the file's; and the tensors that no other is like.
    """
    signs = [tuple(_signs(each) for each in pair) for pair in pairs]
    found: dict[str, str] = {}
    for name in signs[0][0]:
        for other in signs[0][1]:
            if all(_alike(here[name], there[other]) for here, there in signs):
                found[name] = other
                break
    return found, signs[0][0].keys() - found.keys()


def _signs(activations: Activations) -> dict[str, tuple[int, Float32]]:
    return dict(zip(activations, in_threads(_sign, activations.values()), strict=True))


def _sign(values: Float32) -> tuple[int, Float32]:
    """How many values a tensor has, and some of them in order of size: whatever their places are."""
    ordered = np.sort(values, axis=None)
    places = np.linspace(0, ordered.size - 1, min(ordered.size, _SAMPLED)).astype(int)
    return ordered.size, ordered[places]


def _alike(here: tuple[int, Float32], there: tuple[int, Float32]) -> bool:
    (size, one), (other_size, other) = here, there
    if size != other_size:
        return False
    largest = float(np.abs(other).max(initial=1e-30))
    return float(np.abs(one - other).max(initial=0.0)) <= _ALIKE * largest
