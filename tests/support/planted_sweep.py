"""A sweep whose steps do next to nothing: they plant what the real ones would have made.

With EDGEKIT_PLANTED_LOG in the environment, each writes there that it began and ended.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

from edgekit.artefact import Model
from edgekit.errors import DeviceError
from edgekit.progress import Progress
from edgekit.results import Finding, write_result
from edgekit.schema import write_record
from edgekit.sweeping import STEPS, Outcome, Step, Store, run_step
from edgekit.sweeping.work import MODEL, RESULT
from support.sessions import session, timed

LOG = "EDGEKIT_PLANTED_LOG"
SECONDS = "EDGEKIT_PLANTED_SECONDS"  # that each step takes


def make(step: Step, store: Store, folder: Path, progress: Progress) -> None:
    """Train or convert: leave a file that says so."""
    _log(f"begin {step.name}")
    time.sleep(float(os.environ.get(SECONDS, "0")))
    (folder / "made").write_text(step.name)
    _log(f"end {step.name}")


def measure(step: Step, store: Store, folder: Path, progress: Progress) -> None:
    """Leave a result whose times follow from the step's key; a device called `absent` is not there."""
    _log(f"begin {step.name}")
    assert store.holds(step.needs[0])
    time.sleep(float(os.environ.get(SECONDS, "0")))
    if step.device == "absent":
        raise DeviceError("The planted device is not there.", "Plug it in.")
    flaw = Finding("invalid", "throttled", "It throttled.") if step.device == "hot" else None
    level = 1e6 + int(step.key[:4], 16)
    wrong = 50 if step.arguments["accuracy"] else None
    measured = timed(level, level, level, wrong=wrong, flaw=flaw, model=step.needs[0])
    write_result(folder / RESULT, session(measured, device=step.device or ""))
    write_record(folder / MODEL, Model("planted", "random", "0" * 64, parameters=1_000, multiply_adds=2_000))
    _log(f"end {step.name}")


def plant() -> None:
    """Put them in the place of the real ones, in this process and in those that it starts."""
    for name, run in (("train", make), ("convert", make), ("measure", measure)):
        STEPS[name] = replace(STEPS.named(name), run=run)


def run_here(steps, store: Store, progress: Progress) -> Outcome:
    """Do steps in this process, one after the other."""
    failed, ran = [], 0
    for step in steps:
        if not store.holds(step.key):
            try:
                run_step(step, store, progress)
                ran += 1
            except DeviceError as error:
                failed.append(store.fail(step.key, step.name, error.what, error.hint))
    return Outcome(tuple(steps), tuple(failed), (), ran)


def _log(line: str) -> None:
    if LOG in os.environ:
        with Path(os.environ[LOG]).open("a") as file:
            file.write(line + "\n")
