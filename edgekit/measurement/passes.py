"""The passes of one cell, each a fresh process on the device."""

from __future__ import annotations

from statistics import median
from typing import Any

import msgspec

from edgekit.measurement import answers
from edgekit.measurement.plan import Cell
from edgekit.measurement.request import BenchRequest
from edgekit.results import Accuracy, Memory, Repeat
from edgekit.visit import PATIENCE, Visit

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

    def latency(self, cell: Cell) -> answers.Latency:
        """Time one repeat."""
        plan = self._request.schedule
        fields = {
            "pass": "latency",
            "min_runs": plan.min_runs,
            "min_seconds": plan.min_seconds,
            "max_seconds": plan.max_seconds,
            "warmup_runs": plan.warmup_runs,
            "warmup_seconds": plan.warmup_seconds,
            "fps": self._request.fps or 0.0,
            "max_celsius": self._profile.max_celsius or 0.0,
            "cool_seconds": self._profile.cool_seconds,
        }
        deadline = PATIENCE + self._profile.cool_seconds + plan.warmup_seconds + plan.max_seconds
        return self._visit.ask(answers.Latency, self._fields(cell, fields), deadline)

    def memory(self, cell: Cell, repeats: list[Repeat]) -> Memory:
        """Read the resident set at three moments."""
        fields = self._fields(cell, {"pass": "memory", "warmup_runs": self._request.schedule.warmup_runs})
        deadline = _deadline(repeats, self._request.schedule.warmup_runs)
        return self._visit.ask(Memory, fields, deadline)

    def accuracy(self, cell: Cell, repeats: list[Repeat]) -> Accuracy:
        """Classify the set's evaluation images."""
        manifest = cell.subject.artefacts.manifest
        digest = manifest.evaluation_sha256
        fields = {
            "pass": "accuracy",
            "evaluation": self._visit.places[digest],
            "evaluation_sha256": digest,
            "head": manifest.head.kind,
            "threshold": manifest.head.threshold,
        }
        deadline = _deadline(repeats, manifest.dataset.evaluation.n)
        found = self._visit.ask(answers.Accuracy, self._fields(cell, fields), deadline)
        correct = None if manifest.keras_accuracy is None else found.correct
        return Accuracy(found.n, correct, digest, found.predictions)

    def instructions(self, cell: Cell, repeats: list[Repeat]) -> answers.Instructions:
        """Count the instructions of single inferences."""
        fields = {"pass": "instructions", "loads": LOADS, "warmup_runs": 2, "min_runs": COUNTED_RUNS}
        deadline = _deadline(repeats, LOADS * COUNTED_RUNS)
        found = self._visit.ask(answers.Instructions, self._fields(cell, fields), deadline)
        if self.timed:
            return found
        return msgspec.structs.replace(found, source=f"qemu {self._profile.cpu}")

    def _fields(self, cell: Cell, fields: dict[str, Any]) -> dict[str, Any]:
        """Add what every pass needs to know about a cell."""
        file, contract = cell.subject.file, cell.subject.artefacts.manifest.preprocessing
        return {
            **self._visit.running(cell.bundle, file.sha256),
            "threads": cell.threads,
            "xnnpack": self._request.xnnpack,
            "affinity": self._request.affinity or self._profile.affinity,
            "seed": self._request.seed,
            "mean": contract.mean,
            "std": contract.std,
            "layout": contract.layout,
            "input_scale": file.input.scale or 0.0,
            "input_zero_point": file.input.zero_point or 0,
            "output_shape": file.output.shape,
            **fields,
        }


def _deadline(repeats: list[Repeat], runs: int) -> float:
    """Return seconds that are ample for some inferences, going by the ones that were timed."""
    slowest = max((median(repeat.samples_ns) for repeat in repeats), default=1e9)
    return PATIENCE + SLOWER * runs * slowest / 1e9
