"""A comparison as a comment on a pull request: what changed, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from edgekit import units
from edgekit.comparison.advice import next_step
from edgekit.comparison.change import TOLERANCE, Change
from edgekit.comparison.judge import Compared, Comparison
from edgekit.comparison.pairs import Across
from edgekit.results import Result
from edgekit.words import markdown, plural

MARK = "<!-- edgekit compare -->"  # by which a comment is found, to be replaced by the next
_MOST = 200  # rows: a comment may have 65,536 characters
_HEADINGS = ("Verdict", "What", "p50", "Instructions", "Size", "Accuracy")
_NONE = "–"
_BAD = {"slower": "🔴 ", "more": "🔴 ", "faster": "🟢 ", "fewer": "🟢 ", "same": ""}


def to_markdown(found: Comparison, across: Across | None = None) -> bytes:
    """Return Markdown: a table of what changed or is not certain, how much did not, and what to do.

    Args:
        found: The comparison.
        across: The dimension in which its sides differ.
    """
    changed = [pair for pair in found.pairs if is_changed(pair)]
    parts = [MARK, f"### edgekit: {_headline(found, len(changed))}"]
    if sides := " → ".join(filter(None, map(_side, found.results))):
        parts.append(sides)
    if changed:
        parts.append(_table(changed[:_MOST]))
    if more := len(changed) - _MOST:
        parts += [f"… and {more} more."] if more > 0 else []
    if listed := "\n".join(f"- {line}" for line in _apart(found)):
        parts.append(listed)
    if found.exit_code and (advice := next_step(found, across)):
        parts.append(f"Next: {markdown(advice)}")
    if found.notes:
        notes = "\n".join(f"- {markdown(note)}" for note in found.notes)
        folded = f"<summary>{plural(len(found.notes), 'note')}</summary>\n\n{notes}"
        parts.append(f"<details>{folded}\n\n</details>")
    return ("\n\n".join(parts) + "\n").encode()


def is_changed(pair: Compared) -> bool:
    """Whether a reader should look: it is not shown to be the same, or its size or accuracy differs."""
    before, after = pair.bytes
    low, high = (pair.agreement.low, pair.agreement.high) if pair.agreement else (None, None)
    other_answers = low is not None and high is not None and not low <= 0 <= high
    return pair.word != "same" or abs(after - before) > TOLERANCE * before or other_answers


def _headline(found: Comparison, changed: int) -> str:
    if not changed and not found.missing and not found.unlike:
        return f"nothing changed in {plural(len(found.pairs), 'measurement')}"
    words = [pair.word for pair in found.pairs]
    counts = {word: words.count(word) for word in dict.fromkeys(words) if word != "same"}
    missing = len(found.missing) + len(found.unlike)
    said = [f"{count} {word}" for word, count in counts.items()]
    said += [f"{missing} not compared"] if missing else []
    return f"{', '.join(said) or plural(changed, 'change')}, of {plural(len(found.pairs), 'measurement')}"


def _side(result: Result) -> str:
    made_in = result.repository
    commit = f" at {markdown(made_in.commit[:10])}{'+' * bool(made_in.dirty)}" if made_in else ""
    return f"{markdown(result.device.profile)}, {result.created[:10]}{commit}"


def _table(pairs: Iterable[Compared]) -> str:
    rows = [_row(pair) for pair in pairs]
    drawn = [_HEADINGS, [":--", ":--", *["--:"] * 4], *rows]
    columns = [index for index in range(len(_HEADINGS)) if any(row[index] != _NONE for row in rows)]
    return "\n".join(f"| {' | '.join(row[index] for index in columns)} |" for row in drawn)


def _row(pair: Compared) -> list[str]:
    threads = plural(int(pair.threads), "thread") if pair.threads.isdecimal() else f"{pair.threads} threads"
    what = f"{pair.model}/{pair.artefact} · {pair.runtime} · {threads}"
    before, after = pair.bytes
    seen = pair.agreement
    drop = seen.drop if seen else None
    return [
        _BAD.get(pair.word, "🟡 ") + pair.word,
        markdown(what),
        _change(pair.latency, lambda value: f"{units.milliseconds(value)} ms"),
        _change(pair.instructions, lambda value: f"{value / 1e6:,.3f} M"),
        f"{after:,} B ({_percent(after / before)})" if before and before != after else _NONE,
        f"{units.points(-drop)} pp" if drop else _NONE,
    ]


def _change(change: Change | None, show: Callable[[float], str]) -> str:
    if change is None:
        return _NONE
    ratio = f" ({_percent(change.ratio)})" if change.ratio else ""
    which = "fastest: " if change.by == "fastest" else ""
    return f"{which}{show(change.baseline)} → {show(change.candidate)}{ratio}"


def _percent(ratio: float) -> str:
    return f"{(ratio - 1) * 100:+.1f} %".replace("-", "−")


def _apart(found: Comparison) -> Iterator[str]:
    """Yield what is not in the table: each pair's reason, and what could not be compared."""
    for pair in found.pairs:
        reasons = [each.reason for each in (pair.latency, pair.instructions) if each and each.reason]
        if pair.invalid or (reasons and is_changed(pair)):
            yield markdown(f"{pair.artefact} · {pair.runtime}: {pair.invalid or '; '.join(reasons)}")
    for label in found.missing:
        yield f"missing: {markdown(label)}, only in the baseline"
    for label in found.new:
        yield f"new: {markdown(label)}, not in the baseline"
    for reason in found.unlike:
        yield f"not compared: {markdown(reason)}"
