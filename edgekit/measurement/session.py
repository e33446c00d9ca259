"""One session, from request to result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

import edgekit
from edgekit.device import Transport
from edgekit.errors import EdgekitError
from edgekit.measurement.artefacts import Subject, payloads, read_evaluation, subjects
from edgekit.measurement.findings import Session, findings
from edgekit.measurement.passes import Passes
from edgekit.measurement.plan import cells, left_out, wanted_runtimes, wanted_threads
from edgekit.measurement.request import BenchRequest
from edgekit.measurement.run import Collected, measure
from edgekit.progress import SILENT, Progress
from edgekit.results import SCHEMA, Environment, Evaluation, Measurement, Result
from edgekit.schema import now
from edgekit.visit import Visit, profile_of, visiting


def bench(
    request: BenchRequest, progress: Progress = SILENT, *, transport: Transport | None = None
) -> Result:
    """Measure artefacts on a device.

    A combination that fails does not end the session; the result then says that it is partial, as it
    does when the session is interrupted.

    Args:
        request: What to measure, with what, where.
        progress: Told about every process on the device.
        transport: Instead of the one in the device's profile.

    Raises:
        UsageError: The request does not fit the artefacts or the device.
        RuntimeMissingError: A runtime that was asked for by name cannot be provided, or none can.
        DeviceError: Nothing could be measured.
        KeyboardInterrupt: Interrupted before anything was measured.
    """
    files = subjects(request.artefacts)
    specs = wanted_runtimes(request.runtimes, files)
    if omitted := left_out(specs, files):
        progress.note(omitted)
    evaluations = _evaluations(files) if request.accuracy else ()
    profile = profile_of(request.device)
    created = now()
    for ignored in () if profile.timed else _ignored(request):
        progress.note(f"{profile.name} {ignored}")
    needed, named = payloads(files, evaluation=request.accuracy), bool(request.runtimes)
    with visiting(profile, needed, specs, progress, by_name=named, transport=transport) as visit:
        affinity = request.affinity or profile.affinity
        there = visit.device.cpus or 1
        cpus = min(there, len(set(affinity)) or there)
        chosen = cells(files, visit.bundles.values(), wanted_threads(request.threads, cpus))
        outcome = measure(chosen, Passes(visit, request), request, progress)
        after = Environment(now()) if outcome.ended == "lost" else _environment(visit)
    return Result(
        schema=SCHEMA,
        created=created,
        edgekit=edgekit.__version__,
        command=request.command,
        mode=request.mode if isinstance(request.mode, str) else "quick",
        seed=request.seed,
        device=visit.device,
        before=visit.environment,
        after=after,
        measurements=_measurements(outcome.collected, request, visit, after),
        references=tuple({file.file.sha256: file.reference() for file in files}.values()),
        evaluations=evaluations,
        transfer=visit.transfer,
        partial=outcome.partial,
        ended=outcome.ended,
        lacks=outcome.lacks,
        fps=request.fps if profile.timed else None,
    )


def _ignored(request: BenchRequest) -> Iterator[str]:
    """Yield why something that was asked for does nothing on a board without time."""
    if request.fps:
        yield "has no time: inferences are counted, and not spaced by --fps."
    if isinstance(request.mode, str) and request.mode != "quick":
        yield f"has no time: counts are exact, and --mode {request.mode} changes nothing."
    if request.affinity:
        yield "has a single CPU: --affinity changes nothing."


def _evaluations(files: Sequence[Subject]) -> tuple[Evaluation, ...]:
    """Read the labels of every evaluation file once."""
    return tuple({f.artefacts.manifest.evaluation_sha256: read_evaluation(f) for f in files}.values())


def _measurements(
    collected: Sequence[Collected], request: BenchRequest, visit: Visit, after: Environment
) -> tuple[Measurement, ...]:
    """Turn what was collected into records, each judged."""
    measurements = []
    for item in collected:
        if item.runtime is None:
            continue  # nothing was measured: the result's `partial` says why
        measurement = Measurement(
            artefact=item.cell.subject.record(),
            runtime=item.runtime,
            threads=item.cell.threads,
            repeats=tuple(item.repeats),
            memory=item.memory,
            accuracy=item.accuracy,
            instructions=item.instructions,
            affinity=request.affinity or visit.profile.affinity,
            input_sha256=item.input_sha256,
        )
        reference = item.cell.subject.reference()
        session = Session(
            request.schedule,
            visit.device,
            visit.environment,
            after,
            reference,
            failure=item.error.what if item.error else None,
            remedy=item.error.hint if item.error else "",
            fps=request.fps,
            max_celsius=visit.profile.max_celsius,
        )
        measurements.append(_judged(measurement, session))
    return tuple(measurements)


def _judged(measurement: Measurement, session: Session) -> Measurement:
    return msgspec.structs.replace(measurement, findings=findings(measurement, session))


def _environment(visit: Visit) -> Environment:
    """Look at the device once more; neither a device that is gone nor an impatient user ends a session."""
    try:
        return visit.look()
    except (EdgekitError, KeyboardInterrupt):
        return Environment(now())
