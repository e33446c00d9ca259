"""What all tests share."""

import os
import signal
from collections.abc import Generator
from pathlib import Path

import pytest
from support.commands import run
from support.once import once

# A suite that runs in the background, or without a terminal, inherits these ignored, and so would every
# process that tests interrupt or hang up.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail what would be skipped, where everything is required: nobody reads what CI left out."""
    report = yield
    if report.skipped and call.excinfo and os.environ.get("EDGEKIT_REQUIRE_LABS") == "1":
        report.outcome = "failed"
        report.longrepr = f"skipped, where everything is required: {call.excinfo.value}"
    return report


@pytest.fixture(scope="session")
def artefacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artefact set of the α 0.5 model that ships for digits, made by the command itself. Read only."""

    def make(folder: Path) -> None:
        run("convert", "--alpha", "0.5", "--int8", "--output", folder / "set", cwd=folder)

    return once(tmp_path_factory, "converted", make) / "set"
