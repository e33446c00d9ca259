"""Sweeps as the command would leave them, with times and accuracies that a test chooses."""

from __future__ import annotations

from collections.abc import Mapping

from edgekit.results import Measurement, Result
from edgekit.sweeps import SCHEMA, Cell, Published, Sweep
from support.sessions import session, timed

PUBLISHED = (Published("int8", 0.7, 50_000, "a table"),)


def sized(
    alpha: float, resolution: int, *measured: Measurement, device: str = "rpi4", **named: object
) -> Cell:
    """One size with its session on one device."""
    results: tuple[Result, ...] = (session(*measured, device=device),) if measured else ()
    cost = {"parameters": int(alpha**2 * 4e6), "multiply_adds": int(alpha**2 * resolution**2 * 1e4)}
    return Cell(alpha, resolution, results=results, **{**cost, **named})


def swept(*cells: Cell, dataset: str | None = "shapes", **named: object) -> Sweep:
    """A sweep of these sizes."""
    devices = dict.fromkeys(result.device.profile for cell in cells for result in cell.results)
    return Sweep(
        schema=SCHEMA,
        created="2026-03-01T09:30:12Z",
        edgekit="0.1.0",
        command="edgekit sweep",
        family="mobilenet_v1",
        dataset=dataset,
        devices=tuple(devices),
        cells=cells,
        **named,
    )


def planted(sizes: Mapping[tuple[float, int], tuple[float, int]], **named: object) -> Sweep:
    """A sweep from (alpha, resolution) → (milliseconds, wrong answers of 500); repeats are 1 % apart."""
    return swept(
        *(
            sized(*size, timed(*(ms * 1e6 * by for by in (0.995, 1, 1.005)), wrong=wrong, model=f"m{size}"))
            for size, (ms, wrong) in sizes.items()
        ),
        **named,
    )
