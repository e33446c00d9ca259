"""What commands print: errors, progress, and the line that names the next command.

Standard output carries what was asked for (a table, JSON); everything else goes to standard error, so
that `edgekit bench --json | jq` works. rich honours NO_COLOR and terminals without colour by itself.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from edgekit.cli.streams import ERRORS
from edgekit.errors import EdgekitError, StorageError
from edgekit.progress import Progress

if TYPE_CHECKING:
    from rich.console import Console

_WIDE = 200  # columns


def stderr_console() -> Console:
    """Return a console on standard error.

    It has a descriptor of its own, so that it goes on while a converter's chatter is redirected.
    """
    from rich.console import Console

    try:
        encoding = sys.stderr.encoding or "utf-8"
        own = os.fdopen(os.dup(sys.stderr.fileno()), "w", encoding=encoding, errors=ERRORS, buffering=1)
    except (AttributeError, OSError, ValueError):
        return Console(stderr=True, highlight=False, soft_wrap=True)
    return Console(file=own, highlight=False, soft_wrap=True)


def stdout_console() -> Console:
    """Return a console on standard output."""
    from rich.console import Console

    return Console(highlight=False)


def wide_console() -> Console:
    """Return a console on standard output that cuts nothing off if that is a file or a log."""
    console = stdout_console()
    if not (console.is_terminal or "COLUMNS" in os.environ):
        console.width = _WIDE
    return console


def show_error(error: EdgekitError) -> None:
    """Print an error: what happened, then what to do next."""
    from rich.text import Text

    console = stderr_console()
    console.print(Text.assemble(("Error: ", "bold red"), error.what))
    if error.hint:
        console.print(Text(error.hint))


def show_interrupted(how: str = "") -> None:
    """Print that the command was interrupted; whoever pressed Ctrl-C needs no hint."""
    from rich.text import Text

    stderr_console().print(Text(how or "Interrupted.", "bold red"))


def os_error(error: OSError) -> EdgekitError:
    """Return what to say of an operating system error that no stage foresaw."""
    where = f" ({error.filename})" if error.filename else ""
    return StorageError(
        f"{error.strerror or error}{where}.", "Check the path, its permissions and the free space."
    )


def print_record(record: object) -> None:
    """Print a record as JSON on standard output."""
    import msgspec

    data = msgspec.json.encode(record, enc_hook=str)
    sys.stdout.buffer.write(msgspec.json.format(data, indent=1) + b"\n")


def command_line() -> str:
    """Return the command as it was typed, for the records."""
    return shlex.join(["edgekit", *sys.argv[1:]])


def say_next(*commands: str) -> None:
    """Name the command that a person would want next."""
    from rich.text import Text

    console = stderr_console()
    for label, command in zip(("Next: ", "  or: "), commands, strict=False):
        console.print(Text.assemble((label, "dim"), (command, "bold")))


def quote(path: Path | str) -> str:
    """Return a path as a person would type it into a shell."""
    return shlex.quote(str(path))


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Yield a Progress: a live bar on a terminal, one line per step elsewhere."""
    console = stderr_console()
    if not console.is_terminal:
        yield _Lines(console)
        return
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    bars = Bars(
        SpinnerColumn("dots" if console.encoding.startswith("utf") else "line"),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        TextColumn("left", style="dim"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        refresh_per_second=2,  # on the host, drawing takes time from what is being measured
    )
    with bars:
        yield _Bar(bars)


class _Lines:
    """Progress for logs: each new step is a line."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last = ""

    def step(self, what: str, total: float | None = None) -> None:
        """Print the step once; a text that only counts on is one step."""
        head = what.partition(" · ")[0]
        if head != self._last:
            self.note(head)
        self._last = head

    def advance(self, done: float) -> None:
        """Logs do not show it."""

    def note(self, text: str) -> None:
        """Print a line."""
        from rich.text import Text

        self._console.print(Text(text))


class _Bar:
    """Progress for terminals."""

    def __init__(self, bars: object) -> None:
        from rich.progress import Progress as Bars

        assert isinstance(bars, Bars)  # noqa: S101 - narrows the type, rich is imported late
        self._bars = bars
        self._task: int | None = None
        self._head = ""

    def step(self, what: str, total: float | None = None) -> None:
        """Replace the bar by one for the new step; keep its clock if only the text counts on."""
        from rich.progress import TaskID

        head = what.partition(" · ")[0]
        if self._task is not None and head == self._head:
            self._bars.update(TaskID(self._task), description=what, total=total)
            return
        if self._task is not None:
            self._bars.remove_task(TaskID(self._task))
        self._task, self._head = self._bars.add_task(what, total=total), head

    def advance(self, done: float) -> None:
        """Move the bar."""
        from rich.progress import TaskID

        if self._task is not None:
            self._bars.update(TaskID(self._task), completed=done)

    def note(self, text: str) -> None:
        """Print a line above the bar."""
        from rich.text import Text

        self._bars.console.print(Text(text))
