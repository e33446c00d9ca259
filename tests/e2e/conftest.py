"""What the commands made, for the tests that begin with it."""

from pathlib import Path

import pytest
from support.commands import measure, run


@pytest.fixture(scope="session")
def artefacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artefact set of the model that ships for digits, made by the command itself. Read only."""
    folder = tmp_path_factory.mktemp("converted")
    run("convert", "--alpha", "0.5", "--int8", "--output", folder / "set", cwd=folder)
    return folder / "set"


@pytest.fixture(scope="session")
def result(tmp_path_factory: pytest.TempPathFactory, artefacts: Path) -> Path:
    """A quick result of that set, made by the command itself. Read only."""
    folder = tmp_path_factory.mktemp("measured")
    measure(
        artefacts, "--threads", "1", "--runtime", "litert", "--output", folder / "result.json", cwd=folder
    )
    return folder / "result.json"
