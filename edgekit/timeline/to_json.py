"""A history for programs."""

from __future__ import annotations

from edgekit.budget import METRICS
from edgekit.schema import encode_record
from edgekit.timeline.gather import History, Series, Step, Value

SCHEMA = "edgekit.history/1"


def to_json(history: History) -> bytes:
    """Return every series with its values and steps. Values are in `unit`; intervals are at 99 %."""
    return encode_record(
        {
            "schema": SCHEMA,
            "metric": history.metric,
            "unit": METRICS[history.metric].unit,
            "series": [_series(each) for each in history.series],
            "unreadable": history.unreadable,
            "notes": history.notes,
        }
    )


def _series(series: Series) -> dict[str, object]:
    return {
        "device": series.device,
        "model": series.model,
        "artefact": series.artefact,
        "runtime": series.runtime,
        "threads": series.threads,
        "affinity": series.affinity,
        "fps": series.fps,
        "values": [_value(each) for each in series.values],
        "steps": [_step(each) for each in series.steps],
    }


def _value(value: Value) -> dict[str, object]:
    return {
        "commit": value.commit or None,
        "committed": value.committed,
        "branch": value.branch,
        "dirty": value.dirty,
        "created": value.created,
        "value": value.value,
        "low": value.low,
        "high": value.high,
        "results": value.results,
        "context": value.context,
    }


def _step(step: Step) -> dict[str, object]:
    change = step.change
    return {
        "index": change.at,
        "after": step.after.commit or step.after.created,
        "until": step.until.commit or step.until.created,
        "likeliest": step.likeliest.commit or step.likeliest.created,
        "commits": step.commits or None,
        "before": change.before,
        "level": change.after,
        "size": change.size,
        "low": change.low,
        "high": change.high,
        "also": step.also,
    }
