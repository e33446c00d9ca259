"""The composite Action and the GitLab template, run as their runners run them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from support.pages import ROOT
from support.pull_requests import Request

ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
JOB = yaml.safe_load((ROOT / "ci" / "gitlab.yml").read_text())[".edgekit"]
_BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail")


@dataclass(frozen=True)
class Acted:
    """What the Action did."""

    code: int
    output: str
    verdict: str | None
    summary: str
    steps: list[str]


def act(request: Request, *, base: str = "main", inside: Sequence[str | Path] = (), **inputs: str) -> Acted:
    """Run the Action's steps, each as GitHub does; one that fails ends them.

    Args:
        request: What is checked out, and the environment.
        base: The branch that the pull request goes to.
        inside: The command that runs each step's.
        **inputs: The Action's. Unless named, nothing is installed, and the result is there already.
    """
    given = {name: each["default"] for name, each in ACTION["inputs"].items()}
    given |= {"install": "none", "bench": ""} | inputs
    temp = request.home / "temp"
    temp.mkdir(exist_ok=True)
    files = {name: request.home / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_PATH")}
    for path in files.values():
        path.write_text("")
    code, output, steps = 0, "", []
    for step in ACTION["runs"]["steps"]:
        if not _wanted(step.get("if", ""), given):
            continue
        assert step["shell"] == "bash"
        assert "${{" not in step["run"], "an input in a script is run as code"
        environment = request.environment | {name: str(path) for name, path in files.items()}
        environment |= {"RUNNER_TEMP": str(temp), "GITHUB_BASE_REF": base}
        environment |= {"GITHUB_ACTION_PATH": "/the action's own folder"}
        added = [*files["GITHUB_PATH"].read_text().splitlines(), environment["PATH"]]
        environment |= {"PATH": ":".join(added)}
        environment |= {name: _filled(text, given) for name, text in step.get("env", {}).items()}
        script = request.home / "step.sh"
        script.write_text(step["run"])
        code, printed = _run([*inside, *_BASH, script], request.clone, environment)
        output += printed
        steps.append(step["name"])
        if code:
            break
    values = dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines())
    return Acted(code, output, values.get("verdict"), files["GITHUB_STEP_SUMMARY"].read_text(), steps)


def _wanted(condition: str, given: Mapping[str, str]) -> bool:
    """Evaluate the conditions that the Action has: inputs.NAME != 'TEXT'."""
    if not condition:
        return True
    found = re.fullmatch(r"inputs\.(\w+) != '(.*)'", condition)
    assert found, condition
    return given[found[1]] != found[2]


def _filled(text: str, given: Mapping[str, str]) -> str:
    return re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda found: given[found[1]], text)


def run_job(request: Request, *, inside: Sequence[str | Path] = (), **variables: str) -> tuple[int, str]:
    """Run the GitLab job's scripts one after the other in one shell, as GitLab's runner does.

    Unless named, nothing is installed, and the result is there already.

    Returns:
        The exit code, and what was printed.
    """
    environment = request.environment | JOB["variables"] | {"EDGEKIT_INSTALL": "none", "EDGEKIT_BENCH": ""}
    environment |= {"CI_PROJECT_DIR": str(request.clone), "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"}
    environment |= {"EDGEKIT_CACHE": request.environment["EDGEKIT_CACHE"]} | variables
    script = "\n".join(["set -e", *JOB["before_script"], *JOB["script"]])
    return _run([*inside, "sh", "-c", script], request.clone, environment)


def _run(command: Sequence[str | Path], folder: Path, environment: dict[str, str]) -> tuple[int, str]:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    output = done.stdout + done.stderr
    assert "Traceback" not in output, output
    return done.returncode, output
