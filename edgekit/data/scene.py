"""Draws the scenes of `shapes`: random words in, images out, many at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from edgekit.data.dataset import UInt8
from edgekit.data.outlines import OUTLINES, Plane

_CLOUD = 6  # cells per side of the coarsest random field
_FIELDS = 3  # random fields per image: background, shape, edge
WORDS = 64 + _FIELDS * _CLOUD * _CLOUD  # random words an image needs, before its noise
_ONE = np.float32(1)
# Backgrounds use the dark 55 % of each channel, shapes the light 55 %. Were both free, a shape would be
# as often darker as lighter, and a MobileNet of this size does not find its way into learning that.
_DARK = np.float32(0.55)


class _Dice:
    """Hands out each image's random numbers, column by column, in a fixed order."""

    def __init__(self, words: npt.NDArray[np.uint64]) -> None:
        # 24 bits fit a float32 exactly
        self._values = (words >> np.uint64(40)).astype(np.float32) * np.float32(2**-24)
        self._next = 0

    def roll(self, count: int) -> Plane:
        """Uniform numbers in [0, 1), [n, count]."""
        self._next += count
        return self._values[:, self._next - count : self._next]

    def between(self, low: float, high: float) -> Plane:
        """A uniform number in [low, high) for each image, shaped to multiply planes: [n, 1, 1]."""
        return (self.roll(1) * np.float32(high - low) + np.float32(low))[:, :, None]

    def chance(self, share: float) -> Plane:
        """1 for about that share of the images, otherwise 0; [n, 1, 1]."""
        return (self.roll(1) < np.float32(share)).astype(np.float32)[:, :, None]

    def turn(self, widest: float = 180) -> tuple[Plane, Plane]:
        """Cosine and sine of an angle of at most `widest` degrees either way; each [n, 1, 1].

        Rounded to 1/4096, since mathematical libraries differ in the last bits.
        """
        angle = (self.roll(1).astype(np.float64) * 2 - 1) * np.deg2rad(widest)
        cosine, sine = (np.rint(f(angle) * 4096) / 4096 for f in (np.cos, np.sin))
        return cosine.astype(np.float32)[:, :, None], sine.astype(np.float32)[:, :, None]

    def colour(self) -> Plane:
        """A colour, [n, 3, 1, 1]."""
        return self.roll(3)[:, :, None, None]


def draw(labels: npt.NDArray[np.int64], words: npt.NDArray[np.uint64], height: int, width: int) -> UInt8:
    """Draw images of the shapes `labels` [n] from random `words` [n, WORDS + noise]; uint8 [n, H, W, 3]."""
    dice = _Dice(words[:, :WORDS])
    y, x = _grid(height, width)
    pixel = np.float32(2 / min(height, width))
    fields = [_cloud(dice.roll(_CLOUD * _CLOUD), height, width) for _ in range(_FIELDS)]

    ground, other = dice.colour() * _DARK, dice.colour() * _DARK
    scene = ground + (other - ground) * (_ramp(dice, x, y) * dice.between(0, 0.6))[:, None]
    scene += _texture(dice, x, y, fields[0])[:, None]
    for _ in range(2):
        _lay(scene, dice.colour(), _blob(dice, x, y, pixel, reach=1.0, largest=0.16) * dice.chance(0.5))

    radius = dice.between(0.45, 0.8)
    distance = _shape(dice, labels, x, y, radius) + fields[2] * dice.between(0, 0.08)
    cover = _coverage(distance * radius, pixel * dice.between(0.6, 2.0))
    ink = _ONE - dice.colour() * _DARK
    _lay(scene, ink + _texture(dice, x, y, fields[1])[:, None], cover)
    _lay(scene, dice.colour(), _blob(dice, x, y, pixel, reach=0.6, largest=0.22) * dice.chance(0.5))

    light = _ONE + (_ramp(dice, x, y) - np.float32(0.5)) * dice.between(0, 0.8)
    scene *= light[:, None]
    scene += _noise(words[:, WORDS:], height, width) * dice.between(0.02, 0.25)[:, None]
    levels = np.clip(scene, 0, 1) * np.float32(255) + np.float32(0.5)
    return np.ascontiguousarray(levels.astype(np.uint8).transpose(0, 2, 3, 1))


def _noise(words: npt.NDArray[np.uint64], height: int, width: int) -> Plane:
    """A number between −0.5 and 0.5 for every channel of every pixel, [n, 3, H, W]; a byte makes one."""
    values = np.ascontiguousarray(words, dtype="<u8").view(np.uint8)
    values = values[:, : 3 * height * width].reshape(-1, 3, height, width)
    return values.astype(np.float32) * np.float32(1 / 255) - np.float32(0.5)


def _grid(height: int, width: int) -> tuple[Plane, Plane]:
    """Pixel centres, y [1, H, 1] and x [1, 1, W]; the shorter side spans −1 to 1."""
    half = min(height, width) / 2
    y = (np.arange(height) + 0.5 - height / 2) / half
    x = (np.arange(width) + 0.5 - width / 2) / half
    return y.astype(np.float32)[None, :, None], x.astype(np.float32)[None, None, :]


def _coverage(distance: Plane, softness: Plane | np.float32) -> Plane:
    """Share of each pixel that is inside: 1 well inside, 0 well outside, a ramp on the edge."""
    share: Plane = np.clip(np.float32(0.5) - distance / softness, 0, 1)
    return share


def _lay(scene: Plane, colour: Plane, cover: Plane) -> None:
    """Lay a colour over the scene [n, 3, H, W] where `cover` [n, H, W] says so."""
    scene += (colour - scene) * cover[:, None]


def _ramp(dice: _Dice, x: Plane, y: Plane) -> Plane:
    """A light gradient in a random direction, about 0 to 1."""
    cosine, sine = dice.turn()
    return (x * cosine + y * sine) * np.float32(0.4) + np.float32(0.5)


def _wave(position: Plane) -> Plane:
    """A triangle wave of period 1 between −1 and 1."""
    wave: Plane = np.abs(position - np.floor(position) - np.float32(0.5)) * np.float32(4) - _ONE
    return wave


def _texture(dice: _Dice, x: Plane, y: Plane, cloud: Plane) -> Plane:
    """Stripes, a weave or clouds, of random strength, direction and width; about −0.25 to 0.25."""
    cosine, sine = dice.turn()
    frequency, shift = dice.between(1.5, 6), dice.between(0, 1)
    stripes = _wave((x * cosine + y * sine) * frequency + shift)
    weave = stripes * _wave((y * cosine - x * sine) * frequency + shift)
    kind = dice.between(0, 4)
    pattern = np.where(kind < 1, stripes, np.where(kind < 2, weave, cloud * (kind < 3)))
    return pattern * dice.between(0, 0.15)


def _cloud(values: Plane, height: int, width: int) -> Plane:
    """A smooth random field between −1 and 1: [n, cells²] numbers, bilinearly enlarged to [n, H, W]."""
    field = values.reshape(-1, _CLOUD, _CLOUD) * np.float32(2) - _ONE
    for axis, size in ((1, height), (2, width)):
        at = (np.arange(size) + 0.5) * ((_CLOUD - 1) / size)
        low = at.astype(np.int64)
        part = (at - low).astype(np.float32)
        part = part[None, :, None] if axis == 1 else part[None, None, :]
        field = np.take(field, low, axis) * (_ONE - part) + np.take(field, low + 1, axis) * part
    return field


def _blob(dice: _Dice, x: Plane, y: Plane, pixel: np.float32, *, reach: float, largest: float) -> Plane:
    """Coverage of a turned box or ellipse somewhere within `reach` of the centre."""
    cosine, sine = dice.turn()
    dx, dy = x - dice.between(-reach, reach), y - dice.between(-reach, reach)
    half_width, half_height = dice.between(0.06, largest), dice.between(0.06, largest)
    u = np.abs((dx * cosine + dy * sine) / half_width)
    v = np.abs((dy * cosine - dx * sine) / half_height)
    distance = np.where(dice.chance(0.5) > 0, np.maximum(u, v), np.sqrt(u * u + v * v)) - _ONE
    return _coverage(distance * half_height, pixel)


def _shape(dice: _Dice, labels: npt.NDArray[np.int64], x: Plane, y: Plane, radius: Plane) -> Plane:
    """Distance to each image's own outline, in radii."""
    cosine, sine = dice.turn(45)
    room = _ONE - radius * np.float32(0.9)
    dx, dy = x - dice.between(-1, 1) * room, y - dice.between(-1, 1) * room
    stretch = dice.between(0.9, 1.1)
    u = (dx * cosine + dy * sine) / (radius * stretch)
    v = (dy * cosine - dx * sine) / radius * stretch
    distance: Plane = np.empty_like(u)
    outlines: list[Callable[[Plane, Plane], Plane]] = list(OUTLINES.values())
    for label in np.unique(labels):
        mine = labels == label
        distance[mine] = outlines[label](u[mine], v[mine])
    return distance
