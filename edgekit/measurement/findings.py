"""What makes a measurement invalid, and what its reader should know. Every finding has its figure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from edgekit import stats
from edgekit.measurement.request import Schedule
from edgekit.results import QUOTA_REMEDY, Device, Environment, Finding, Measurement, Reference
from edgekit.words import plural

CLOCK_TOLERANCE = 0.05  # share by which a CPU's clock may differ during a session
VARIATION_WARNING = 0.05  # coefficient of variation of the repeats' medians
VARIATION_LIMIT = 0.10
SLOWED = 1.3  # p50 over the fastest sample; sound published series on a Pi 4 stay at or below 1.29
OTHER_CPUS = 0.25  # CPUs kept busy by other processes
ACCURACY_TOLERANCE = 0.005  # share of images by which two executions of one file may differ
PACE = 0.95  # share of the requested inferences per second that must be reached
UNSTEADY = 0.005  # spread of the middle half of an emulated board's instruction counts
STOPPED = 0.01  # share of the time that a CPU quota may stop what is measured
OUTLIERS = 0.01  # share of the samples; beyond, p99 shows little else
FEWEST_SAMPLES = 64  # the floor below which even p90 is not known (stats.percentile_floor)

# Raspberry Pi firmware: get_throttled. The lower bits are about now, the upper ones since boot.
_THROTTLE_BITS = {
    0: "under-voltage",
    1: "a capped clock",
    2: "throttling",
    3: "the soft temperature limit",
}


@dataclass(frozen=True)
class Context:
    """What the findings about one measurement are judged against."""

    schedule: Schedule
    device: Device
    before: Environment
    after: Environment
    reference: Reference | None = None
    failure: str | None = None  # why the measurement ended early
    remedy: str = ""  # for that
    fps: float | None = None  # inferences per second asked for; None: back to back
    max_celsius: float | None = None  # a repeat waits until the CPU is cooler than this; None: it does not


def findings(measurement: Measurement, context: Context) -> tuple[Finding, ...]:
    """Judge one measurement."""
    return tuple(
        finding
        for check in (
            _incomplete,
            _throttled,
            _quota,
            _hot,
            _clock,
            _noise,
            _slowed,
            _too_few,
            _slow,
            _busy,
            _outliers,
            _accuracy,
            _not_finite,
            _unsteady,
            _emulated,
        )
        for finding in check(measurement, context)
    )


def _incomplete(measurement: Measurement, context: Context) -> Iterator[Finding]:
    done, planned = len(measurement.repeats), context.schedule.repeats if context.device.timed else 0
    if context.failure:
        remedy = context.remedy or "Measure again once the cause is gone."
        yield Finding("invalid", "failed", context.failure, remedy)
    elif done < planned:
        yield Finding(
            "invalid",
            "incomplete",
            f"Only {done} of {planned} repeats were made.",
            "Measure again and let it finish.",
        )


def _throttled(_: Measurement, context: Context) -> Iterator[Finding]:
    before, after = context.before.throttled, context.after.throttled
    if before is None or after is None:
        return
    now = (before | after) & 0xF
    during = (after & ~before) >> 16 & 0xF  # newly remembered since the session began
    seen = [name for bit, name in _THROTTLE_BITS.items() if (now | during) >> bit & 1]
    if seen:
        yield Finding(
            "invalid",
            "throttled",
            f"The firmware reports {' and '.join(seen)} (bits {before:#x} before, {after:#x} after).",
            "Use the board's own power supply, add a heat sink or fan, and measure again.",
        )


def _quota(measurement: Measurement, context: Context) -> Iterator[Finding]:
    """The kernel stops a container that has used up its share, until the next period: for most of 100 ms."""
    stops = [repeat.quota_stops for repeat in measurement.repeats if repeat.quota_stops]
    if not stops:
        return
    count, stopped_ns = (sum(values) for values in zip(*stops, strict=True))
    measured_ns = sum(repeat.loop_ns or sum(repeat.samples_ns) for repeat in measurement.repeats)
    quota = context.before.cpu_quota
    named = f" of {quota:g} CPUs" if quota else ""
    yield Finding(
        "invalid" if stopped_ns > STOPPED * measured_ns else "warning",
        "cpu-quota",
        f"The container's CPU quota{named} stopped the measured process {plural(count, 'time')}, for "
        f"{stopped_ns / 1e9:.2g} s in all.",
        QUOTA_REMEDY,
    )


def _hot(measurement: Measurement, context: Context) -> Iterator[Finding]:
    limit = context.max_celsius
    seen = [repeat for repeat in measurement.repeats if repeat.celsius is not None]
    hottest = max(seen, key=lambda repeat: repeat.celsius or 0.0, default=None)
    if limit is not None and hottest and hottest.celsius is not None and hottest.celsius > limit:
        yield Finding(
            "invalid",
            "too-hot",
            f"The CPU was at {hottest.celsius:.0f} °C after waiting {hottest.waited_seconds:.0f} s for "
            f"{limit:.0f} °C.",
            "Add a heat sink or fan, or raise `max_celsius` or `cool_seconds` in the device's profile.",
        )


def _clock(measurement: Measurement, context: Context) -> Iterator[Finding]:
    seen = [khz for repeat in measurement.repeats for khz in repeat.frequency_khz or ()]
    if seen and max(seen) > min(seen) * (1 + CLOCK_TOLERANCE):
        governor = f" (governor {context.before.governor})" if context.before.governor else ""
        yield Finding(
            "invalid",
            "clock-moved",
            f"The clock moved between {min(seen) / 1000:.0f} and {max(seen) / 1000:.0f} MHz{governor}.",
            "Set the performance governor, let the device cool down, and measure again.",
        )


def _noise(measurement: Measurement, _: Context) -> Iterator[Finding]:
    medians = [median(repeat.samples_ns) for repeat in measurement.repeats]
    variation = stats.coefficient_of_variation(medians)
    if variation is None or variation <= VARIATION_WARNING:
        return
    over = variation > VARIATION_LIMIT
    yield Finding(
        "invalid" if over else "warning",
        "noisy",
        f"The repeats' medians vary by {variation:.1%} (coefficient of variation, "
        f"limit {VARIATION_LIMIT if over else VARIATION_WARNING:.0%}).",
        _unless_stopped(measurement, "Close other programs, pin the CPUs, or measure longer."),
    )


def _slowed(measurement: Measurement, _: Context) -> Iterator[Finding]:
    if not measurement.repeats:
        return
    p50 = median(median(repeat.samples_ns) for repeat in measurement.repeats)
    fastest = min(min(repeat.samples_ns) for repeat in measurement.repeats)
    if p50 > SLOWED * fastest > 0:
        yield Finding(
            "warning",
            "slowed",
            f"p50 is {p50 / fastest:.2f} times the fastest sample (limit {SLOWED:g}).",
            _unless_stopped(
                measurement,
                "It throttled or shared its core for most of the time: let it cool, close programs.",
            ),
        )


def _unless_stopped(measurement: Measurement, advice: str) -> str:
    """Return advice, or what helps where the CPU quota is to blame."""
    return QUOTA_REMEDY if any(repeat.quota_stops for repeat in measurement.repeats) else advice


def _too_few(measurement: Measurement, context: Context) -> Iterator[Finding]:
    fewest = min((len(repeat.samples_ns) for repeat in measurement.repeats), default=0)
    if fewest >= context.schedule.min_runs or not context.device.timed:
        return
    total = sum(len(repeat.samples_ns) for repeat in measurement.repeats)
    yield Finding(
        "invalid" if total < FEWEST_SAMPLES else "warning",
        "too-few-samples",
        f"A repeat ended after {fewest} of {context.schedule.min_runs} inferences: "
        f"the {context.schedule.max_seconds:.0f} s limit was reached.",
        "Percentiles need samples: use a smaller model or a faster device.",
    )


def _slow(measurement: Measurement, context: Context) -> Iterator[Finding]:
    """Compare each repeat's pace, from its first inference's start to its last one's, with the request."""
    paces = [
        (len(repeat.samples_ns) - 1) * 1e9 / (repeat.loop_ns - repeat.samples_ns[-1])
        for repeat in measurement.repeats
        if repeat.loop_ns and len(repeat.samples_ns) > 1
    ]
    if context.fps and paces and min(paces) < PACE * context.fps:
        yield Finding(
            "warning",
            "pace-missed",
            f"{context.fps:g} inferences per second were asked for; {min(paces):.4g} were reached.",
            "Ask for fewer, or use a smaller model or more threads.",
        )


def _busy(measurement: Measurement, context: Context) -> Iterator[Finding]:
    during = [repeat.other_cpus for repeat in measurement.repeats if repeat.other_cpus is not None]
    start = context.before.other_cpus
    if max(during, default=0.0) > OTHER_CPUS:
        yield Finding(
            "warning",
            "busy",
            f"Other processes kept up to {max(during):.1f} CPUs busy while this was measured.",
            "Close what else is running and measure again.",
        )
    elif start is not None and start > OTHER_CPUS:
        yield Finding(
            "warning",
            "busy",
            f"Other processes kept {start:.1f} CPUs busy when the session began.",
            "Close what else is running and measure again.",
        )


def _outliers(measurement: Measurement, _: Context) -> Iterator[Finding]:
    count = sum(int(stats.outliers(repeat.samples_ns).sum()) for repeat in measurement.repeats)
    total = sum(len(repeat.samples_ns) for repeat in measurement.repeats)
    if count > OUTLIERS * total:
        yield Finding(
            "warning",
            "outliers",
            f"{count:,} of {total:,} samples ({count / total:.2%}) are more than {stats.OUTLIER_MADS} MAD "
            "from the median. They are kept.",
            _unless_stopped(
                measurement, "p99 shows them; other programs or the hypervisor may have caused them."
            ),
        )


def _accuracy(measurement: Measurement, context: Context) -> Iterator[Finding]:
    accuracy, reference = measurement.accuracy, context.reference
    if accuracy is None or reference is None:
        return
    if accuracy.correct is None or reference.accuracy is None:
        return
    here = accuracy.correct / accuracy.n
    images = round(abs(here - reference.accuracy) * accuracy.n)
    if abs(here - reference.accuracy) > ACCURACY_TOLERANCE and images > 2:
        yield Finding(
            "warning",
            "accuracy-differs",
            f"The accuracy here is {here:.2%}; on the computer that converted the file it was "
            f"{reference.accuracy:.2%} (a difference of {images} of {accuracy.n} images).",
            f"The file was made for {reference.target!r}; this runtime computes it differently on this CPU.",
        )


def _not_finite(measurement: Measurement, _: Context) -> Iterator[Finding]:
    for output in measurement.outputs:
        if output.not_finite:
            yield Finding(
                "warning",
                "not-finite",
                f"The output {output.name} holds NaN or infinity in {output.not_finite:,} of {output.size:,} "
                "values.",
                "The model may not be made for seeded values: supply real ones with --input.",
            )


def _unsteady(measurement: Measurement, context: Context) -> Iterator[Finding]:
    if context.device.timed or measurement.instructions is None:
        return
    counts = sorted(measurement.instructions.per_inference)
    quarter = len(counts) // 4
    spread = (counts[-1 - quarter] - counts[quarter]) / median(counts)
    if spread > UNSTEADY:
        yield Finding(
            "warning",
            "unsteady",
            f"The middle half of the instruction counts differ by {spread:.2%} (limit {UNSTEADY:.1%}).",
            "The runtime's work depends on time or chance; a tight budget will fail.",
        )


def _emulated(_: Measurement, context: Context) -> Iterator[Finding]:
    if context.device.emulated and context.device.timed:
        yield Finding(
            "warning",
            "emulated",
            "The device is emulated: these are not the times of real hardware.",
            "Compare accuracy and instruction counts only.",
        )
