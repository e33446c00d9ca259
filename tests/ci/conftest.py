"""A project with a bare repository as its remote, and a pull request that is checked out."""

from __future__ import annotations

import sys

import pytest
from support.pull_requests import SHIM, Request, emulated
from support.repositories import git, made


@pytest.fixture
def request_(tmp_path) -> Request:
    """A pull request from `faster` to `main`."""
    home = tmp_path / "home"
    (home / "bin").mkdir(parents=True)
    shim = home / "bin" / "edgekit"
    shim.write_text(SHIM.replace("{python}", sys.executable))
    shim.chmod(0o755)
    git(tmp_path, "clone", "-q", "--bare", str(made(tmp_path / "first")), "origin.git")
    git(tmp_path, "clone", "-q", (tmp_path / "origin.git").as_uri(), "clone")
    git(tmp_path / "clone", "checkout", "-q", "-b", "faster")
    found = Request(home, tmp_path / "clone", tmp_path / "origin.git")
    found.plant(emulated())
    return found
