"""An explanation as JSON: what `edgekit explain --json` prints."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from edgekit.explanation.causes import causes
from edgekit.explanation.differences import differences
from edgekit.explanation.line_up import line_up
from edgekit.explanation.record import SCHEMA, Breakdown


def as_record(found: Sequence[Breakdown]) -> dict[str, object]:
    """Return the breakdowns with what is computed from them."""
    sides = [
        {**msgspec.structs.asdict(side), "remainder": side.remainder, "causes": causes(side)}
        for side in found
    ]
    record: dict[str, object] = {"schema": SCHEMA, "breakdowns": sides}
    if len(found) > 1:
        pairs = line_up(found[0].operators, found[1].operators)
        places = [{id(o): i for i, o in enumerate(side.operators)} for side in found]
        record["pairs"] = [[places[0].get(id(pair.first)), places[1].get(id(pair.second))] for pair in pairs]
        record["differences"] = differences(found[0], found[1], pairs)
    return record
