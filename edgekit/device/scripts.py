"""What runs on a Unix device, in POSIX sh, with what Debian, busybox and Android's toybox have in common.

Nothing is ever put into these texts: they read their arguments. A process is recognised by its token, a
random word among its arguments, so that a number that was given to another process is never mistaken.
"""

from pathlib import Path

MARKER = ".edgekit"  # in a folder that edgekit made and may remove; says who has the device


def _text(*names: str) -> str:
    return "".join(
        (Path(__file__).parent / "sh" / f"{name}.sh").read_text(encoding="utf-8") for name in names
    )


HOLD = _text("begin", "common", "hold")
RUN = _text("begin", "run")
STOP = _text("begin", "common", "stop")
LIST = _text("begin", "list")
RECEIVE = _text("begin", "receive")
