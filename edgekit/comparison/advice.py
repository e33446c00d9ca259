"""What to do after a comparison."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from edgekit.comparison.judge import Comparison
from edgekit.comparison.pairs import Across
from edgekit.results import Result

_EXPLAINED = "rpi4-emulated"  # the device on which `edgekit explain` counts where none is named


def next_step(found: Comparison, across: Across | None = None, results: Sequence[Path] = ()) -> str:
    """Return what tells more about cells that are worse, missing or not certain; empty: nothing does.

    Args:
        found: The comparison.
        across: The dimension in which its sides differ.
        results: The files that were compared; none: they were measured, and are in results/.
    """
    if not found.exit_code:
        return shlex.join(["edgekit", "report", *map(str, results), "-o", "report.html"])
    words = {pair.word for pair in found.pairs}
    timed = [result.device.timed for result in found.results]
    device = found.results[-1].device.profile
    there = "" if device == "host" else f" --device {device}"
    together = any(result.together for result in found.results)
    sides = "BASELINE_FILE NEW_FILE" if across == "artefact" else "BASELINE_SET NEW_SET"
    again = f"edgekit compare {sides}{there}"
    if across in ("runtime", "threads"):
        again = f"edgekit bench SET{there} --repeats 10"
    if "slower" in words and not together:
        return f"Confirm with fresh repeats: {again}"
    if words & {"slower", "more"}:
        return _operators(found.results, across)
    if together:
        longer = {"quick": "standard", "standard": "rigorous"}.get(found.results[-1].mode)
        return f"{again} --mode {longer}" if "inconclusive" in words and longer else ""
    return again if all(timed) or not any(timed) else ""


def _operators(results: Sequence[Result], across: Across | None) -> str:
    """Return how to see which operators take more instructions."""
    device = results[-1].device.profile
    there = "" if device == _EXPLAINED else f" --device {device}"
    commands = {
        "device": f"edgekit explain FILE --device {results[0].device.profile} --device {device}",
        "runtime": f"edgekit explain FILE --runtime OLD --runtime NEW{there}",
        "threads": "",  # the operators are counted with one
    }
    command = commands.get(across or "", f"edgekit explain OLD_FILE NEW_FILE{there}")
    return command and f"See which operator: {command}"
