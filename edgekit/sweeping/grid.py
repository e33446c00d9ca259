"""The steps of each size: train → convert → measure, keyed by what goes in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from edgekit.data import DATASETS
from edgekit.measurement import Schedule
from edgekit.progress import Progress
from edgekit.sweeping.request import SweepRequest
from edgekit.sweeping.steps import Step, new_step
from edgekit.sweeping.work import CONVERT, MEASURE, TRAIN
from edgekit.sweeps import Cell
from edgekit.zoo.source import sha256_path
from edgekit.zoo.spec import ModelSpec


@dataclass(frozen=True)
class Planned:
    """One size, and what there is to do about it."""

    spec: ModelSpec
    before: tuple[Step, ...]  # training and conversion, in this order
    measured: tuple[Step, ...]  # one per device

    @property
    def convert(self) -> Step:
        """The step that makes its files."""
        return self.before[-1]

    @property
    def steps(self) -> Iterator[Step]:
        """All of them, each after what it needs."""
        yield from self.before
        yield from self.measured


def plan(request: SweepRequest, progress: Progress, *, elsewhere: bool = False) -> list[Planned]:
    """Return what a sweep has to do, whether it was done before or not.

    Args:
        request: What was asked for.
        progress: Receives the hashing of a dataset of the user's own.
        elsewhere: Workers measure, so that nothing has to be alone on this computer.

    Raises:
        UsageError: A device is not known.
    """
    images = _images(request.dataset, progress)
    devices = request.profiles(elsewhere=elsewhere)
    return [_planned(request, spec, images, devices) for spec in request.specs()]


def _planned(request: SweepRequest, spec: ModelSpec, images: dict[str, Any], devices: list[Any]) -> Planned:
    size = {"family": spec.family, "alpha": spec.alpha, "resolution": spec.resolution, "seed": request.seed}
    title = Cell(spec.alpha, spec.resolution).title
    quantized = {"int8": "int8" in request.precisions, "float16": "float16" in request.precisions}
    made = {"formats": request.chosen_formats, **quantized}
    before: list[Step] = []
    if images:
        said = {**size, **images, "epochs": request.epochs}
        before.append(new_step(TRAIN, f"training {title}", said))
        before.append(new_step(CONVERT, f"converting {title}", made, needs=before))
    else:
        before.append(new_step(CONVERT, f"converting {title}", {**size, **made}))
    mode = request.mode
    asked = {
        "precisions": request.precisions,
        "runtimes": request.chosen_runtimes,
        "threads": request.threads,
        "mode": msgspec.to_builtins(mode) if isinstance(mode, Schedule) else mode,
        "accuracy": bool(images),
        "seed": request.seed,
    }
    measured = [
        new_step(
            MEASURE,
            f"measuring {title} on {name}",
            {**asked, "device": request.said_of(name)},
            needs=before[-1:],
            device=name,
            alone=profile is not None and profile.kind.here and profile.timed,
        )
        for name, profile in devices
    ]
    return Planned(spec, tuple(before), tuple(measured))


def _images(dataset: str | None, progress: Progress) -> dict[str, Any]:
    """Return what a training is told of its images: the name, and of one's own the place and the hash."""
    if dataset is None:
        return {}
    if dataset in DATASETS:
        return {"dataset": dataset}
    path = Path(dataset).resolve()
    progress.step(f"Hashing {dataset}")
    return {"dataset": str(path), "sha256": sha256_path(path)}
