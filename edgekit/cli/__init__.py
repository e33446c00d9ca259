"""The commands: each parses, calls one function, and shows what came back. Only here is anything printed."""

from __future__ import annotations

import sys

_BROKEN_PIPE = 128 + 13  # as a shell says it of a program that SIGPIPE ended
_INTERRUPTED = 128 + 2  # and of one that SIGINT ended


def main() -> None:
    """Run a command line; end with the exit code that `edgekit.errors` gives its error."""
    from edgekit.cli.app import app
    from edgekit.errors import EdgekitError
    from edgekit.lookup import ensure_temporary_folder

    try:
        ensure_temporary_folder()
        app()
    except EdgekitError as error:
        from edgekit.cli.console import show_error

        show_error(error)
        sys.exit(error.exit_code)
    except SystemExit as ended:
        # a command that kept what it had done said so and ended with 130 by itself
        if ended.code == _INTERRUPTED and _caused_by_interrupt(ended):
            _say_interrupted()
        # Typer and rich end with 1 when whoever reads our output goes away, as `head` does; with us 1
        # says that a limit was passed
        sys.exit(_BROKEN_PIPE if ended.code == 1 else ended.code)
    except KeyboardInterrupt:
        _say_interrupted()
        sys.exit(_INTERRUPTED)
    except OSError as error:
        from edgekit.cli.console import show_os_error

        sys.exit(show_os_error(error))


def _caused_by_interrupt(error: BaseException) -> bool:
    """Whether an exception stands for a Ctrl-C: Typer turns that into an exit."""
    earlier: BaseException | None = error
    while earlier and not isinstance(earlier, KeyboardInterrupt):
        earlier = earlier.__cause__ or earlier.__context__
    return earlier is not None


def _say_interrupted() -> None:
    """Say that the command was ended from outside."""
    from edgekit.cli.console import show_interrupted

    show_interrupted()
