"""Files for Bencher, github-action-benchmark and GitLab, read by what reads them."""

import json
import re
from urllib.parse import quote

import jsonschema
import pytest
from msgspec.structs import replace
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from support.sessions import MS, board, counted, session, timed

from edgekit.errors import InvalidError
from edgekit.reporting import write_report
from edgekit.results import Finding

# https://bencher.dev/docs/reference/bencher-metric-format
BMF = {
    "$schema": "http://json-schema.org/draft-07/schema",
    "type": "object",
    "patternProperties": {
        ".+": {
            "type": "object",
            "patternProperties": {
                ".+": {
                    "type": "object",
                    "properties": {
                        "value": {"type": "number"},
                        "lower_value": {"type": "number"},
                        "upper_value": {"type": "number"},
                    },
                    "required": ["value"],
                    "additionalProperties": False,
                }
            },
        }
    },
}
# Written by hand after `interface BenchmarkResult` in src/extract.ts of github-action-benchmark, which has no
# schema: extractCustomBenchmarkResult there passes on these five and drops any other.
CUSTOM = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "unit": {"type": "string"},
            "value": {"type": "number"},
            "range": {"type": "string"},
            "extra": {"type": "string"},
        },
        "required": ["name", "unit", "value"],
        "additionalProperties": False,
    },
}
FLAW = Finding("invalid", "throttled", "It was throttled.")
HOSTILE = 'a"b\\c\nd{}#|<script>\x1b[31m'


def written(tmp_path, name, *results):
    path = tmp_path / name
    write_report(results, path)
    return path.read_text("utf-8")


def bencher(tmp_path, *results):
    found = json.loads(written(tmp_path, "r.bmf.json", *results))
    jsonschema.validate(found, BMF)
    return found


def custom(tmp_path, *results, better="smaller"):
    found = json.loads(written(tmp_path, f"r.{better}-is-better.json", *results))
    jsonschema.validate(found, CUSTOM)
    by_name = {entry["name"]: entry for entry in found}
    assert len(by_name) == len(found)  # its findAlerts knows the entry of the run before by its name alone
    return by_name


def metrics(tmp_path, *results):
    text = written(tmp_path, "r.metrics.txt", *results)
    return {family.name: family for family in text_string_to_metric_families(text)}


def test_bencher_has_a_benchmark_per_cell_with_measures_and_ranges(tmp_path):
    found = bencher(tmp_path, session(timed(MS, 1.1 * MS), timed(2 * MS, threads=4, memory=False)))

    one, four = (f"rpi4/mobilenet_v1_0.5_32_digits/int8.tflite litert threads={n}" for n in (1, 4))
    assert list(found) == [one, four]
    assert list(found[one]) == [
        *("latency", "latency-p90", "file-size", "peak-memory", "accuracy", "agreement"),
    ]
    latency = found[one]["latency"]
    assert latency["lower_value"] < latency["value"] < latency["upper_value"]
    assert latency["value"] == pytest.approx(1.05e6, rel=0.02)
    assert found[one]["accuracy"]["value"] == 0.992
    assert "peak-memory" not in found[four]


def test_github_action_benchmark_has_what_should_be_small_and_what_should_be_big_apart(tmp_path):
    result = session(timed(MS, 1.1 * MS))
    small, big = custom(tmp_path, result), custom(tmp_path, result, better="bigger")

    name = "rpi4/mobilenet_v1_0.5_32_digits/int8.tflite litert threads=1"
    assert set(small) == {f"{name} {each}" for each in ("latency", "latency-p90", "file-size", "peak-memory")}
    assert set(big) == {f"{name} accuracy", f"{name} agreement"}
    assert small[f"{name} file-size"] == {"name": f"{name} file-size", "unit": "bytes", "value": 992_616}
    assert re.fullmatch(r"[\d.e+]+ to [\d.e+]+", small[f"{name} latency"]["range"])


def test_gitlab_gets_open_metrics_in_base_units(tmp_path):
    found = metrics(tmp_path, session(timed(MS, MS)))

    (sample,) = found["edgekit_latency_seconds"].samples
    assert sample.value == pytest.approx(1e-3, rel=0.02)
    assert sample.labels == {
        "device": "rpi4",
        "model": "mobilenet_v1_0.5_32_digits",
        "artefact": "int8.tflite",
        "runtime": "litert",
        "threads": "1",
    }
    assert found["edgekit_file_size_bytes"].samples[0].value == 992_616
    assert found["edgekit_accuracy_ratio"].unit == "ratio"


def test_an_emulated_board_has_counts_and_no_times(tmp_path):
    result = board(counted(1_140_213, 1_140_213))

    assert [list(each) for each in bencher(tmp_path, result).values()] == [
        ["instructions", "file-size", "accuracy", "agreement"]
    ]
    assert metrics(tmp_path, result)["edgekit_instructions"].samples[0].value == 1_140_213
    assert "edgekit_latency_seconds" not in metrics(tmp_path, result)


def test_what_is_invalid_is_not_a_point_of_a_curve(tmp_path):
    result = session(timed(MS, MS, flaw=replace(FLAW, code="failed")))

    assert bencher(tmp_path, result) == {}
    assert metrics(tmp_path, result) == {}


def test_where_the_times_alone_are_invalid_the_other_curves_go_on(tmp_path):
    (whole,) = bencher(tmp_path, session(timed(MS, MS))).values()
    (found,) = bencher(tmp_path, session(timed(MS, MS, flaw=FLAW))).values()

    assert whole.keys() - found.keys() == {"latency", "latency-p90"}
    assert found == {name: whole[name] for name in found}


@pytest.mark.parametrize(
    ("better", "measured", "words"),
    [
        ("smaller", timed(MS, MS, flaw=replace(FLAW, code="failed")), "Measure again: edgekit bench"),
        ("bigger", timed(MS, MS, wrong=None), "no valid measurement has any of accuracy, agreement"),
    ],
)
def test_a_list_without_an_entry_is_refused_here_and_not_in_the_job_that_would_upload_it(
    tmp_path, better, measured, words
):
    with pytest.raises(InvalidError) as refused:
        custom(tmp_path, session(measured), better=better)

    assert words in str(refused.value)
    assert not any(tmp_path.iterdir())


def test_a_new_version_of_a_runtime_goes_on_with_the_curve_and_two_in_a_session_are_two(tmp_path):
    old, new = (timed(MS, MS, version=version) for version in ("2.2.0", "2.3.0"))

    assert list(bencher(tmp_path, session(old))) == list(bencher(tmp_path, session(new)))
    assert [name.split(" litert ")[1] for name in bencher(tmp_path, session(old, new))] == [
        "2.2.0 threads=1",
        "2.3.0 threads=1",
    ]


def test_of_several_sessions_the_newest_counts(tmp_path):
    new = session(timed(2 * MS, 2 * MS), created="2026-03-02T00:00:00Z")
    old = session(timed(MS, MS), created="2026-03-01T00:00:00Z")

    (only,) = bencher(tmp_path, new, old).values()

    assert only["latency"]["value"] == pytest.approx(2 * MS, rel=0.02)


def test_spaced_inferences_are_another_curve(tmp_path):
    (name,) = bencher(tmp_path, session(timed(MS, MS), fps=30.0))

    assert name.endswith("threads=1 fps=30")


def test_a_hostile_name_stays_a_name(tmp_path):
    result = session(timed(MS, MS, model=HOSTILE, file=HOSTILE), device=quote(HOSTILE))

    assert len(bencher(tmp_path, result)) == 1
    assert len(custom(tmp_path, result)) == 4
    (sample,) = metrics(tmp_path, result)["edgekit_latency_seconds"].samples
    assert sample.labels["model"] == HOSTILE.replace("\n", "\\n").replace("\x1b", "\\x1b")
