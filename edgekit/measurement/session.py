"""One session, from request to result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

import edgekit
from edgekit.device import Transport, read_noise
from edgekit.errors import EdgekitError
from edgekit.measurement.artefacts import payloads, read_evaluation, subjects
from edgekit.measurement.findings import Context, findings
from edgekit.measurement.loose import Asked
from edgekit.measurement.measure import Collected, Outcome, measure
from edgekit.measurement.passes import Passes
from edgekit.measurement.plan import cells, left_out, wanted_runtimes, wanted_threads
from edgekit.measurement.request import BenchRequest
from edgekit.measurement.store import Store
from edgekit.measurement.subject import Subject
from edgekit.progress import SILENT, Progress
from edgekit.repository import here
from edgekit.results import SCHEMA, Environment, Evaluation, Measurement, Noise, Repository, Result
from edgekit.schema import now
from edgekit.visit import Visit, profile_of, visiting


def bench(
    request: BenchRequest,
    progress: Progress = SILENT,
    *,
    transport: Transport | None = None,
    store: Store | None = None,
) -> Result:
    """Measure artefacts on a device.

    A combination that fails does not end the session; the result then says that it is partial, as it
    does when the session is interrupted.

    Args:
        request: What to measure, with what, where.
        progress: Receives every process on the device.
        transport: Instead of the one in the device's profile.
        store: Where the result is kept while it grows. The whole of it is left to be written.

    Raises:
        UsageError: The request does not fit the artefacts or the device.
        RuntimeMissingError: A runtime that was asked for by name cannot be provided, or none can.
        DeviceError: Nothing could be measured.
        KeyboardInterrupt: Interrupted before anything was measured.
    """
    with TemporaryDirectory(prefix="edgekit-") as work:
        files = subjects(
            request.artefacts, Asked(request.shapes, request.inputs, request.reading, Path(work))
        )
        return _bench(request, files, progress, transport, store)


def _bench(
    request: BenchRequest,
    files: tuple[Subject, ...],
    progress: Progress,
    transport: Transport | None,
    store: Store | None,
) -> Result:
    runtimes = wanted_runtimes(request.runtimes, files)
    if omitted := left_out(runtimes, files):
        progress.note(omitted)
    evaluations = evaluations_of(files, request)
    profile, created = profile_of(request.device), now()
    noise = read_noise(profile.name) if profile.timed else None
    repository = made_in(progress)
    for ignored in () if profile.timed else _ignored(request):
        progress.note(f"{profile.name} {ignored}")
    needed, named = payloads(files, evaluation=request.accuracy), bool(request.runtimes)
    with visiting(profile, needed, runtimes, progress, by_name=named, transport=transport) as visit:
        session = Session(request, files, evaluations, created, visit, noise, repository)
        chosen = cells(files, visit.bundles.values(), wanted_threads(request.threads, session.cpus))
        keep = partial(session.keep, store)
        outcome = measure(chosen, Passes(visit, request), request, progress, keep)
        if outcome.stopped:
            keep(outcome, at_once=True)  # before the device is let go, which may take longer than there is
        after = environment(visit) if outcome.can_wait else Environment(now())
    return session.result(outcome, after)


@dataclass(frozen=True)
class Session:
    """What a result says whatever is measured; it can be asked for one as often as there is news."""

    request: BenchRequest
    files: tuple[Subject, ...]
    evaluations: tuple[Evaluation, ...]
    created: str
    visit: Visit
    noise: Noise | None  # the device's own; None: it is not known
    repository: Repository | None  # that it was made in
    repeats: int | None = None  # of each cell, at least; None: as the request says

    @property
    def affinity(self) -> tuple[int, ...]:
        """The CPUs to run on; empty: all."""
        return self.request.affinity or self.visit.profile.affinity

    @property
    def cpus(self) -> int:
        """How many CPUs may be used."""
        there = self.visit.device.cpus or 1
        return min(there, len(set(self.affinity)) or there)

    def keep(self, store: Store | None, outcome: Outcome, *, at_once: bool = False) -> None:
        """Write what there is so far, unless that was done a moment ago."""
        if store and (at_once or store.due):
            store.keep(self.result(outcome, Environment(now())), [file.record().title for file in self.files])

    def result(self, outcome: Outcome, after: Environment) -> Result:
        """Return the session's record.

        Args:
            outcome: What was measured.
            after: How the device was doing then.
        """
        request, visit = self.request, self.visit
        return Result(
            schema=SCHEMA,
            created=self.created,
            edgekit=edgekit.__version__,
            command=request.command,
            mode=request.mode if isinstance(request.mode, str) else "quick",
            seed=request.seed,
            device=visit.device,
            before=visit.environment,
            after=after,
            # of what gave nothing, the result's `partial` says why
            measurements=tuple(self._measurement(item, after) for item in outcome.collected if item.runtime),
            references=tuple({file.sha256: file.reference for file in self.files if file.reference}.values()),
            evaluations=self.evaluations,
            transfer=visit.transfer,
            partial=outcome.partial,
            ended=outcome.ended,
            lacks=outcome.lacks,
            fps=request.fps if visit.device.timed else None,
            noise=self.noise,
            repository=self.repository,
        )

    def _measurement(self, item: Collected, after: Environment) -> Measurement:
        """Return one cell's record, judged."""
        assert item.runtime  # noqa: S101 - narrows the type
        measurement = Measurement(
            artefact=item.cell.subject.record(),
            runtime=item.runtime,
            threads=item.cell.threads,
            repeats=tuple(item.repeats),
            memory=item.memory,
            accuracy=item.accuracy,
            instructions=item.instructions,
            outputs=item.outputs,
            sustained=item.sustained,
            unspaced=tuple(item.unspaced),
            affinity=self.affinity,
            input_sha256=item.input_sha256,
        )
        schedule = self.request.schedule
        context = Context(
            replace(schedule, repeats=self.repeats or schedule.repeats),
            self.visit.device,
            self.visit.environment,
            after,
            item.cell.subject.reference,
            failure=item.error.what if item.error else None,
            remedy=item.error.hint if item.error else "",
            fps=self.request.fps,
            max_celsius=self.visit.profile.max_celsius,
        )
        return msgspec.structs.replace(measurement, findings=findings(measurement, context))


def _ignored(request: BenchRequest) -> Iterator[str]:
    """Yield why something that was asked for does nothing on a board without time."""
    if request.fps:
        yield "has no time: inferences are counted, and not spaced by --fps."
    if request.sustain:
        yield "has no time: --sustain is left out."
    if isinstance(request.mode, str) and request.mode != "quick":
        yield f"has no time: counts are exact, and --mode {request.mode} changes nothing."
    if request.repeats:
        yield "has no time: counts are exact, and --repeats changes nothing."
    if request.affinity:
        yield "has a single CPU: --affinity changes nothing."


def made_in(progress: Progress) -> Repository | None:
    """Return the repository that the session begins in: later its files may have changed."""
    repository, why = here()
    if why:
        progress.note(f"The result does not record its commit. {why}")
    return repository


def evaluations_of(files: Sequence[Subject], request: BenchRequest) -> tuple[Evaluation, ...]:
    """Read the labels of every evaluation file once; none where accuracy is not asked for."""
    if not request.accuracy:
        return ()
    different = {file.images.sha256: file.images for file in files if file.images}
    return tuple(read_evaluation(images) for images in different.values())


def environment(visit: Visit) -> Environment:
    """Look at the device once more; neither a device that is gone nor an impatient user ends a session."""
    try:
        return visit.look()
    except (EdgekitError, KeyboardInterrupt):
        return Environment(now())
