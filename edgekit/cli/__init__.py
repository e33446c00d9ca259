"""The commands: each parses, calls one function, and shows what came back. Only here is anything printed."""

from __future__ import annotations

import sys


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
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        from edgekit.cli.console import show_os_error

        sys.exit(show_os_error(error))
