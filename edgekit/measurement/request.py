"""What a bench is asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgekit.device import Profile
from edgekit.errors import UsageError
from edgekit.results import Mode

if TYPE_CHECKING:
    from edgekit.measurement.classifier import Reading

ALL_CPUS = 0  # as a number of threads
MOST_REPEATS = 1_000
LONGEST = 86_400.0  # seconds of sustained load


@dataclass(frozen=True)
class Schedule:
    """How long to measure. A repeat ends when it has enough runs AND enough time has passed."""

    repeats: int  # fresh processes
    min_runs: int  # timed inferences per repeat
    min_seconds: float
    max_seconds: float = 600.0  # a repeat ends here in any case
    warmup_runs: int = 10
    warmup_seconds: float = 0.5


MODES: dict[Mode, Schedule] = {
    "quick": Schedule(repeats=3, min_runs=128, min_seconds=2),
    "standard": Schedule(repeats=5, min_runs=1024, min_seconds=10),
    "rigorous": Schedule(repeats=10, min_runs=1024, min_seconds=60),
}


@dataclass(frozen=True, kw_only=True)
class BenchRequest:
    """One session: these artefacts, on this device, with these runtimes and numbers of threads."""

    artefacts: tuple[Path, ...]  # artefact sets, single files of a set, or any other .tflite and .onnx files
    device: str | Profile = "host"  # a profile, or its name
    runtimes: tuple[str, ...] = ()  # NAME or NAME==VERSION; empty: every one that suits
    threads: tuple[int, ...] = (1, ALL_CPUS)
    mode: Mode | Schedule = "quick"
    repeats: int | None = None  # fresh processes for each; None: as many as the mode makes
    accuracy: bool = True
    memory: bool = True
    instructions: bool = True
    xnnpack: bool = True  # False: TFLite's runtimes use their own kernels
    fps: float | None = None  # inferences per second, as an application would space them; None: back to back
    sustain: float | None = None  # seconds of sustained load for each cell, after its repeats; None: none
    affinity: tuple[int, ...] = ()  # CPUs to run on; empty: the profile's
    seed: int = 0  # of the timed input
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # of inputs of files of no set
    inputs: Mapping[str, Any] = field(default_factory=dict)  # their values: .npy files, or arrays
    reading: Reading | None = None  # labelled images for files of no set
    command: str = ""  # as typed

    def __post_init__(self) -> None:
        """Refuse what cannot be measured.

        Raises:
            UsageError: A number is out of its range, or no artefact is named.
        """
        if not self.artefacts:
            raise UsageError(
                "No artefact is named.", "Name an artefact set that `edgekit convert` wrote, or a model file."
            )
        for threads in self.threads:
            if threads < 0:
                raise UsageError(f"{threads} threads are not possible.", "Give 1 or more, or 0 for all CPUs.")
        if not self.threads:
            raise UsageError("No number of threads is given.", "Give 1 or more, or 0 for all CPUs.")
        if self.repeats is not None and not 1 <= self.repeats <= MOST_REPEATS:
            raise UsageError(f"{self.repeats} repeats are not possible.", f"Give 1 to {MOST_REPEATS}.")
        if self.fps is not None and not 0.01 <= self.fps <= 10_000:
            raise UsageError(f"{self.fps} inferences per second are not possible.", "Give 0.01 to 10000.")
        if self.sustain is not None and not 1 <= self.sustain <= LONGEST:
            raise UsageError(
                f"A sustained load of {self.sustain:g} s is not possible.",
                "Give 1 s to 24 h, such as 10 min.",
            )
        if self.seed < 0 or any(cpu < 0 for cpu in self.affinity):
            raise UsageError(f"Seed {self.seed} or CPUs {self.affinity} are negative.", "Give 0 or more.")

    @property
    def schedule(self) -> Schedule:
        """How long to measure."""
        schedule = self.mode if isinstance(self.mode, Schedule) else MODES[self.mode]
        return schedule if self.repeats is None else replace(schedule, repeats=self.repeats)
