"""A project with a bare repository as its remote, and a pull request that is checked out."""

from __future__ import annotations

import sys

import pytest
from support.pages import ROOT
from support.pull_requests import EDGEKIT, Request, checked_out, emulated


@pytest.fixture
def request_(tmp_path) -> Request:
    """A pull request from `faster` to `main`."""
    home = tmp_path / "home"
    (home / "bin").mkdir(parents=True)
    program = home / "bin" / "edgekit"
    program.write_text(EDGEKIT.format(python=sys.executable))
    program.chmod(0o755)
    environment = {
        "HOME": str(home),
        "PATH": f"{home / 'bin'}:/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "EDGEKIT_CACHE": str(home / "cache"),
    }
    found = checked_out(tmp_path, environment)
    found.plant(emulated())
    return found
