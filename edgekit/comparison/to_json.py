"""A comparison for programs."""

from __future__ import annotations

from dataclasses import asdict, replace

from edgekit.comparison.judge import Comparison
from edgekit.schema import encode_record

SCHEMA = "edgekit.compare/1"


def to_json(found: Comparison) -> bytes:
    """Return the comparison with a verdict for each pair, and the exit code of `edgekit compare`."""
    pairs = [{"verdict": pair.word, **asdict(pair)} for pair in found.pairs]
    others = asdict(replace(found, pairs=(), results=()))
    files = [str(result.path) for result in found.results if result.path]
    written = {"schema": SCHEMA, "exit_code": found.exit_code, **others, "pairs": pairs, "results": files}
    return encode_record(written)
