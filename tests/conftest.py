"""What all tests share."""

import os
import signal
from collections.abc import Generator
from pathlib import Path

import pytest
from platformdirs import user_cache_path
from support.artefact_sets import fewer_images
from support.commands import run
from support.once import once
from support.pages import CONVERT

from edgekit.lookup import keras_home

TESTS = Path(__file__).parent

# A suite that runs in the background, or without a terminal, inherits these ignored, and so would every
# process that tests interrupt or hang up.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Tests with a cache of their own share what was downloaded before.
os.environ.setdefault("UV_CACHE_DIR", str(user_cache_path("uv")))
os.environ.setdefault("KERAS_HOME", str(keras_home()))

# These take a minute or more. They start first, so that no worker is left alone with one at the end.
LONGEST = (
    "labs/test_ssh_bench.py",
    "labs/test_adb_bench.py",
    "labs/test_emulated_bench.py",
    "labs/test_ssh_commands.py",
    "labs/test_loose_bench.py",
    "labs/test_emulated_gate.py",
    "labs/test_adb_faults.py",
    "labs/test_ssh_shells.py",
    "e2e/test_interrupted.py",
    "e2e/test_docs.py",
    "benchmarks/test_families_benchmark.py",
    "labs/test_ssh_faults.py",
    "training/test_train.py",
    "labs/test_devices_page.py",
    "e2e/test_python_api.py",
    "e2e/test_wheel.py",
    "labs/test_ci_page.py",
    "e2e/test_containers.py",
    "e2e/test_ci_for_real.py",
    "e2e/test_storage.py",
    "e2e/test_bad_input.py",
    "conversion/test_output.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest."""
    place = {TESTS / name: number for number, name in enumerate(LONGEST)}
    assert all(path.is_file() for path in place), f"one of {LONGEST} is gone"
    items.sort(key=lambda item: place.get(item.path, len(place)))


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
        # the seed of this process's hashes is another one: nothing may depend on them
        run(*CONVERT, cwd=folder, PYTHONHASHSEED="12345")

    folder = once(tmp_path_factory, "converted", make)
    (made,) = (folder / "artefacts").iterdir()
    return made


@pytest.fixture(scope="session")
def few_images(tmp_path_factory: pytest.TempPathFactory, artefacts: Path) -> Path:
    """The same set with 50 of its 450 evaluation images, for devices whose every instruction is emulated."""
    folder = once(tmp_path_factory, "few", lambda folder: fewer_images(artefacts, folder, every=9))
    return folder / artefacts.name
