"""A whole sweep: what is not done yet is done, and what there is becomes a record."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from edgekit import __version__
from edgekit.artefact import Model, Precision
from edgekit.errors import RecordError
from edgekit.expectation.accuracy import IMAGES, published_top1
from edgekit.files import OUTPUT, check_writable, storage_errors
from edgekit.progress import SILENT, Progress
from edgekit.results import Result, read_result
from edgekit.schema import now
from edgekit.sweeping import work
from edgekit.sweeping.grid import Planned, plan
from edgekit.sweeping.local import Outcome, alone, run_steps
from edgekit.sweeping.request import SweepRequest
from edgekit.sweeping.steps import Step
from edgekit.sweeping.store import Store
from edgekit.sweeps import FILE, SCHEMA, Cell, Failed, Published, Sweep, read_sweep, write_sweep
from edgekit.zoo import ModelSpec

STORE = "steps"  # folder of the steps' results, in the sweep's folder


class Run(Protocol):
    """What does steps: this computer's processes, or a scheduler's workers."""

    def __call__(self, steps: Sequence[Step], store: Store, progress: Progress) -> Outcome:
        """Do what the store lacks."""


def sweep(
    request: SweepRequest,
    progress: Progress = SILENT,
    *,
    run: Run = run_steps,
    elsewhere: bool = False,
    again: bool = False,
) -> Sweep:
    """Do what is left of a sweep, and write its record.

    Args:
        request: What was asked for.
        progress: Receives every step.
        run: Does the steps.
        elsewhere: Whether it does them on other computers.
        again: Measure again what cannot be trusted.

    Raises:
        UsageError: A device is not known.
        UnavailableError: Another sweep is at work in the folder.
        StorageError: The folder cannot be written.
        KeyboardInterrupt: The record was written with what there is.
    """
    folder = request.folder
    check_writable(folder / FILE, OUTPUT)
    planned = plan(request, progress, elsewhere=elsewhere)
    store = Store(folder / STORE)
    if again:
        _forget_invalid(planned, store)
    try:
        run([step for each in planned for step in each.steps], store, progress)
    except KeyboardInterrupt:
        _write(folder / FILE, _record(request, planned, store))
        raise
    return _write(folder / FILE, _record(request, planned, store))


def _write(file: Path, found: Sweep) -> Sweep:
    """Write a record, unless the one that is there says the same."""
    try:
        before = read_sweep(file)
    except RecordError:
        before = None
    if before and before == msgspec.structs.replace(found, created=before.created, command=before.command):
        return before
    with storage_errors(file, OUTPUT):
        write_sweep(file, found)
    return found


def _forget_invalid(planned: Sequence[Planned], store: Store) -> None:
    with alone(store):
        for step in (step for each in planned for step in each.measured if store.holds(step.key)):
            result = _result(step, store)
            if result.partial or not all(measured.valid for measured in result.measurements):
                shutil.rmtree(store.path(step.key))


def _record(request: SweepRequest, planned: Sequence[Planned], store: Store) -> Sweep:
    return Sweep(
        schema=SCHEMA,
        created=now(),
        edgekit=__version__,
        command=request.command,
        family=request.family,
        dataset=request.dataset,
        devices=tuple(dict.fromkeys(step.device or "" for each in planned for step in each.measured)),
        cells=tuple(_cell(request, each, store) for each in planned),
    )


def _cell(request: SweepRequest, planned: Planned, store: Store) -> Cell:
    measured = [step for step in planned.measured if store.holds(step.key)]
    model = _model(measured[0], store) if measured else None
    spec = planned.spec
    return Cell(
        alpha=spec.alpha,
        resolution=spec.resolution,
        parameters=model.parameters if model else None,
        multiply_adds=model.multiply_adds if model else None,
        results=tuple(_result(step, store) for step in measured),
        published=() if request.dataset else tuple(_published(spec, request.precisions)),
        failed=tuple(_failures(planned, store)),
    )


def _result(step: Step, store: Store) -> Result:
    return read_result(store.path(step.key) / work.RESULT)


def _model(step: Step, store: Store) -> Model:
    return msgspec.json.decode((store.path(step.key) / work.MODEL).read_bytes(), type=Model)


def _published(spec: ModelSpec, precisions: Sequence[Precision]) -> Iterator[Published]:
    for precision in precisions:
        if found := published_top1(spec.family, spec.alpha, spec.resolution, precision):
            yield Published(precision, found[0], IMAGES, found[1])


def _failures(planned: Planned, store: Store) -> Iterator[Failed]:
    if all(store.holds(step.key) for step in planned.measured):
        return
    for step in planned.steps:
        if not store.holds(step.key) and (failure := store.failure(step.key)):
            yield Failed(failure.name, failure.reason, failure.hint, step.device)
