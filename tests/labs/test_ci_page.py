"""The commands and workflows of the page about a gate in CI, on an emulated board."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from platformdirs import user_cache_path
from support.ci_runners import ACTION, act
from support.pages import ROOT, done_before
from support.pull_requests import checked_out, environment_of

from edgekit.results import read_result

BENCH = ACTION["inputs"]["bench"]["default"] + " --runtime litert"
PAGE = (ROOT / "docs" / "ci.md").read_text()


def run(line: str, folder: Path, artefacts: Path, code: int = 0) -> None:
    command = shlex.split(line)[1:]
    if done_before(command, folder, artefacts):
        return
    done = subprocess.run(
        [sys.executable, "-m", "edgekit", *command],
        cwd=folder,
        env={**os.environ, "GITHUB_STEP_SUMMARY": str(folder / "summary.md")},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=300,
        check=False,
    )
    assert done.returncode == code, f"{line} exited with {done.returncode}\n{done.stdout}{done.stderr}"


def test_a_model_is_gated_as_the_page_says(qemu, tmp_path, artefacts):
    shown = "".join(re.findall(r"^```sh\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)).splitlines()
    assert [line.split()[1] for line in shown] == ["convert", "bench", "check", "check", "explain"]
    for line in shown:
        run(line, tmp_path, artefacts)
    assert "pass" in (tmp_path / "summary.md").read_text()
    # what the Action and the template do with the same result: tests/ci
    (result,) = (tmp_path / "results").glob("*.json")
    for line in re.findall(r"^    (edgekit (?:report|compare) .*)", PAGE, flags=re.MULTILINE):
        named = re.sub(r" (edgekit-)?(baseline|result)\.json", f" results/{result.name}", line)
        run(named, tmp_path, artefacts, code=4 if "bigger-is-better" in line else 0)  # --no-accuracy
    assert "nothing changed" in (tmp_path / "comment.md").read_text()

    # the Action counts the same model again
    cache = os.environ.get("EDGEKIT_CACHE") or str(user_cache_path("edgekit"))
    request = checked_out(tmp_path, environment_of(tmp_path / "home") | {"EDGEKIT_CACHE": cache})
    request.baseline(read_result(result))
    (request.clone / "budgets.toml").write_text('[[budget]]\ninstructions = "+0.1 %"\nsize = "+0 %"\n')
    bench = f"{tmp_path / 'artefacts' / artefacts.name} {BENCH}"
    ran = act(request, bench=bench)
    assert (ran.code, ran.verdict) == (0, "pass"), ran.output
    assert "nothing changed" in (request.clone / "edgekit-comment.md").read_text()
