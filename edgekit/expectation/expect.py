"""How fast a model is on a board, going by what others published."""

from __future__ import annotations

import msgspec

from edgekit.errors import UsageError
from edgekit.expectation.board import BOARDS, Board
from edgekit.expectation.fit import fit_of
from edgekit.expectation.table import Series, series_of
from edgekit.words import listed

FAMILY = "mobilenet_v1"
PRECISIONS = ("int8", "float32")
ALPHAS = (0.25, 1.0)  # smallest and largest that were published
RESOLUTIONS = (128, 224)  # pixels
REPOSITORY = "https://github.com/mlcommons/inference_results_"


class Line(msgspec.Struct, frozen=True):
    """What one series says. Milliseconds per image; batches of one, all CPUs as threads."""

    runtime: str
    year: int
    p50_ms: float  # published, or estimated
    low_ms: float  # the same, where it is published
    high_ms: float
    p90_ms: float | None  # None: estimated
    error: float | None  # largest error of estimates in this series, a fraction; None: published
    top1_percent: float | None  # of ImageNet's 50,000 validation images; None: estimated
    clock: str  # how the board ran, where that is known
    apart: str  # why it does not count for the range: 32-bit, GPU; empty: it counts
    repository: str
    path: str  # of the result; of an estimate, of the series


class Expectation(msgspec.Struct, frozen=True):
    """What to expect of a model on a board."""

    board: str
    family: str
    alpha: float
    resolution: int  # pixels
    precision: str
    published: bool  # False: estimated from the sizes that were
    low_ms: float  # over the series that count: those of CPUs under a 64-bit system, if there are any
    high_ms: float
    energy_mj: float | None  # at the wall, per inference, where it was measured
    series: tuple[Line, ...]  # the oldest first

    @property
    def counted(self) -> tuple[Line, ...]:
        """The series that the range is over."""
        return _counted(self.series)


def expect(
    board: str, *, alpha: float = 1.0, resolution: int = 224, precision: str = "int8", runtime: str = ""
) -> Expectation:
    """Look up what was published, or estimate what was not within one series at a time.

    Args:
        board: A name in BOARDS.
        alpha: Width multiplier of MobileNet v1.
        resolution: Height and width of its input in pixels.
        precision: `int8` or `float32`.
        runtime: How the runtime's name begins, such as `tflite`; empty: any.

    Raises:
        UsageError: There are no figures for it, and none can be estimated.
    """
    where = BOARDS.named(board)
    _check(alpha, resolution, precision)
    wanted = runtime.lower().replace(" ", "")
    chosen = [s for s in series_of(where, precision) if s.runtime.lower().replace(" ", "").startswith(wanted)]
    lines = [line for s in chosen if (line := _line(s, where, alpha, resolution)) is not None]
    if not lines:
        names = sorted({s.runtime for s in series_of(where, precision)})
        raise UsageError(
            f"No series of {where.description} in {precision} has a runtime {runtime!r}.",
            f"There are {listed(names)}.",
        )
    counted = _counted(tuple(lines))
    return Expectation(
        board=where.name,
        family=FAMILY,
        alpha=alpha,
        resolution=resolution,
        precision=precision,
        published=all(line.error is None for line in lines),
        low_ms=min(line.low_ms for line in counted),
        high_ms=max(line.high_ms for line in counted),
        energy_mj=where.energy_mj.get((alpha, resolution, precision)),
        series=tuple(lines),
    )


def _counted(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    return tuple(line for line in lines if not line.apart) or lines


def _check(alpha: float, resolution: int, precision: str) -> None:
    if precision not in PRECISIONS:
        raise UsageError(f"There is no precision {precision!r}.", f"Choose from {', '.join(PRECISIONS)}.")
    for what, value, (least, most) in (
        ("alpha", alpha, ALPHAS),
        ("resolution", resolution, RESOLUTIONS),
    ):
        if not least <= value <= most:
            raise UsageError(
                f"No figures are published for MobileNet v1 with {what} {value:g}, only with {least:g} to "
                f"{most:g}; beyond that an estimate would be a guess.",
                f"Choose --{what} from {least:g} to {most:g}, or measure it: edgekit bench --device NAME",
            )


def _line(series: Series, board: Board, alpha: float, resolution: int) -> Line | None:
    found = series.sizes.get((alpha, resolution))
    if found is None:
        fitted = fit_of(series)
        if fitted is None:
            return None
        p50, error = fitted.ms(alpha, resolution), fitted.worst_error
        path = next(iter(series.sizes.values())).path.split("/mobilenet-")[0]
    else:
        p50, error, path = found.p50_ms, 0.0, found.path
    clock = board.clocks.get(series.round, "")
    return Line(
        runtime=series.runtime,
        year=series.year,
        p50_ms=p50,
        low_ms=p50 / (1 + error),
        high_ms=p50 / (1 - error),
        p90_ms=found.p90_ms if found else None,
        error=None if found else error,
        top1_percent=found.top1_percent if found else None,
        clock=clock,
        apart="GPU" if series.on_gpu else "32-bit" if "32-bit" in clock else "",
        repository=f"{REPOSITORY}{series.round}",
        path=path,
    )
