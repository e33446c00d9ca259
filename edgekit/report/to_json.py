"""Statistics for programs: the fields of `edgekit.report.rows.Row`.

Times are in ns, sizes in bytes, shares are fractions of one; intervals are at 95 %.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from edgekit.report.rows import rows
from edgekit.report.summary import summarise
from edgekit.results import Result

SCHEMA = "edgekit.report/1"


def to_json(results: Sequence[Result]) -> bytes:
    """Return every session's rows and summary; the raw samples stay in the results."""
    report = {"schema": SCHEMA, "sessions": [_session(result) for result in results]}
    return msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n"


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
        "summary": summarise(result, computed),
        "rows": computed,
    }
