"""The GitLab template's scripts, run one after the other in one shell, as GitLab's runner does."""

from __future__ import annotations

from junitparser import JUnitXml
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from support.ci_runners import JOB
from support.ci_runners import run_job as run
from support.pull_requests import emulated, noisy, steady


def test_the_first_run_has_no_baseline_and_leaves_metrics(request_):
    code, output = run(request_)

    assert code == 0, output
    assert "There is no baseline yet. Commit edgekit-result.json as edgekit-baseline.json" in output
    text = (request_.clone / JOB["artifacts"]["reports"]["metrics"]).read_text()
    assert {each.name for each in text_string_to_metric_families(text)} >= {"edgekit_instructions"}


def test_the_same_as_the_baseline_passes(request_):
    request_.baseline(emulated())

    code, output = run(request_)

    assert code == 0, output
    assert "nothing changed" in (request_.clone / "edgekit-comment.md").read_text()
    assert JUnitXml.fromfile(str(request_.clone / JOB["artifacts"]["reports"]["junit"])).failures == 0


def test_more_instructions_than_the_baseline_fail(request_):
    request_.baseline(emulated())
    request_.plant(emulated(1_300_000))

    assert run(request_)[0] == 1


def test_times_that_do_not_decide_are_a_warning(request_):
    request_.baseline(noisy())
    request_.plant(noisy(1.02))
    (request_.clone / "budgets.toml").write_text('[[budget]]\nlatency_p50 = "1.05 ms"\n')

    assert run(request_)[0] == JOB["allow_failure"]["exit_codes"] == 4


def test_budgets_may_be_relative_to_the_target_branchs_baseline(request_):
    text = 'baseline = "edgekit-baseline.json"\n[[budget]]\ninstructions = "+1 %"\nlatency_p50 = "+10 %"\n'
    (request_.clone / "budgets.toml").write_text(text)
    request_.plant(steady(1.3))

    code, output = run(request_)
    assert (code, "There is no baseline edgekit-baseline.json yet" in output) == (3, True), (
        "nothing was counted"
    )

    (request_.clone / "budgets.toml").write_text(text.replace('instructions = "+1 %"\n', ""))
    code, output = run(request_)
    assert (code, "1 first" in output) == (0, True), output

    request_.baseline(steady())
    assert run(request_)[0] == 1
    assert "(+10 %)" in (request_.clone / "edgekit-comment.md").read_text()


def test_a_remote_that_is_gone_is_not_taken_for_a_first_run(request_):
    request_.origin.rename(request_.origin.with_name("gone.git"))

    assert run(request_)[0] not in (0, 4)
