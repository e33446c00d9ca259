"""What a bundle is built for: one Python on one platform."""

from __future__ import annotations

import sys
import sysconfig

import msgspec


class Target(msgspec.Struct, frozen=True):
    """A Python that will import a bundle.

    Either it runs here (`executable`), or it is another device's (`platform`).
    """

    python: str  # 3.11
    tag: str  # what its compiled extensions are named after: cpython-311-aarch64-linux-gnu
    executable: str = ""  # the interpreter, where it runs on this computer
    platform: str = ""  # as uv names it: aarch64-manylinux_2_36

    def __str__(self) -> str:
        return f"Python {self.python} ({self.tag.split('-', 2)[-1]})"


def this_python() -> Target:
    """The Python that runs edgekit."""
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    tag = str(sysconfig.get_config_var("SOABI") or sysconfig.get_platform())
    return Target(python, tag, executable=sys.executable)
