"""The records of a comparison, layer by layer, of a quantized file with the float one."""

from __future__ import annotations

from math import log10

import msgspec

MATTERS = 0.1  # of the most noise behind any layer; what is less does not show at the end


class LayerNoise(msgspec.Struct, frozen=True):
    """What is noise behind one layer."""

    layer: str
    op: str
    tensor: str
    noise: float  # Σ difference² / Σ real², over all images; 0: none
    lost_db: float  # how far it brings the ratio down, from at most where noise matters; 0: not at all

    @property
    def sqnr_db(self) -> float | None:
        """10 log₁₀ (Σ real² / Σ difference²); None: no difference."""
        return -10 * log10(self.noise) if self.noise > 0 else None


class NoiseByLayer(msgspec.Struct, frozen=True):
    """The layers of a quantized file, in execution order."""

    file: str
    against: str
    images: int
    layers: tuple[LayerNoise, ...]


def lost_db(noise: float, before: float, most: float) -> float:
    """How many decibels a layer costs.

    A ratio and no difference, since a layer behind amplifies noise and adds none. Little noise does not
    count: the first layers would lose most, as there is none before them.

    Args:
        noise: Behind the layer, relative to the signal.
        before: Behind the layer before.
        most: The most behind any layer.
    """
    floor = max(before, MATTERS * most)
    return max(0.0, 10 * log10(noise / floor)) if noise > 0 and floor > 0 else 0.0
