"""The commands: each parses, calls one function, and shows what came back. Only here is anything printed."""

from __future__ import annotations

import sys
from contextlib import suppress

_BROKEN_PIPE = 128 + 13  # as a shell says it of a program that SIGPIPE ended
_INTERRUPTED = 128 + 2  # and of one that SIGINT ended


def main() -> None:
    """Run a command line; exit with the code that `edgekit.errors` gives its error."""
    from edgekit.cli import ending, streams

    streams.prepare()
    ending.listen()
    try:
        code = _run()
    except KeyboardInterrupt:  # once more, while the first was answered
        code = _INTERRUPTED
    streams.drop_unread()
    sys.exit(ending.exit_code(code))


def _run() -> int:
    """Run a command line; return its exit code once everything is said."""
    try:
        from edgekit.cli.app import app
        from edgekit.lookup import ensure_temporary_folder
        from edgekit.quiet import not_loaded

        ensure_temporary_folder()
        with not_loaded("sklearn"):  # Keras would load it for wrappers of its own, and take a second longer
            app()
    except SystemExit as ended:
        return _exited(ended)
    except KeyboardInterrupt as interrupt:
        return _interrupted(interrupt)
    except Exception as error:
        return _failed(error)
    return 0


def _exited(ended: SystemExit) -> int:
    """Answer an exit, which Typer makes of many a thing."""
    # a command that kept what it had done said so and exits with 130 by itself
    if ended.code == _INTERRUPTED and (interrupt := _cause(ended, KeyboardInterrupt)):
        return _interrupted(interrupt)
    if ended.code == 1 and (error := _cause(ended, EOFError)):
        return _failed(error)
    # Typer and rich exit with 1 when whoever reads our output goes away, as `head` does; with us 1
    # says that a limit was passed
    if ended.code == 1:
        return _BROKEN_PIPE
    return _failed(ended) if isinstance(ended.code, str) else ended.code or 0


def _cause(error: BaseException, kind: type[BaseException]) -> BaseException | None:
    """Return the exception of a kind that an exception stands for."""
    earlier: BaseException | None = error
    while earlier and not isinstance(earlier, kind):
        earlier = earlier.__cause__ or earlier.__context__
    return earlier


def _interrupted(interrupt: BaseException) -> int:
    """Say that the command was ended from outside."""
    from edgekit.cli.console import show_interrupted

    with suppress(OSError):  # the terminal is closed
        show_interrupted(str(interrupt))
    return _INTERRUPTED


def _failed(error: BaseException) -> int:
    """Say what went wrong; only what edgekit foresees has an exit code of `edgekit.errors`."""
    try:
        from edgekit.cli.console import os_error, show_error
        from edgekit.errors import EdgekitError

        if isinstance(error, OSError) and error.errno is not None:
            error = os_error(error)
        if isinstance(error, EdgekitError):
            with suppress(OSError):
                show_error(error)
            return error.exit_code
    except Exception as another:
        error = another
    from edgekit.cli.crash import show_crash

    return show_crash(error)
