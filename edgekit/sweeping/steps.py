"""Steps of a sweep: plain data that says what to do, and the functions that do it.

A step runs wherever its needs are in the store: in this process, in another one, on another computer. What
it makes goes into the store under the step's key, and that is all that others see of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from edgekit.files import sha256_bytes
from edgekit.progress import SILENT, Progress
from edgekit.registry import Registry
from edgekit.sweeping.store import Store


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do once. Equal keys mean equal results, up to chance."""

    key: str  # SHA-256, in hex, of all that goes in
    kind: str  # a name in STEPS
    name: str  # for people: `measuring alpha 0.5 at 192 pixels on rpi4`
    needs: tuple[str, ...] = ()  # keys of steps whose results it reads
    device: str | None = None  # the device it runs on, one step at a time; None: any computer will do
    alone: bool = False  # nothing else may run on the computer meanwhile: it is what is measured
    arguments: dict[str, Any] = {}  # JSON


# step, store, an own folder, progress; what is in the folder at the end is the result. The folder is empty,
# or as an interrupted run of the same step left it.
Run: TypeAlias = "Callable[[Step, Store, Path, Progress], None]"


@dataclass(frozen=True)
class StepKind:
    """How one kind of step is done."""

    name: str
    record: str  # name and version of what it writes; a step of another version has another key
    run: Run  # a function of a module, so that other processes find it by its name

    @property
    def function(self) -> str:
        """What `function_of` finds in another process: `edgekit.sweeping.work:convert`."""
        return f"{self.run.__module__}:{self.run.__qualname__}"


def function_of(name: str) -> Run:
    """Return a kind's function in a process whose STEPS may lack it."""
    module, _, function = name.partition(":")
    found: Run = getattr(import_module(module), function)
    return found


STEPS: Registry[StepKind] = Registry("kind of step")
"""Filled in work.py, and from outside by whoever brings one of their own."""


def new_step(
    kind: str,
    name: str,
    arguments: Mapping[str, Any],
    *,
    needs: Iterable[Step] = (),
    device: str | None = None,
    alone: bool = False,
) -> Step:
    """Return a step with its key.

    Args:
        kind: A name in STEPS.
        name: For people; not part of the key.
        arguments: What goes in, as JSON has it. Files are named by their hash in addition to their path.
        needs: Steps whose results go in.
        device: The device's name.
        alone: Whether it measures the computer on which it runs.
    """
    keys = tuple(each.key for each in needs)
    record = STEPS.named(kind).record
    going_in = {"kind": kind, "record": record, "needs": keys, "device": device, "arguments": arguments}
    key = sha256_bytes(msgspec.json.encode(going_in, order="sorted"))
    return Step(
        key=key, kind=kind, name=name, needs=keys, device=device, alone=alone, arguments=dict(arguments)
    )


def run_step(step: Step, store: Store, progress: Progress = SILENT, run: Run | None = None) -> None:
    """Do a step in this process and put its result into the store, unless that holds it.

    Two processes that are given the same step do it once.

    Args:
        step: What to do.
        store: Holds what it needs.
        progress: Receives every part of it.
        run: The function; None: the one of STEPS.

    Raises:
        EdgekitError: The step failed; the store is as it was.
    """
    run = run or STEPS.named(step.kind).run
    with store.working(step.key) as folder:
        if not store.holds(step.key):
            run(step, store, folder, progress)
            store.put(step.key, folder)
