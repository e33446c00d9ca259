"""Comparisons in the terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from edgekit import units
from edgekit.cli.tables import NONE
from edgekit.outputs import cosine_text

if TYPE_CHECKING:
    from edgekit.comparison import Change, Compared, Comparison

_COLOURS = {"slower": "bold red", "more": "bold red", "faster": "green", "fewer": "green", "same": "dim"}


def show_comparison(found: Comparison) -> None:
    """Print the table of pairs, why each is what it is, and what to know before believing it."""
    from rich.text import Text

    from edgekit.cli.console import wide_console
    from edgekit.cli.tables import draw_table, show_items
    from edgekit.words import visible

    console = wide_console()
    columns = [column for column in _columns(found) if any(column[2](pair) != NONE for pair in found.pairs)]
    rows = [[visible(cell(pair)) for _, _, cell in columns] for pair in found.pairs]
    words = [index for index, (_, left, _) in enumerate(columns) if left]
    console.print(
        draw_table("Candidate against baseline", [heading for heading, _, _ in columns], rows, words)
    )
    if any(map(_other_file, found.pairs)):
        console.print(Text("* the file itself differs"))
    for pair in found.pairs:
        label = visible(f"{pair.model}/{pair.artefact} · {pair.runtime} · threads {pair.threads}")
        for word, reason in _reasons(pair):
            line = Text.assemble((word, _COLOURS.get(word, "yellow")), f" {label}: {visible(reason)}")
            console.print(line, soft_wrap=True)
    for label in found.missing:
        console.print(Text(f"missing {visible(label)}: only in the baseline"), soft_wrap=True)
    for label in found.new:
        console.print(Text(f"new {visible(label)}: not in the baseline"), soft_wrap=True)
    for reason in found.unlike:
        console.print(Text(f"not compared {visible(reason)}"), soft_wrap=True)
    show_items(found.notes)


_Column = tuple[str, bool, "Callable[[Compared], str]"]  # heading, whether it is text, cell


def _columns(found: Comparison) -> list[_Column]:
    several = len({pair.model for pair in found.pairs}) > 1 or "→" in found.pairs[0].model
    return [
        ("Device", True, lambda pair: pair.device if "→" in pair.device else NONE),
        ("Model", True, lambda pair: pair.model if several else NONE),
        (
            "Artefact",
            True,
            lambda pair: pair.artefact + "*" * _other_file(pair),
        ),
        ("Runtime", True, lambda pair: pair.runtime),
        ("Threads", False, lambda pair: pair.threads),
        ("Before\nms", False, lambda pair: _of(pair.latency, lambda c: units.milliseconds(c.baseline))),
        ("After\nms", False, lambda pair: _of(pair.latency, lambda c: units.milliseconds(c.candidate))),
        ("Ratio", False, lambda pair: _of(pair.latency, _ratio)),
        ("99 % interval", False, lambda pair: _of(pair.latency, _interval)),
        ("p", False, lambda pair: _of(pair.latency, lambda c: NONE if c.p is None else f"{c.p:.2g}")),
        (
            "Before\nM instr.",
            False,
            lambda pair: _of(pair.instructions, lambda c: f"{c.baseline / 1e6:,.3f}"),
        ),
        (
            "After\nM instr.",
            False,
            lambda pair: _of(pair.instructions, lambda c: f"{c.candidate / 1e6:,.3f}"),
        ),
        ("Ratio", False, lambda pair: _of(pair.instructions, lambda c: f"{c.ratio or 0:.4f}")),
        (
            "Size\n%",
            False,
            lambda pair: f"{(pair.bytes[1] / pair.bytes[0] - 1) * 100:+.1f}" if pair.bytes[0] else NONE,
        ),
        ("Agree\n%", False, _agree),
        ("Drop\npp", False, _drop),
        ("Largest\ndifference", False, lambda pair: NONE if pair.outputs is None else pair.outputs.least),
        ("Cosine", False, lambda pair: NONE if pair.outputs is None else cosine_text(pair.outputs.cosine)),
        ("Verdict", True, lambda pair: pair.word),
    ]


def _other_file(pair: Compared) -> bool:
    """Whether the sides' files have one name and different contents."""
    return pair.changed and "→" not in pair.artefact


def _of(change: Change | None, cell: Callable[[Change], str]) -> str:
    return NONE if change is None else cell(change)


def _ratio(change: Change) -> str:
    return NONE if change.ratio is None else f"{change.ratio:.3f}"


def _interval(change: Change) -> str:
    return NONE if change.low is None or change.high is None else f"{change.low:.3f} … {change.high:.3f}"


def _agree(pair: Compared) -> str:
    return NONE if pair.agreement is None else units.percent(pair.agreement.same)


def _drop(pair: Compared) -> str:
    seen = pair.agreement
    if seen is None or seen.drop is None or seen.low is None or seen.high is None:
        return NONE
    return f"{units.points(seen.drop)} ({units.points(seen.low)} … {units.points(seen.high)})"


def _reasons(pair: Compared) -> list[tuple[str, str]]:
    if pair.invalid:
        return [("invalid", pair.invalid)]
    changes = [change for change in (pair.latency, pair.instructions) if change and change.reason]
    if pair.word == "missing":
        return [("missing", "neither times nor instructions on both sides")]
    return [(change.word, change.reason) for change in changes]
