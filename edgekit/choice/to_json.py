"""A choice for programs."""

from __future__ import annotations

from typing import Any

from edgekit.budget import Figure
from edgekit.choice.candidate import Candidate
from edgekit.choice.choose import Choice
from edgekit.choice.steps import Step
from edgekit.schema import encode_record

SCHEMA = "edgekit.pick/1"


def to_json(choice: Choice) -> bytes:
    """Return the choice, with every figure's bounds, and the exit code of `edgekit pick`.

    Times are in ns, sizes in bytes, accuracies fractions of one.
    """
    nearest = choice.nearest
    return encode_record(
        {
            "schema": SCHEMA,
            "exit_code": choice.exit_code,
            "source": choice.source,
            "origin": choice.origin,
            "device": choice.device,
            "limits": choice.limits,
            "sought": {"quality": "accuracy", "cost": choice.cost}[choice.goal],
            "ranked_by": choice.scale,
            "best": _candidate(choice.best),
            "tied": [_candidate(each) for each in choice.tied],
            "level": [_candidate(each) for each in choice.level],
            "runners_up": [_candidate(each) for each in choice.runners_up],
            "faster": _step(choice.faster),
            "better": _step(choice.better),
            "perhaps": [_candidate(each) for each in choice.perhaps],
            "nearest": None
            if nearest is None
            else {
                "candidate": _candidate(nearest.candidate),
                "standings": nearest.standings,
                "over": nearest.over,
            },
            "counts": choice.counts,
            "notes": choice.notes,
        }
    )


def _candidate(candidate: Candidate | None) -> dict[str, Any] | None:
    if candidate is None:
        return None
    figures: dict[str, Figure] = {**candidate.figures}
    figures |= {str(scale): seen for scale, seen in candidate.quality.items()}
    return {
        "model": candidate.model,
        "artefact": candidate.artefact,
        "precision": candidate.precision,
        "runtime": candidate.runtime,
        "threads": candidate.threads,
        "affinity": candidate.affinity,
        "sha256": candidate.digest,
        "result": str(candidate.cell.result.path or "") if candidate.cell else "",
        "figures": {
            name: {
                "value": seen.value,
                "low": None if seen.doubt else seen.low,
                "high": None if seen.doubt else seen.high,
            }
            for name, seen in figures.items()
        },
    }


def _step(step: Step | None) -> dict[str, Any] | None:
    if step is None:
        return None
    changes = {"cost": step.cost, "quality": step.quality, "sure": step.sure, "broken": step.broken}
    return {**changes, "to": _candidate(step.to)}
