"""A project with a bare repository as its remote, and a pull request that is checked out."""

from __future__ import annotations

import pytest
from support.pull_requests import Request, checked_out, emulated, environment_of


@pytest.fixture
def request_(tmp_path) -> Request:
    """A pull request from `faster` to `main`."""
    found = checked_out(tmp_path, environment_of(tmp_path / "home"))
    found.plant(emulated())
    return found
