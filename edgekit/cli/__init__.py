"""The commands: each parses, calls one function, and shows what came back. Only here is anything printed."""

from __future__ import annotations

import sys

_BROKEN_PIPE = 128 + 13  # as a shell says it of a program that SIGPIPE ended


def main() -> None:
    """Run a command line; end with the exit code that `edgekit.errors` gives its error."""
    from edgekit.cli.app import app
    from edgekit.errors import EdgekitError

    try:
        app()
    except EdgekitError as error:
        from edgekit.cli.console import show_error

        show_error(error)
        sys.exit(error.exit_code)
    except SystemExit as ended:
        # Typer and rich end with 1 when whoever reads our output goes away, as `head` does; with us 1
        # says that a limit was passed
        sys.exit(_BROKEN_PIPE if ended.code == 1 else ended.code)
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        from edgekit.cli.console import show_os_error

        sys.exit(show_os_error(error))
