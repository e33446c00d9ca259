"""Verdicts for programs."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import asdict

from edgekit.budget.judge import exit_code
from edgekit.budget.record import Verdict
from edgekit.schema import encode_record

SCHEMA = "edgekit.check/1"


def to_json(verdicts: Sequence[Verdict], notes: Sequence[str] = ()) -> bytes:
    """Return the verdicts with their margins, what to know of them, and the exit code of `edgekit check`."""
    rows = [{**asdict(each), "margin": each.margin} for each in verdicts]
    return encode_record(
        {"schema": SCHEMA, "exit_code": exit_code(verdicts), "verdicts": rows, "notes": notes}
    )
