"""What to do after a comparison."""

from __future__ import annotations

from collections.abc import Sequence

from edgekit.comparison.judge import Comparison
from edgekit.comparison.pairs import Across
from edgekit.results import Result

_EXPLAINED = "rpi4-emulated"  # the device on which `edgekit explain` counts where none is named


def next_step(found: Comparison, results: Sequence[Result], across: Across | None = None) -> str:
    """Return what tells more about cells that are worse, missing or not certain; empty: nothing does.

    Args:
        found: The comparison.
        results: The results that were compared, one or two.
        across: The dimension in which its sides differ.
    """
    if not found.exit_code:
        return "edgekit report -o report.html"
    words = {pair.word for pair in found.pairs}
    timed = [result.device.timed for result in results]
    again = "edgekit bench BASELINE_SET NEW_SET"
    if "slower" in words:
        return f"Confirm with fresh repeats: {again} --mode rigorous"
    if "more" in words:
        return _operators(results, across)
    if not any(timed):
        return f"{again} --device {results[-1].device.profile}"
    return f"{again} --mode rigorous" if all(timed) else ""


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
