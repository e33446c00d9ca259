"""The Action and the GitLab template, with nothing replaced: a container, edgekit's wheel, a real conversion
and a real bench of the host, and a bare repository as the remote.

What a busy computer would decide by chance is left to tests/ci, which begins with results.
"""

import os
import re
import subprocess

import pytest
import uv
from junitparser import JUnitXml
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from support.artefact_sets import make_set
from support.ci_runners import JOB, act, run_job
from support.pull_requests import checked_out

from edgekit.results import read_result

CONVERT = "--alpha 0.25 --no-int8 --format tflite --output set"
BENCH = "set --runtime litert --threads 1 --no-accuracy --no-memory"
# The home alone can be written, and the user is one that no password database knows. uv's cache is the real
# one, so that no network is needed.
_CONTAINER = """
mount --bind "$CONTAINED" "$CONTAINED" && mount --bind "$UV_CACHE_DIR" "$EDGEKIT_CACHE/uv" || exit 99
mount -o remount,bind,ro / || exit 99
unset UV_CACHE_DIR
cd "$CONTAINED/clone" && exec unshare --user --map-user=12345 --map-group=12345 "$@"
"""
_NETWORK = "uv_|pip_|ssl_|.*_proxy$"
CONTAINER = ("unshare", "--mount", "--map-root-user", "sh", "-c", _CONTAINER, "sh")


@pytest.fixture
def pull_request(tmp_path, wheel_python):
    """A pull request, and an environment that has the wheel's edgekit and the system's tools."""
    home = tmp_path / "home"
    (home / "cache" / "uv").mkdir(parents=True)
    cache = subprocess.run([uv.find_uv_bin(), "cache", "dir"], capture_output=True, text=True, check=True)
    # how this computer reaches the network, should a package not be cached
    network = {name: text for name, text in os.environ.items() if re.match(_NETWORK, name, re.IGNORECASE)}
    environment = {
        **network,
        "HOME": str(home),
        "PATH": f"{wheel_python.parent}:/usr/local/bin:/usr/bin:/bin",
        "EDGEKIT_CACHE": str(home / "cache"),
        "UV_CACHE_DIR": cache.stdout.strip(),
        "CONTAINED": str(tmp_path),
    }
    found = checked_out(tmp_path, environment)
    done = subprocess.run([*CONTAINER, "true"], env=environment, capture_output=True, check=False)
    if "CI" not in os.environ and done.returncode:
        pytest.skip(f"no container can be made here: {done.stderr.decode().strip()}")
    return found


def test_the_action_measures_for_real_first_without_and_then_with_a_baseline(pull_request):
    clone = pull_request.clone

    first = act(pull_request, inside=CONTAINER, convert=CONVERT, bench=BENCH)

    assert (first.code, first.verdict) == (0, "first"), first.output
    assert first.steps == ["Convert", "Measure", "Fetch the baseline", "Judge"]
    result = read_result(clone / "edgekit-result.json")
    assert [each.artefact.file for each in result.measurements] == ["float32.tflite"]
    assert result.repository is not None
    assert result.repository.branch == "faster"
    pull_request.baseline(result)

    # three repeats on each side decide nothing, however quiet the computer is
    (clone / "budgets.toml").write_text('[[budget]]\nsize = "+0 %"\n')
    second = act(pull_request, inside=CONTAINER, bench=BENCH)
    assert (second.code, second.verdict) == (0, "inconclusive"), second.output
    assert "::warning title=edgekit::The measurements do not decide." in second.output
    junit = JUnitXml.fromfile(str(clone / "edgekit-junit.xml"))
    assert (junit.tests, junit.failures, junit.errors) == (1, 0, 0)

    (clone / "budgets.toml").write_text('[[budget]]\nsize = "1 kB"\n')
    third = act(pull_request, inside=CONTAINER)
    assert (third.code, third.verdict) == (1, "fail"), third.output
    assert "1 fail" in (clone / "edgekit-comment.md").read_text()


def test_the_template_measures_for_real_first_without_and_then_with_a_baseline(pull_request):
    clone = pull_request.clone

    make_set(clone / "set", ("int8.tflite",))

    code, output = run_job(pull_request, inside=CONTAINER, EDGEKIT_BENCH=BENCH)

    assert code == 0, output
    assert "There is no baseline yet. Commit edgekit-result.json as edgekit-baseline.json" in output
    result = read_result(clone / "edgekit-result.json")
    text = (clone / JOB["artifacts"]["reports"]["metrics"]).read_text()
    assert "edgekit_file_size_bytes" in {each.name for each in text_string_to_metric_families(text)}
    pull_request.baseline(result)

    # a limit on time might be broken by chance
    (clone / "budgets.toml").write_text('[[budget]]\nsize = "+0 %"\n')
    code, output = run_job(pull_request, inside=CONTAINER)
    assert code == JOB["allow_failure"]["exit_codes"] == 4, output

    (clone / "budgets.toml").write_text('[[budget]]\nsize = "1 kB"\n')
    code, output = run_job(pull_request, inside=CONTAINER)
    assert code == 1, output
    junit = JUnitXml.fromfile(str(clone / JOB["artifacts"]["reports"]["junit"]))
    assert (junit.tests, junit.failures) == (1, 1)
