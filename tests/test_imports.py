"""Who may import whom, and what must not be loaded to start quickly."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "edgekit"

# Below everything: whoever is not in this list may import them.
GROUND: dict[str, set[str]] = {
    "errors": set(),
    "memory": set(),
    "parallel": set(),
    "progress": set(),
    "quiet": {"lookup"},
    "stats": set(),
    "words": set(),
    "registry": {"errors", "words"},
    "units": {"errors"},
    "files": {"errors"},
    "lookup": {"errors"},
    "schema": {"errors", "files"},
    "vega": {"errors", "files", "lookup"},
}
# What each imports besides; nothing is listed that it does not import. The command line may import all.
ROOMS: dict[str, set[str]] = {
    "artefact": set(),
    "results": {"artefact"},
    "repository": {"results"},
    "inspection": {"artefact", "results", "zoo"},
    "data": {"artefact"},
    "zoo": {"artefact"},
    "training": {"artefact", "data", "zoo"},
    "conversion": {"artefact", "data", "zoo", "inspection", "quantization"},
    "quantization": set(),
    "classification": {"artefact", "data", "conversion", "inspection", "measurement"},
    "debian": set(),
    "device": {"results", "debian"},
    "runtime": {"artefact", "debian"},
    "visit": {"results", "device", "runtime"},
    "measurement": {
        *("artefact", "data", "results", "repository", "device", "runtime", "visit", "inspection"),
    },
    "explanation": {"artefact", "results", "device", "runtime", "visit", "inspection"},
    "outputs": {"results"},
    "budget": {"comparison", "results"},
    "expectation": {"results"},
    "choice": {"budget", "comparison", "expectation", "results", "sweeps"},
    "comparison": {"outputs", "results"},
    "reporting": {"outputs", "results", "sweeps"},
    "timeline": {"budget", "reporting", "repository", "results"},
    "overview": {"budget", "choice", "comparison", "explanation", "reporting", "results", "timeline"},
    "advice": {"results", "device"},
    "sweeps": {"artefact", "results"},
    "sweeping": {
        *("artefact", "conversion", "data", "device", "expectation", "inspection", "measurement", "results"),
        *("runtime", "sweeps", "training", "zoo"),
    },
    "farm": {"sweeping", "device"},
    "guest": set(),
    # the front door: what users import
    "api": {
        "classification",
        *("artefact", "budget", "choice", "comparison", "conversion", "device", "expectation"),
        *("explanation", "farm"),
        *("inspection", "measurement", "overview", "reporting", "results", "sweeping", "sweeps", "timeline"),
        *("training", "zoo"),
    },
    "devices": {"advice", "device", "measurement", "results", "visit"},
    "runtimes": {"api", "device", "runtime", "visit"},
    "__init__": {  # for type checkers; each is loaded when it is first used
        "classification",
        *("api", "artefact", "budget", "choice", "comparison", "device", "devices", "expectation"),
        "explanation",
        "measurement",
        *("reporting", "results", "runtimes", "sweeps", "timeline", "training", "visit"),
    },
    "__main__": {"cli"},
}


@dataclass(frozen=True)
class Import:
    """One name that a file imports, wherever in the file."""

    file: Path  # within the package
    line: int
    name: str  # dotted; of `from a import b`, a.b
    for_types: bool  # under `if TYPE_CHECKING`

    def __str__(self) -> str:
        return f"edgekit/{self.file}:{self.line} imports {self.name}"


def _imports(package: Path) -> list[Import]:
    """Everything that a package's files import."""
    return [
        found
        for path in sorted(package.rglob("*.py"))
        if "_shipped" not in path.parts
        for found in _of_file(path.relative_to(package), ast.parse(path.read_text()))
    ]


def _of_file(file: Path, tree: ast.AST, for_types: bool = False) -> Iterator[Import]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (Import(file, node.lineno, alias.name, for_types) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from (Import(file, node.lineno, f"{module}.{a.name}", for_types) for a in node.names)
        elif isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            for inner in node.body:
                yield from _of_file(file, ast.Module([inner], []), True)
            yield from _of_file(file, ast.Module(node.orelse, []), for_types)
        else:
            yield from _of_file(file, node, for_types)


def _room(file: Path) -> str:
    return file.parts[0].removesuffix(".py")


def _graph(package: Path) -> dict[str, set[str]]:
    """The files of a package that each of them imports as it runs, early or late."""
    files = {str(path.relative_to(package)) for path in package.rglob("*.py")}
    graph: dict[str, set[str]] = {file: set() for file in files}
    for each in _imports(package):
        start, *inside = each.name.split(".")
        if start != "edgekit" or each.for_types:
            continue
        module, parent = "/".join(inside), "/".join(inside[:-1])
        places = (
            f"{module}.py",
            f"{module}/__init__.py",
            f"{parent}.py",
            f"{parent}/__init__.py".lstrip("/"),
        )
        graph[str(each.file)].update([place for place in places if place in files][:1])
    return graph


def _circle(package: Path) -> str:
    """The files of an import circle, each imported by the next, or nothing."""
    try:
        TopologicalSorter(_graph(package)).prepare()
    except CycleError as error:
        return " ← ".join(error.args[1])
    return ""


@pytest.fixture(scope="module")
def imports():
    return _imports(PACKAGE)


@pytest.fixture(scope="module")
def inner(imports):
    """Those of the package's own rooms."""
    return [
        each for each in imports if each.name.startswith("edgekit.") and each.name != "edgekit.__version__"
    ]


def test_every_file_imports_only_what_the_layout_allows(imports, inner):
    may_import = {**GROUND, **{room: {*GROUND, *others} for room, others in ROOMS.items()}}
    for each in imports:
        assert not each.name.startswith("."), f"{each}: relative imports hide where a name comes from"
    for room in {_room(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py")} - {"cli", "_shipped"}:
        assert room in may_import, f"edgekit/{room} has no rule: add one to this test"
        allowed = {room, *may_import[room]}
        forbidden = [e for e in inner if _room(e.file) == room and e.name.split(".")[1] not in allowed]
        assert not forbidden, "\n".join(map(str, forbidden))


def test_only_the_command_line_knows_typer_and_rich(imports):
    theirs = {"typer", "rich", "click"}
    found = [e for e in imports if e.name.split(".")[0] in theirs and _room(e.file) != "cli"]
    assert not found, "\n".join(map(str, found))


def test_nothing_is_allowed_that_no_file_does(inner):
    made = {(_room(each.file), each.name.split(".")[1]) for each in inner}
    allowed = {(room, other) for room, others in {**GROUND, **ROOMS}.items() for other in others}
    dead = [f"{room} may import {other}, but does not" for room, other in sorted(allowed - made)]
    assert not dead, "\n".join(dead)
    unused = set(GROUND) - {other for room, other in made if room in ROOMS}
    assert not unused, f"no room imports {', '.join(sorted(unused))}"


def test_no_file_imports_itself_through_others():
    circle = _circle(PACKAGE)
    assert not circle, circle


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("def f():\n    from edgekit.one import a", True),
        ("import edgekit.one.a", True),
        ("if x:\n    pass\nelse:\n    from edgekit.one.a import x", True),
        ("from edgekit import name", True),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from edgekit.one import a", False),
        ("from edgekit.one import b, name", False),
    ],
)
def test_a_circle_is_found_wherever_it_is_closed(tmp_path, text, found):
    files = {
        "__init__.py": "from edgekit.one.a import x",
        "one/__init__.py": "",
        "one/a.py": "from edgekit.two import y",
        "one/b.py": "",
        "two.py": text,
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    assert bool(_circle(tmp_path)) is found


def _loaded(code: str) -> set[str]:
    """Return the modules that a fresh interpreter has loaded after running code."""
    script = f"{code}\nimport sys\nprint('\\n'.join(m for m in sys.modules if m in {HEAVY!r}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


HEAVY = (
    "tensorflow",
    "keras",
    "onnx",
    "onnxruntime",
    "scipy",
    "altair",
    "PIL",
    "sklearn",
    "numpy",
    "rich.table",
)


def test_the_help_loads_nothing_heavy():
    script = "import sys; sys.argv = ['edgekit', '--help']; from edgekit.cli import main; main()"
    done = _loaded(
        f"import io, contextlib\nwith contextlib.redirect_stdout(io.StringIO()), "
        f"contextlib.suppress(SystemExit):\n exec({script!r})"
    )
    assert done == set()


@pytest.mark.parametrize(
    "module",
    [
        "edgekit.visit",
        "edgekit.measurement",
        "edgekit.reporting",
        "edgekit.device",
        "edgekit.runtime",
        "edgekit.inspection",
        "edgekit.explanation",
    ],
)
def test_what_runs_beside_a_device_never_loads_tensorflow(module):
    assert not _loaded(f"import {module}") & {"tensorflow", "keras"}
