"""The outlines that `shapes` draws, as distance functions.

Each takes coordinates x, y (float32 arrays of one shape, in units of the shape's radius) and returns
about the distance to the outline, negative inside. Only +, −, ×, ÷, √, min, max and |·| are used:
IEEE 754 fixes their result to the bit, so that every machine draws the same pixels.
Cosines and sines are of constants, rounded to 1/4096.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.float32]


def grid_round(value: float) -> float:
    """Round to 1/4096: no two mathematical libraries disagree by enough to change it."""
    return round(value * 4096) / 4096


def _half_plane(x: Plane, y: Plane, degrees: float, distance: float) -> Plane:
    """Distance beyond the line whose normal points to `degrees` (90 is up), `distance` from the centre."""
    angle = math.radians(degrees)
    return (
        x * np.float32(grid_round(math.cos(angle)))
        - y * np.float32(grid_round(math.sin(angle)))
        - np.float32(distance)
    )


def _disc(x: Plane, y: Plane, radius: float) -> Plane:
    return np.sqrt(x * x + y * y) - np.float32(radius)


def _box(x: Plane, y: Plane, half_width: float, half_height: float) -> Plane:
    return np.maximum(np.abs(x) - np.float32(half_width), np.abs(y) - np.float32(half_height))


def _polygon(sides: int, apothem: float) -> Callable[[Plane, Plane], Plane]:
    """A regular polygon is where all half planes meet."""

    def outline(x: Plane, y: Plane) -> Plane:
        far = _half_plane(x, y, -90, apothem)
        for side in range(1, sides):
            far = np.maximum(far, _half_plane(x, y, -90 + 360 * side / sides, apothem))
        return far

    return outline


def _star(x: Plane, y: Plane) -> Plane:
    """A pentagram is where at most one of five half planes is left: the second largest distance."""
    first = _half_plane(x, y, -90, 0.42)
    second = np.full_like(first, -9)
    for side in range(1, 5):
        other = _half_plane(x, y, -90 + 72 * side, 0.42)
        second = np.maximum(second, np.minimum(first, other))
        first = np.maximum(first, other)
    return second


def _ellipse(x: Plane, y: Plane) -> Plane:
    return _disc(x, y / np.float32(0.6), 1.0) * np.float32(0.75)


def _ring(x: Plane, y: Plane) -> Plane:
    return np.abs(_disc(x, y, 0.75)) - np.float32(0.22)


def _crescent(x: Plane, y: Plane) -> Plane:
    return np.maximum(_disc(x, y, 1.0), -_disc(x - np.float32(0.45), y, 0.8))


def _cross(x: Plane, y: Plane) -> Plane:
    return np.minimum(_box(x, y, 0.95, 0.3), _box(x, y, 0.3, 0.95))


def _arrow(x: Plane, y: Plane) -> Plane:
    head = np.maximum(_half_plane(x, y, -90, -0.0), _half_plane(x, y, 40, 0.62))
    head = np.maximum(head, _half_plane(x, y, 140, 0.62))
    return np.minimum(head, _box(x, y - np.float32(0.4), 0.27, 0.55))


def _heart(x: Plane, y: Plane) -> Plane:
    """A square on its corner with a disc on each of its two upper sides."""
    half, side = 0.82, grid_round(0.82 / math.sqrt(2))  # half diagonal, and half a side: the discs' radius
    x, y = np.abs(x), y - np.float32(0.08)
    square: Plane = (x + np.abs(y) - np.float32(half)) * np.float32(0.7)
    lobe = _disc(x - np.float32(half / 2), y + np.float32(half / 2), side)
    heart: Plane = np.minimum(square, lobe)
    return heart


OUTLINES: dict[str, Callable[[Plane, Plane], Plane]] = {
    "arrow": _arrow,
    "circle": lambda x, y: _disc(x, y, 0.88),
    "crescent": _crescent,
    "cross": _cross,
    "ellipse": _ellipse,
    "heart": _heart,
    "hexagon": _polygon(6, 0.82),
    "pentagon": _polygon(5, 0.78),
    "ring": _ring,
    "square": lambda x, y: _box(x, y, 0.76, 0.76),
    "star": _star,
    "triangle": _polygon(3, 0.55),
}
