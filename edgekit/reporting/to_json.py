"""Statistics for programs: the fields of `edgekit.reporting.rows.Row`.

Times are in ns, instructions are counts, sizes in bytes, shares are fractions of one; intervals are at 95 %.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from edgekit.reporting.comparison import Line, compare
from edgekit.reporting.comparison_summary import compare_summary
from edgekit.reporting.rows import rows
from edgekit.reporting.summary import summarise
from edgekit.results import Result

SCHEMA = "edgekit.report/1"


def to_json(results: Sequence[Result]) -> bytes:
    """Return every session's rows and summary, and how they compare; the raw samples stay in the results.

    `comparison` is null for one session, and for several that measured nothing in common.
    """
    report = {
        "schema": SCHEMA,
        "comparison": _comparison(results),
        "sessions": [_session(result) for result in results],
    }
    return msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n"


def _comparison(results: Sequence[Result]) -> dict[str, object] | None:
    found = compare(results) if len(results) > 1 else None
    if found is None:
        return None
    return {
        "devices": found.devices,
        "bases": found.bases,
        "summary": compare_summary(results, found),
        "lines": [_line(line) for line in found.lines],
    }


def _line(line: Line) -> dict[str, object]:
    """Return what a line adds to its session's row, which `session` and `index` name."""
    row = line.row
    return {
        "cell": line.cell,
        "session": line.session,
        "index": row.index,
        "device": line.device,
        "name": row.name,
        "sha256": row.sha256,
        "runtime": row.runtime,
        "threads": row.threads,
        "valid": row.valid,
        "time_ratio": line.time,
        "count_ratio": line.count,
        "answers": line.answers,
        "other_images": line.other_images,
    }


def _session(result: Result) -> dict[str, object]:
    computed = rows(result)
    return {
        "created": result.created,
        "edgekit": result.edgekit,
        "command": result.command,
        "mode": result.mode,
        "fps": result.fps,
        "partial": result.partial,
        "device": result.device,
        "before": result.before,
        "after": result.after,
        "transfer": result.transfer,
        "summary": summarise(result, computed),
        "rows": computed,
    }
