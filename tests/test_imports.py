"""Who may import whom, and what must not be loaded to start quickly."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "edgekit"

# below everything: they import nothing of edgekit
GROUND = {"errors", "progress", "stats", "words"}
# what passes between the stages, and the tools to write it
RECORDS = {*GROUND, "registry", "units", "files", "schema", "artefact", "results", "lookup"}

MAY_IMPORT = {
    **{module: set() for module in GROUND},
    "registry": {"errors", "words"},
    "units": {"errors"},
    "files": {"errors"},
    "lookup": {"errors"},
    "schema": {"errors", "files"},
    "artefact": {"errors", "files", "schema"},
    "results": {"artefact", "errors", "files", "schema"},
    "data": RECORDS,
    "zoo": RECORDS,
    "inspection": {*RECORDS, "zoo"},
    "training": {*RECORDS, "data", "zoo"},
    "conversion": {*RECORDS, "data", "zoo", "inspection"},
    "debian": {"errors", "files", "lookup", "progress"},
    "device": {*RECORDS, "debian"},
    "runtime": {*RECORDS, "debian", "device"},
    "visit": {*RECORDS, "device", "runtime"},
    "measurement": {*RECORDS, "device", "runtime", "visit"},
    "explanation": {*RECORDS, "device", "runtime", "visit", "inspection"},
    "budget": RECORDS,
    "comparison": RECORDS,
    "reporting": RECORDS,
    "advice": {*RECORDS, "device"},
    "guest": set(),
}


def _module(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imports(path: Path) -> set[str]:
    """Return the top-level edgekit modules that a file imports, wherever in the file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide where a name comes from"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        found |= {name.split(".")[1] for name in names if name.startswith("edgekit.")}
    return found - {"__version__"}


FILES = sorted(p for p in PACKAGE.rglob("*.py") if "_shipped" not in p.parts)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_every_file_imports_only_what_the_layout_allows(path):
    module = _module(path)
    if module in {"__init__", "__main__", "cli"}:
        return
    assert module in MAY_IMPORT, f"{module} has no rule: add one to this test"
    assert _imports(path) <= {*MAY_IMPORT[module], module}


def test_only_the_command_line_imports_the_command_line():
    for path in FILES:
        if _module(path) not in {"cli", "__main__"}:
            assert "cli" not in _imports(path), path


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_only_the_command_line_knows_typer_and_rich(path):
    if _module(path) == "cli":
        return
    for node in ast.walk(ast.parse(path.read_text())):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert not {n.split(".")[0] for n in names} & {"typer", "rich", "click"}, path


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
