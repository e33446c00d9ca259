"""One session, from request to result."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import edgekit
from edgekit.device import Profile, Transport, find_profile, open_transport
from edgekit.device.transport import connected
from edgekit.errors import EdgekitError
from edgekit.measurement import answers
from edgekit.measurement.artefacts import Subject, read_evaluation, subjects
from edgekit.measurement.findings import Session, findings
from edgekit.measurement.guest import Guest
from edgekit.measurement.interpreter import interpreter
from edgekit.measurement.passes import PATIENCE, Passes
from edgekit.measurement.plan import cells, left_out, wanted_runtimes, wanted_threads
from edgekit.measurement.request import BenchRequest
from edgekit.measurement.run import Collected, measure
from edgekit.measurement.supply import provide, push
from edgekit.progress import SILENT, Progress
from edgekit.results import SCHEMA, Device, Environment, Evaluation, Measurement, Result
from edgekit.runtime import available


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
    profile = find_profile(request.device) if isinstance(request.device, str) else request.device
    created = _now()
    for ignored in () if profile.timed else _ignored(request):
        progress.note(f"{profile.name} {ignored}")
    progress.step(f"Looking at the device {profile.name}")
    with connected(transport or open_transport(profile), progress) as device:
        python = interpreter(device, profile, progress)
        bundles = provide(specs, python.target, progress, by_name=bool(request.runtimes))
        pushed = push(device, python, files, bundles, progress, evaluation=request.accuracy)
        guest = python.guest(device, pushed.paths)
        before = guest.ask(answers.Probe, {"pass": "probe"}, PATIENCE)
        affinity = request.affinity or profile.affinity
        cpus = min(before.device.cpus, len(set(affinity)) or before.device.cpus)
        chosen = cells(files, bundles, wanted_threads(request.threads, cpus))
        passes = Passes(guest, request, profile, pushed.paths)
        outcome = measure(chosen, passes, request, progress)
        after = Environment(_now()) if outcome.ended == "lost" else _environment(guest)
    return Result(
        schema=SCHEMA,
        created=created,
        edgekit=edgekit.__version__,
        command=request.command,
        mode=request.mode if isinstance(request.mode, str) else "quick",
        seed=request.seed,
        device=_device(before, profile),
        before=before.environment,
        after=after,
        measurements=_measurements(outcome.collected, request, profile, before.environment, after),
        references=tuple({file.file.sha256: file.reference() for file in files}.values()),
        evaluations=evaluations,
        transfer=pushed.transfer,
        partial=outcome.partial,
        ended=outcome.ended,
        lacks=outcome.lacks,
        fps=request.fps if profile.timed else None,
    )


@dataclass(frozen=True)
class Fingerprint:
    """What a device is, how it is doing, and what can run on it."""

    device: Device
    environment: Environment
    runtimes: dict[str, str]  # name: why it cannot be provided; empty: it can


def probe(
    profile: Profile, progress: Progress = SILENT, *, transport: Transport | None = None
) -> Fingerprint:
    """Look at a device.

    Raises:
        DeviceError: It cannot be reached, or has no usable Python.
    """
    with connected(transport or open_transport(profile), progress) as device:
        python = interpreter(device, profile, progress)
        pushed = push(device, python, (), (), progress, evaluation=False)
        found = python.guest(device, pushed.paths).ask(answers.Probe, {"pass": "probe"}, PATIENCE)
    return Fingerprint(_device(found, profile), found.environment, available(python.target))


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
    collected: Sequence[Collected],
    request: BenchRequest,
    profile: Profile,
    before: Environment,
    after: Environment,
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
            affinity=request.affinity or profile.affinity,
            input_sha256=item.input_sha256,
        )
        reference = item.cell.subject.reference()
        session = Session(
            request.schedule,
            before,
            after,
            reference,
            emulated=_emulated(profile),
            timed=profile.timed,
            failure=item.error.what if item.error else None,
            remedy=item.error.hint if item.error else "",
            fps=request.fps,
            max_celsius=profile.max_celsius,
        )
        measurements.append(_judged(measurement, session))
    return tuple(measurements)


def _judged(measurement: Measurement, session: Session) -> Measurement:
    import msgspec

    return msgspec.structs.replace(measurement, findings=findings(measurement, session))


def _environment(guest: Guest) -> Environment:
    """Look at the device once more; neither a device that is gone nor an impatient user ends a session."""
    try:
        return guest.ask(answers.Probe, {"pass": "probe"}, PATIENCE).environment
    except (EdgekitError, KeyboardInterrupt):
        return Environment(_now())


def _device(found: answers.Probe, profile: Profile) -> Device:
    import msgspec

    fields = msgspec.structs.asdict(found.device)
    return Device(
        profile=profile.name,
        transport=profile.transport,
        emulated=_emulated(profile),
        timed=profile.timed,
        **fields,
    )


def _emulated(profile: Profile) -> bool:
    return profile.emulated or not profile.timed


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
