"""The boards with published figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edgekit.registry import Registry

Cell = tuple[float, int, str]  # alpha, resolution in pixels, precision


@dataclass(frozen=True, kw_only=True)
class Board:
    """A board with published figures."""

    name: str  # as people type it
    description: str
    systems: tuple[str, ...]  # how the names of its systems begin, up to the runtime
    clocks: Mapping[str, str] = field(default_factory=dict)  # by round: how it ran, where that is known
    energy_mj: Mapping[Cell, float] = field(default_factory=dict)  # at the wall, per inference


_PI = {
    "v0.5": "1.5 GHz, 32-bit",
    **dict.fromkeys(("v1.0", "v1.1"), "1.5 GHz, fan"),
    **dict.fromkeys(("v2.0", "v2.1", "v3.0"), "1.8 GHz, case as heat sink"),
}
_PI_ENERGY = {
    (0.25, 128): (12, 31),
    (0.25, 224): (31, 78),
    (0.5, 128): (25, 62),
    (0.5, 224): (66, 158),
    (1.0, 224): (180, 441),
}

BOARDS = Registry(
    "board with published figures",
    (
        Board(
            name="rpi4",
            description="Raspberry Pi 4",
            systems=("rpi4", "rpi4coral-fan.on"),
            clocks=_PI,
            energy_mj={
                (*size, precision): float(value)
                for size, values in _PI_ENERGY.items()
                for precision, value in zip(("int8", "float32"), values, strict=True)
            },
        ),
        Board(name="rk3399", description="Firefly, Rockchip RK3399", systems=("firefly",)),
        Board(name="odroid", description="Odroid", systems=("odroid",)),
        Board(name="vim4", description="Khadas VIM4", systems=("vim4",)),
        Board(
            name="xavier",
            description="NVIDIA Jetson AGX Xavier",
            systems=("xavier", "xavier-power.0-fan.cool"),
        ),
        Board(name="orin", description="NVIDIA Jetson AGX Orin", systems=("orin",)),
    ),
)
