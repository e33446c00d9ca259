"""A project's repository with results in it."""

from __future__ import annotations

import pytest
from support.past import Project
from support.repositories import made


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A repository to work in, with a results folder and an index of its own."""
    monkeypatch.setenv("EDGEKIT_CACHE", str(tmp_path / "cache"))
    folder = made(tmp_path / "project")
    (folder / "results").mkdir()
    monkeypatch.chdir(folder)
    return Project(folder)
