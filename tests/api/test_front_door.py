"""`import edgekit`: which names there are, where each leads, and what looking costs."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import edgekit

VERBS = (
    *("train", "convert", "classify", "bench", "compare", "check", "explain", "expect", "history"),
    *("inspect", "pick", "report", "sweep"),
)
HELPERS = ("statistics", "propose_budget", "propose_budgets", "farm_worker")
MODULES = {
    "devices": ("add", "clean", "doctor", "find", "find_each", "list", "noise", "probe"),
    "runtimes": ("build", "clean", "list"),
}
RECORDS = (
    *(
        "ArtefactSet",
        "Breakdown",
        "Check",
        "Choice",
        "Classified",
        "Comparison",
        "Expectation",
        "Fingerprint",
        "History",
        "Profile",
        "Progress",
        "Proposal",
    ),
    *("Result", "Row", "Schedule", "Sweep", "TrainOutcome", "Verdict"),
)
ERRORS = (
    *("DataError", "DeviceError", "EdgekitError", "GateError", "InvalidError", "ModelError", "RecordError"),
    *("RuntimeMissingError", "StorageError", "TransientDeviceError", "UnavailableError", "UsageError"),
)


def test_these_names_are_promised():
    assert sorted(edgekit.__all__) == sorted([*VERBS, *HELPERS, *MODULES, *RECORDS, *ERRORS])
    for module, names in MODULES.items():
        assert sorted(getattr(edgekit, module).__all__) == sorted(names)


def test_every_name_leads_somewhere_and_is_listed():
    for name in edgekit.__all__:
        assert getattr(edgekit, name) is not None
    assert {*edgekit.__all__, "__version__"} <= {*dir(edgekit)}


def test_type_checkers_are_told_the_same_as_the_interpreter():
    tree = ast.parse(Path(edgekit.__file__).read_text())
    (block,) = (
        node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    told = {alias.name: node.module for node in block.body for alias in node.names}
    homes = {
        name: "edgekit" if name in MODULES else f"edgekit.{home}" for name, home in edgekit._HOMES.items()
    }
    assert told == homes
    assert sorted(told) == sorted(edgekit.__all__)


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'edgekit' has no attribute 'benhc'"):
        edgekit.benhc  # noqa: B018


def test_importing_edgekit_loads_next_to_nothing():
    script = "import edgekit, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert "edgekit" in loaded
    assert not loaded & {"numpy", "tensorflow", "keras", "msgspec", "typer", "rich", "platformdirs"}
    assert "edgekit.results" not in done.stdout.split()


@pytest.mark.parametrize("verb", [*VERBS, *HELPERS])
def test_settings_are_given_by_name_and_described(verb):
    function = getattr(edgekit, verb)
    parameters = inspect.signature(function).parameters
    by_place = [name for name, each in parameters.items() if each.kind is each.POSITIONAL_OR_KEYWORD]
    assert len(by_place) <= 2, by_place
    described = [name for name in parameters if f"        {name}: " in (function.__doc__ or "")]
    assert described in ([*parameters], []), f"{verb} describes all of its arguments or, with one, none"
