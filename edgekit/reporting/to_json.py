"""Statistics for programs: the fields of `edgekit.reporting.rows.Row`.

Times are in ns, instructions are counts, sizes in bytes, shares are fractions of one; intervals are at 95 %.
"""

from __future__ import annotations

from edgekit.reporting.report import Report
from edgekit.reporting.session import Session
from edgekit.reporting.side_by_side import Line, SideBySide
from edgekit.reporting.side_by_side.summary import summarise
from edgekit.schema import encode_record

SCHEMA = "edgekit.report/1"


def to_json(report: Report) -> bytes:
    """Return every session's rows and summary, and its devices side by side, without the raw samples.

    `comparison` is null for one session, and for several that measured nothing in common.
    """
    found = report.side_by_side
    return encode_record(
        {
            "schema": SCHEMA,
            "comparison": _side_by_side(found) if found else None,
            "sessions": [_session(session) for session in report.sessions],
        }
    )


def _side_by_side(found: SideBySide) -> dict[str, object]:
    return {
        "devices": found.devices,
        "bases": found.bases,
        "summary": summarise(found),
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
        "outputs": line.outputs,
    }


def _session(session: Session) -> dict[str, object]:
    result = session.result
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
        "summary": session.summary,
        "rows": session.rows,
    }
