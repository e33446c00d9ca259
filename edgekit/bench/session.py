"""One session, from request to result."""

from __future__ import annotations

import time
from collections.abc import Sequence

import edgekit
from edgekit.bench import answers
from edgekit.bench.artefacts import Subject, read_evaluation, subjects
from edgekit.bench.findings import Session, findings
from edgekit.bench.guest import Guest
from edgekit.bench.passes import PATIENCE, Passes
from edgekit.bench.plan import cells, left_out, wanted_runtimes, wanted_threads
from edgekit.bench.request import BenchRequest
from edgekit.bench.run import Collected, measure
from edgekit.bench.supply import provide, push, target_of
from edgekit.device import Profile, Transport, find_profile, open_transport
from edgekit.device.transport import connected
from edgekit.errors import EdgekitError
from edgekit.progress import SILENT, Progress
from edgekit.results import SCHEMA, Device, Environment, Evaluation, Measurement, Result


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
    profile = find_profile(request.device)
    created = _now()
    with connected(transport or open_transport(profile)) as device:
        progress.step(f"Looking at the device {profile.name}")
        guest = Guest(device)
        before = guest.ask(answers.Probe, {"pass": "probe"}, PATIENCE)
        affinity = request.affinity or profile.affinity
        cpus = min(before.device.cpus, len(set(affinity)) or before.device.cpus)
        threads = wanted_threads(request.threads, cpus)
        bundles = provide(specs, target_of(before), progress, by_name=bool(request.runtimes))
        chosen = cells(files, bundles, threads)
        pushed = push(device, files, bundles, evaluation=request.accuracy)
        passes = Passes(guest, request, affinity, pushed.paths)
        collected, partial = measure(chosen, passes, request, progress)
        after = _environment(guest)
    return Result(
        schema=SCHEMA,
        created=created,
        edgekit=edgekit.__version__,
        command=request.command,
        mode=request.mode,
        seed=request.seed,
        device=_device(before, profile),
        before=before.environment,
        after=after,
        measurements=_measurements(collected, request, profile, before.environment, after),
        references=tuple({file.file.sha256: file.reference() for file in files}.values()),
        evaluations=evaluations,
        transfer=pushed.transfer,
        partial=partial,
        fps=request.fps,
    )


def probe(device: str = "host", *, transport: Transport | None = None) -> tuple[Device, Environment]:
    """Return what a device is and how it is doing now.

    Raises:
        UsageError: There is no such device.
        DeviceError: It cannot be reached, or has no usable Python.
    """
    profile = find_profile(device)
    with connected(transport or open_transport(profile)) as reached:
        found = Guest(reached).ask(answers.Probe, {"pass": "probe"}, PATIENCE)
    return _device(found, profile), found.environment


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
            continue  # no repeat: the result's `partial` says why
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
        failure = item.error.what if item.error else None
        session = Session(request.plan, before, after, reference, profile.emulated, failure, request.fps)
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
    return Device(profile=profile.name, transport=profile.transport, emulated=profile.emulated, **fields)


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
