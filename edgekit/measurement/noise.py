"""A device's own noise: one thing measured again and again, A against A."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from edgekit import stats
from edgekit.device import Profile, Transport
from edgekit.errors import InvalidError, UsageError
from edgekit.measurement.request import ALL_CPUS, BenchRequest, Schedule
from edgekit.measurement.session import bench
from edgekit.progress import SILENT, Progress
from edgekit.results import NOISE_SCHEMA, Measurement, Noise, NoiseOf

SCHEDULE = Schedule(repeats=12, min_runs=128, min_seconds=2)


def measure_noise(
    profile: Profile,
    artefacts: Sequence[Path],
    progress: Progress = SILENT,
    *,
    runtimes: Sequence[str] = ("litert",),
    schedule: Schedule = SCHEDULE,
    transport: Transport | None = None,
) -> Noise:
    """Measure how far repeats of the same files differ on a device.

    Args:
        profile: The device's.
        artefacts: Files of artefact sets.
        progress: Receives every process on the device.
        runtimes: What executes them.
        schedule: How long; the repeats are a multiple of four.
        transport: Instead of the one in the profile.

    Raises:
        UsageError: The device has no time.
        InvalidError: A measurement cannot be trusted, for another reason than its noise.
        DeviceError: Nothing could be measured.
    """
    if not profile.timed or profile.emulated:
        raise UsageError(f"{profile.name} is emulated: what it counts has no noise.", "Name a real device.")
    request = BenchRequest(
        artefacts=tuple(artefacts),
        device=profile,
        runtimes=tuple(runtimes),
        threads=(1, ALL_CPUS),
        mode=schedule,
        accuracy=False,
        memory=False,
        instructions=False,
    )
    result = bench(request, progress, transport=transport)
    if result.partial:
        raise InvalidError(f"The noise of {profile.name} is not known: {result.partial}", "Measure again.")
    for measured in result.measurements:
        for finding in measured.findings:
            if finding.kind == "invalid" and finding.code != "noisy":
                raise InvalidError(
                    f"The noise of {profile.name} cannot be measured: {finding.message}", finding.advice
                )
    return Noise(
        NOISE_SCHEMA,
        profile.name,
        result.created,
        result.device.system,
        tuple(map(_noise_of, result.measurements)),
    )


def _noise_of(measured: Measurement) -> NoiseOf:
    medians = [float(median(repeat.samples_ns)) for repeat in measured.repeats]
    # A B B A: as if every other pair of repeats were another side
    blocks = [medians[start : start + 4] for start in range(0, len(medians), 4)]
    first = [value for block in blocks for value in (block[0], block[3])]
    second = [value for block in blocks for value in block[1:3]]
    return NoiseOf(
        model=measured.artefact.title,
        runtime=measured.runtime.label,
        threads=measured.threads,
        repeats=len(medians),
        spread=stats.like_spread(first, second),
        p50_ns=float(median(medians)),
    )
