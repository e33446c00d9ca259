"""Steps that do next to nothing, and leave a trace of having been done."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from edgekit.errors import DeviceError
from edgekit.progress import Progress
from edgekit.sweeping import STEPS, Step, StepKind, Store


def write(step: Step, store: Store, folder: Path, progress: Progress) -> None:
    """Write what the needs wrote and the step's own text; with a log, write there when it began and ended."""
    progress.step("writing", 1)
    said = step.arguments
    _log(said, f"begin {step.name}")
    texts = [(store.path(key) / "text").read_text() for key in step.needs]
    time.sleep(said.get("seconds", 0.0))
    (folder / "text").write_text(" ".join([*texts, said["text"]]))
    if "kill" in said and not Path(said["kill"]).exists():
        Path(said["kill"]).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    progress.note("written")
    _log(said, f"end {step.name}")


def refuse(step: Step, store: Store, folder: Path, progress: Progress) -> None:
    """Fail as a device does."""
    raise DeviceError("The planted device is not there.", "Plug it in.")


def crash(step: Step, store: Store, folder: Path, progress: Progress) -> None:
    """Fail as nobody foresees."""
    raise ZeroDivisionError("planted")


def end_process(step: Step, store: Store, folder: Path, progress: Progress) -> None:
    """End the process, each time."""
    os.kill(os.getpid(), signal.SIGKILL)


def _log(said: dict[str, str], line: str) -> None:
    if "log" in said:
        with Path(said["log"]).open("a") as file:
            file.write(line + "\n")


if "planted" not in STEPS:
    STEPS.add(StepKind("planted", "text/1", write))
    STEPS.add(StepKind("refusing", "text/1", refuse))
    STEPS.add(StepKind("crashing", "text/1", crash))
    STEPS.add(StepKind("ending", "text/1", end_process))
