"""The passes of one cell, each a fresh process on the device."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Any, TypeVar

import msgspec

from edgekit.errors import ModelError
from edgekit.measurement import answers
from edgekit.measurement.plan import Cell
from edgekit.measurement.request import BenchRequest
from edgekit.results import Accuracy, Memory, Repeat, Window
from edgekit.runtime import explained
from edgekit.visit import PATIENCE, Visit

T = TypeVar("T", bound=msgspec.Struct)

WINDOW, MOST_WINDOWS = 1.0, 600  # seconds; a sustained load of more than ten minutes has longer ones
SLOWER = 20  # how many times slower an inference may be outside the timed loop
LOADS, COUNTED_RUNS = 5, 6  # of the model, and inferences counted per load


class Passes:
    """Asks the guest for one pass over one cell."""

    def __init__(self, visit: Visit, request: BenchRequest) -> None:
        self._visit, self._request, self._profile = visit, request, visit.profile

    @property
    def timed(self) -> bool:
        """Whether the device's clock shows time."""
        return self._profile.timed

    def latency(self, cell: Cell, *, spaced: bool = True) -> answers.Latency:
        """Time one repeat, spaced if that was asked for, or back to back in any case."""
        plan = self._request.schedule
        fields = {
            "pass": "latency",
            "min_runs": plan.min_runs,
            "min_seconds": plan.min_seconds,
            "max_seconds": plan.max_seconds,
            "warmup_runs": plan.warmup_runs,
            "warmup_seconds": plan.warmup_seconds,
            "fps": (self._request.fps or 0.0) if spaced else 0.0,
            "max_celsius": self._profile.max_celsius or 0.0,
            "cool_seconds": self._profile.cool_seconds,
        }
        deadline = PATIENCE + self._profile.cool_seconds + plan.warmup_seconds + plan.max_seconds
        return self._ask(answers.Latency, cell, fields, deadline)

    def sustain(self, cell: Cell, total: float, heard: Callable[[Window], None]) -> None:
        """Run inferences for `total` seconds."""
        fields = {
            "pass": "sustain",
            "min_seconds": total,
            "window_seconds": max(WINDOW, total / MOST_WINDOWS),
            "fps": self._request.fps or 0.0,
            "max_celsius": self._profile.max_celsius or 0.0,
            "cool_seconds": self._profile.cool_seconds,
        }
        deadline = PATIENCE + self._profile.cool_seconds + 2 * total
        self._ask(answers.Sustained, cell, fields, deadline, heard)

    def memory(self, cell: Cell, repeats: list[Repeat]) -> Memory:
        """Read the resident set at three moments."""
        runs = self._request.schedule.warmup_runs
        return self._ask(Memory, cell, {"pass": "memory", "warmup_runs": runs}, _deadline(repeats, runs))

    def accuracy(self, cell: Cell, repeats: list[Repeat]) -> Accuracy:
        """Answer the evaluation images."""
        images = cell.subject.images
        assert images  # noqa: S101 - who has none is not asked
        fields = {
            "pass": "accuracy",
            "evaluation": self._visit.places[images.sha256],
            "evaluation_sha256": images.sha256,
            "head": images.head.kind,
            "threshold": images.head.threshold,
        }
        found = self._ask(answers.Accuracy, cell, fields, _deadline(repeats, images.n))
        correct = found.correct if images.labelled else None
        return Accuracy(found.n, correct, images.sha256, found.predictions)

    def outputs(self, cell: Cell, repeats: list[Repeat]) -> answers.Outputs:
        """Run the model once and return what it makes of the timed input."""
        return self._ask(answers.Outputs, cell, {"pass": "outputs"}, _deadline(repeats, 2))

    def instructions(self, cell: Cell, repeats: list[Repeat]) -> answers.Instructions:
        """Count the instructions of single inferences."""
        fields = {"pass": "instructions", "loads": LOADS, "warmup_runs": 2, "min_runs": COUNTED_RUNS}
        deadline = _deadline(repeats, LOADS * COUNTED_RUNS)
        found = self._ask(answers.Instructions, cell, fields, deadline)
        if self.timed:
            return found
        return msgspec.structs.replace(found, source=f"qemu {self._profile.cpu}")

    def _ask(
        self,
        kind: type[T],
        cell: Cell,
        fields: dict[str, Any],
        deadline: float,
        heard: Callable[[Window], None] | None = None,
    ) -> T:
        """Ask for one pass; of a file whose sizes nobody chose, say how to choose them if that may help."""
        try:
            return self._visit.ask(kind, self._fields(cell, fields), deadline, heard)
        except ModelError as error:
            raised = explained(error, cell.bundle, cell.subject.name)
            if raised is error and cell.subject.free:
                raise ModelError(
                    f"{error.what.rstrip('.')}. Sizes that the file leaves open were taken as 1.",
                    f"Choose them, such as: {cell.subject.free}",
                ) from error
            raise raised from error

    def _fields(self, cell: Cell, fields: dict[str, Any]) -> dict[str, Any]:
        """Add what every pass needs to know about a cell."""
        return {
            **self._visit.running(cell.bundle, cell.subject.payload.sha256),
            **cell.subject.fields(self._visit.places),
            "threads": cell.threads,
            "xnnpack": self._request.xnnpack,
            "affinity": self._request.affinity or self._profile.affinity,
            "seed": self._request.seed,
            **fields,
        }


def _deadline(repeats: list[Repeat], runs: int) -> float:
    """Return seconds that are ample for some inferences, going by the ones that were timed."""
    slowest = max((median(repeat.samples_ns) for repeat in repeats), default=1e9)
    return PATIENCE + SLOWER * runs * slowest / 1e9
