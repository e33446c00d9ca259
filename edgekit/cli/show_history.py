"""A history in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgekit.cli.tables import NONE

if TYPE_CHECKING:
    from edgekit.budget import Metric
    from edgekit.timeline import History, Series

_ROWS = 20  # commits of a single series


def show_history(found: History) -> None:
    """Print a row per series, the commits where there is one, every step, and what to know about it."""
    from rich.text import Text

    from edgekit.budget import METRICS
    from edgekit.cli.console import wide_console
    from edgekit.cli.tables import draw_table, show_items
    from edgekit.timeline.words import sentence, worse
    from edgekit.words import plural, visible

    console, metric = wide_console(), METRICS[found.metric]
    rows = [_row(metric, series) for series in found.series]
    headings = (
        *("Device", "Model", "Artefact", "Runtime", "Threads"),
        *("Values", "Results", "First", "Last", "Trend", "Steps"),
    )
    console.print(draw_table(f"History of {metric.title}", headings, rows, words={0, 1, 2, 3, 9}))
    if len(found.series) == 1:
        _show_values(metric, found.series[0])
    for series in found.series:
        for step in series.steps:
            style = "bold red" if worse(metric, step) else "green"
            label = f" {visible(series.label)}: " if len(found.series) > 1 else " "
            console.print(Text.assemble(("step", style), label, sentence(metric, step)), soft_wrap=True)
            for also in step.also:
                console.print(Text(f"     with it: {visible(also)}"), soft_wrap=True)
    for file in found.unreadable:
        console.print(Text(f"not read {visible(file.file)}: {visible(file.why)}"), soft_wrap=True)
    show_items(found.notes)
    steps = sum(len(series.steps) for series in found.series)
    console.print(Text(f"{len(found.series)} series, {plural(steps, 'step')}"))


def _row(metric: Metric, series: Series) -> list[str]:
    from edgekit.timeline.words import trend
    from edgekit.words import visible

    values = series.values
    results = len({name for value in values for name in value.results})
    cells = (
        series.device,
        series.model,
        series.artefact,
        series.runtime,
        f"{series.threads}",
        f"{len(values)}",
        f"{results:,}",
        metric.show(values[0].value),
        metric.show(values[-1].value),
        trend(series),
        f"{len(series.steps)}" if series.steps else NONE,
    )
    return list(map(visible, cells))


def _show_values(metric: Metric, series: Series) -> None:
    """Print the newest values of a series, the newest last."""
    from edgekit.cli.console import wide_console
    from edgekit.cli.tables import draw_table
    from edgekit.timeline.words import size
    from edgekit.words import visible

    steps = {step.change.at: size(metric, step.change.size) for step in series.steps}
    first = max(0, len(series.values) - _ROWS)
    rows = [
        [
            visible(value.name),
            value.date[:10],
            visible(value.branch or NONE),
            f"{len(value.results)}",
            metric.show(value.value),
            f"{metric.show(value.low)} to {metric.show(value.high)}" if value.low < value.high else NONE,
            steps.get(at, ""),
        ]
        for at, value in enumerate(series.values[first:], start=first)
    ]
    title = f"The last {len(rows)} of {len(series.values)}" if first else "By commit"
    headings = ("Commit", "Date", "Branch", "Results", "Median", "Range", "Step")
    wide_console().print(draw_table(title, headings, rows, words={0, 1, 2}))


def next_step(found: History) -> str:
    """Return the command that says more about the newest step; empty: there is none."""
    steps = [step for series in found.series for step in series.steps if step.commits]
    if not steps:
        return ""
    newest = max(steps, key=lambda step: step.until.date)
    return f"git log {newest.commits}"
