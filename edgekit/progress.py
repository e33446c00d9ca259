"""How long work tells what it is doing, without knowing about terminals."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Where a stage reports to. The command line draws it; a Recorder remembers it."""

    def step(self, what: str, total: float | None = None) -> None:
        """Begin a step (the one before it is finished). `total` None: length unknown."""

    def advance(self, done: float) -> None:
        """Set how much of the current step is done, in the unit of its total."""

    def note(self, text: str) -> None:
        """Keep one line for the user, such as an image that was skipped."""


class Silent:
    """A Progress that says nothing."""

    def step(self, what: str, total: float | None = None) -> None:
        """Ignore it."""

    def advance(self, done: float) -> None:
        """Ignore it."""

    def note(self, text: str) -> None:
        """Ignore it."""


SILENT = Silent()


class Recorder:
    """A Progress that remembers: steps with their totals, how much of them was done, and notes."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, float | None]] = []
        self.done: list[float] = []
        self.notes: list[str] = []

    def step(self, what: str, total: float | None = None) -> None:
        """Remember it."""
        self.steps.append((what, total))

    def advance(self, done: float) -> None:
        """Remember it."""
        self.done.append(done)

    def note(self, text: str) -> None:
        """Remember it."""
        self.notes.append(text)
