"""The steps of the composite Action, run as GitHub's runner runs them."""

from __future__ import annotations

import pytest
from junitparser import JUnitXml
from support.ci_runners import act
from support.pull_requests import emulated, noisy, steady

from edgekit.results import write_result

BENCH = "--device rpi4-emulated --no-accuracy"


def test_the_first_run_has_no_baseline_and_passes(request_):
    request_.fake_bench(emulated())

    ran = act(request_, bench=BENCH)

    assert (ran.code, ran.verdict) == (0, "first"), ran.output
    assert "::notice title=edgekit::There is no baseline yet." in ran.output
    assert (request_.clone / "edgekit-result.json").exists()
    assert ran.steps == ["Measure", "Fetch the baseline", "Judge"]
    assert (request_.home / "bench-arguments").read_text().splitlines() == [
        *("bench", "--device", "rpi4-emulated", "--no-accuracy", "--output", "edgekit-result.json"),
    ]


def test_the_same_as_the_baseline_passes_and_says_that_nothing_changed(request_):
    request_.baseline(emulated())

    ran = act(request_)

    assert (ran.code, ran.verdict) == (0, "pass"), ran.output
    comment = (request_.clone / "edgekit-comment.md").read_text()
    assert "nothing changed in 1 measurement" in comment
    assert comment in ran.summary
    assert JUnitXml.fromfile(str(request_.clone / "edgekit-junit.xml")).failures == 0


def test_more_instructions_than_the_baseline_fail_and_are_in_the_comment(request_):
    request_.baseline(emulated())
    request_.plant(emulated(1_300_000))

    ran = act(request_)

    assert (ran.code, ran.verdict) == (1, "fail"), ran.output
    assert "1.140 M → 1.300 M (+14.0 %)" in (request_.clone / "edgekit-comment.md").read_text()
    assert JUnitXml.fromfile(str(request_.clone / "edgekit-junit.xml")).failures == 1


def test_another_version_of_the_runtime_is_compared_with_the_old_one(request_):
    request_.baseline(emulated(version="2.2.0"))
    request_.plant(emulated(1_300_000, version="2.3.0"))

    ran = act(request_)

    assert (ran.code, ran.verdict) == (1, "fail"), ran.output
    assert "litert 2.2.0 → litert 2.3.0" in (request_.clone / "edgekit-comment.md").read_text()


def test_a_baseline_of_another_device_is_an_error_and_not_a_pass(request_):
    request_.baseline(emulated())
    request_.plant(noisy())

    ran = act(request_)

    assert ran.code in (2, 3), ran.output
    assert ran.verdict in ("error", "missing")


def test_a_larger_file_fails_by_the_budgets_that_the_baseline_would_keep(request_):
    request_.baseline(emulated(size=1_000_000))
    request_.plant(emulated(size=1_100_000))

    ran = act(request_)

    assert (ran.code, ran.verdict) == (1, "fail"), ran.output


def test_budgets_of_the_repository_are_judged_without_a_baseline(request_):
    (request_.clone / "budgets.toml").write_text('[[budget]]\ninstructions = "1 M"\n')

    ran = act(request_)

    assert (ran.code, ran.verdict) == (1, "fail"), ran.output


@pytest.mark.parametrize(("inputs", "code"), [({"inconclusive": "fail"}, 4), ({}, 0)])
def test_a_noisy_night_is_inconclusive_and_not_red_unless_that_is_asked_for(request_, inputs, code):
    request_.baseline(noisy())
    request_.plant(noisy(1.02))
    (request_.clone / "budgets.toml").write_text('[[budget]]\nlatency_p50 = "1.05 ms"\n')

    ran = act(request_, **inputs)

    assert (ran.code, ran.verdict) == (code, "inconclusive"), ran.output
    assert ("::warning title=edgekit::The measurements do not decide" in ran.output) is (code == 0)
    comment = (request_.clone / "edgekit-comment.md").read_text()
    assert "1 inconclusive" in comment
    assert "Next: edgekit compare BASELINE\\_SET NEW\\_SET --device rpi4" in comment


@pytest.mark.parametrize(
    ("factor", "code", "verdict"), [(1.0, 0, "pass"), (1.3, 1, "fail"), (None, 0, "inconclusive")]
)
def test_budgets_may_be_relative_to_the_target_branchs_baseline(request_, factor, code, verdict):
    request_.baseline(steady())
    request_.plant(steady(factor) if factor else noisy())
    # what the pull request itself says the baseline is does not count
    write_result(request_.clone / "edgekit-baseline.json", steady(9.0))
    text = 'baseline = "edgekit-baseline.json"\n[[budget]]\nlatency_p50 = "+10 %"\n'
    (request_.clone / "budgets.toml").write_text(text)

    ran = act(request_)

    assert (ran.code, ran.verdict) == (code, verdict), ran.output
    comment = (request_.clone / "edgekit-comment.md").read_text()
    assert ("(+10 %)" in comment) is (verdict != "pass")


def test_budgets_relative_to_a_baseline_that_is_not_there_yet_are_a_first_run(request_):
    text = 'baseline = "edgekit-baseline.json"\n[[budget]]\ninstructions = "+0.1 %"\n'
    (request_.clone / "budgets.toml").write_text(text)

    ran = act(request_)

    assert (ran.code, ran.verdict) == (0, "first"), ran.output
    assert "There is no baseline edgekit-baseline.json yet, so this is a first run." in ran.output
    assert not (request_.clone / "edgekit-comment.md").exists()


def test_a_budget_that_is_broken_is_in_the_comment(request_):
    request_.baseline(emulated())
    (request_.clone / "budgets.toml").write_text('[[budget]]\nname = "gate"\ninstructions = "1 M"\n')

    ran = act(request_)

    assert (ran.code, ran.verdict) == (1, "fail"), ran.output
    comment = (request_.clone / "edgekit-comment.md").read_text()
    assert "nothing changed in 1 measurement" in comment
    assert "## edgekit check: 1 fail" in comment
    assert "Next: See what changed: edgekit compare BASELINE RESULT" in comment


def test_a_budget_that_nothing_matches_is_missing_and_does_not_pass(request_):
    (request_.clone / "budgets.toml").write_text('[[budget]]\ndevice = "rpi9"\nsize = "1 MB"\n')

    assert (act(request_).code, act(request_).verdict) == (3, "missing")


def test_a_remote_that_is_gone_is_not_taken_for_a_first_run(request_):
    request_.origin.rename(request_.origin.with_name("gone.git"))

    ran = act(request_)

    assert ran.code != 0
    assert ran.verdict is None


def test_a_baseline_that_an_earlier_step_fetched_is_taken(request_):
    write_result(request_.clone / "edgekit-baseline.json", emulated())
    request_.plant(emulated(1_300_000))

    assert act(request_, base="").verdict == "fail"


@pytest.mark.parametrize(("code", "steps"), [(3, 1), (4, 3)])
def test_a_bench_that_fails_ends_the_job_and_one_that_is_not_to_be_trusted_does_not(request_, code, steps):
    request_.fake_bench(emulated(), code)

    ran = act(request_, bench=BENCH)

    assert (len(ran.steps), ran.code) == (steps, 0 if code == 4 else 3)


def test_a_bench_that_cannot_begin_ends_the_job(request_):
    ran = act(request_, bench="--device nowhere")

    assert ran.steps == ["Measure"]
    assert ran.code != 0


def test_hostile_inputs_are_only_arguments(request_):
    hostile = "$(touch pwned);`touch pwned`"
    request_.fake_bench(emulated())

    ran = act(request_, bench=f"--device {hostile} *", baseline=hostile, comment=hostile)

    assert ran.verdict == "first"
    assert not (request_.clone / "pwned").exists()
    assert "*" in (request_.home / "bench-arguments").read_text().splitlines()


# stands for `python3 -m venv FOLDER` and for the environment's `python -m pip install`
PYTHON = """#!/bin/sh
echo "$@" >> "$HOME/python-calls"
[ "$2" = venv ] || exit 0
mkdir -p "$3/bin"
cp "$0" "$3/bin/python"
printf '#!/bin/sh\\nexit 9' > "$3/bin/edgekit"
chmod +x "$3/bin/edgekit"
"""


@pytest.mark.parametrize(
    ("install", "installed"), [("", "/the action's own folder"), ("edgekit==0.2.0", "edgekit==0.2.0")]
)
def test_edgekit_is_installed_into_an_environment_of_its_own(request_, install, installed):
    python = request_.home / "bin" / "python3"
    python.write_text(PYTHON)
    python.chmod(0o755)

    ran = act(request_, install=install, bench=BENCH)

    environment = request_.home / "temp" / "edgekit"
    assert (request_.home / "python-calls").read_text().splitlines() == [
        f"-m venv {environment}",
        f"-m pip install --quiet {installed}",
    ]
    assert ran.steps == ["Install edgekit", "Measure"], (
        "the edgekit that was installed is the one that is run"
    )
    assert ran.code != 0
