"""Reports as files: every format says the same, and a name in a result stays a name."""

import csv
import io
import json
import re
import struct
import subprocess
import sys
from xml.etree import ElementTree as ET

import msgspec
import pytest
from support.simulated import BUSY, EVALUATION, HOT, retimed, simulate

from edgekit.errors import StorageError, UsageError
from edgekit.reporting import write_report
from edgekit.reporting.rows import rows
from edgekit.reporting.session import Session
from edgekit.reporting.table import INSUFFICIENT
from edgekit.results import Accuracy

INT8 = ("int8.tflite", "litert", 1)


def written(tmp_path, name, *results):
    path = tmp_path / name
    write_report(results, path)
    return path.read_text("utf-8")


def renamed(result, name):
    """A result whose every name is `name`."""
    replace = msgspec.structs.replace
    measurements = tuple(
        replace(
            m,
            artefact=replace(m.artefact, set=name, file=name),
            runtime=replace(m.runtime, name=name),
            findings=tuple(replace(HOT, code=name, message=name, advice=name) for _ in m.findings),
        )
        for m in result.measurements
    )
    device = replace(result.device, profile=name, board=name, cpu=name, system=name, features=(name,))
    return replace(result, measurements=measurements, device=device, command=name, partial=name)


def test_csv_has_one_row_a_measurement_with_the_rows_figures(tmp_path):
    result = simulate(flawed={INT8: (HOT, BUSY)})
    records = list(csv.DictReader(io.StringIO(written(tmp_path, "r.csv", result))))
    computed = rows(result)
    assert len(records) == len(computed)
    for record, row in zip(records, computed, strict=True):
        assert float(record["p50_ns"]) == row.latency.p50.value
        assert float(record["p90_ns"]) == row.latency.p90
        assert int(record["model_bytes"]) == row.memory.model
        assert float(record["drop_low"]) == row.accuracy.drop_interval[0]
        assert float(record["accuracy_high"]) == row.accuracy.interval[1]
        assert (record["state"], record["device"]) == (row.state, "rpi4")
    assert records[0]["findings"] == "clock-moved busy"


def test_csv_leaves_empty_what_was_not_measured(tmp_path):
    result = simulate()
    bare = msgspec.structs.replace(
        result.measurements[0], repeats=(), memory=None, accuracy=None, instructions=None
    )
    text = written(tmp_path, "r.csv", msgspec.structs.replace(result, measurements=(bare,)))
    [record] = csv.DictReader(io.StringIO(text))
    empty = ("p50_ns", "p99_ns", "samples", "load_ns", "peak_bytes", "accuracy", "drop_low", "instructions")
    assert {record[name] for name in empty} == {""}


def test_samples_csv_holds_every_raw_sample(tmp_path):
    result = simulate(samples=5, repeats=2)
    records = list(csv.DictReader(io.StringIO(written(tmp_path, "r.samples.csv", result))))
    expected = [s for m in result.measurements for repeat in m.repeats for s in repeat.samples_ns]
    assert [int(record["ns"]) for record in records] == expected


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)"])
def test_a_spreadsheet_does_not_run_a_name_as_a_formula(tmp_path, name):
    [record, *_] = csv.DictReader(io.StringIO(written(tmp_path, "r.csv", renamed(simulate(), name))))
    assert record["artefact"] == f"'{name}"


def test_json_holds_the_rows_and_the_summary(tmp_path):
    result = simulate(flawed={INT8: (HOT,)})
    report = json.loads(written(tmp_path, "r.json", result, simulate(set_name="other")))
    assert report["schema"] == "edgekit.report/1"
    first, second = report["sessions"]
    assert second["rows"][0]["set"] == "other"
    assert first["summary"] == list(Session(result).summary)
    assert first["rows"] == json.loads(msgspec.json.encode(rows(result)))
    assert first["rows"][0]["valid"] is False


def test_every_format_tells_pace_and_pinning(tmp_path):
    result = simulate(threads=(1,), fps=12.5)
    pinned = tuple(msgspec.structs.replace(m, affinity=(2, 3)) for m in result.measurements)
    result = msgspec.structs.replace(result, measurements=pinned)
    for name in ("r.html", "r.md", "r.svg"):
        text = written(tmp_path, name, result)
        assert "· spaced to 12.5 inferences per second · pinned to CPUs 2, 3" in text
    [session] = json.loads(written(tmp_path, "r.json", result))["sessions"]
    assert session["fps"] == 12.5
    assert session["rows"][0]["affinity"] == [2, 3]
    [record, *_] = csv.DictReader(io.StringIO(written(tmp_path, "r.csv", result)))
    assert (record["fps"], record["affinity"]) == ("12.5", "2 3")


@pytest.mark.parametrize("name", ["r.html", "r.md", "r.csv", "r.json", "r.svg"])
def test_times_of_zero_and_no_images_are_reported_in_every_format(tmp_path, name):
    bare = Accuracy(0, 0, EVALUATION, ())
    blank = simulate(threads=(1,))
    blank = msgspec.structs.replace(
        blank, measurements=tuple(msgspec.structs.replace(m, accuracy=bare) for m in blank.measurements)
    )
    for result in (blank, retimed(blank), retimed(blank, repeat=0)):
        assert "int8.onnx" in written(tmp_path, name, result)


def test_markdown_is_a_table_with_summary_findings_and_command(tmp_path):
    text = written(tmp_path, "r.md", simulate(samples=20, flawed={INT8: (HOT,)}))
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in lines} == {lines[0].count("|")}
    assert len(lines) == 2 + 16
    assert "| int8.tflite | litert 2.3.0 | 1 | NO | (0." in text
    assert INSUFFICIENT in text
    assert "- **invalid: clock-moved** Let the device cool down" in text
    assert "1 of 16 measurements is invalid" in text
    assert "```sh\nedgekit bench artefacts/shapes --device rpi4 --threads 1,4\n```" in text


def test_names_in_markdown_are_no_markup(tmp_path):
    text = written(tmp_path, "r.md", renamed(simulate(threads=(1,)), "a|b\n# <img src=x> `c` ```"))
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert len(table) == 2 + 8
    assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table}) == 1
    assert text.count("\n# ") == 1  # inside the fence, which is longer than any run of backticks in it
    assert "````sh" in text
    assert "<img" not in text.replace("\\<img", "").split("````sh")[0]


@pytest.mark.parametrize("name", ["report.pdf", "report", "html", ".samples"])
def test_an_unknown_ending_names_the_known_ones(tmp_path, name):
    with pytest.raises(UsageError) as caught:
        write_report([simulate()], tmp_path / name)
    assert name in caught.value.what
    assert all(ending in caught.value.hint for ending in (".html", ".md", ".csv", ".json", ".svg", ".png"))
    assert list(tmp_path.iterdir()) == []


def test_no_result_is_refused(tmp_path):
    with pytest.raises(UsageError, match="There is no result"):
        write_report([], tmp_path / "r.md")


def test_a_file_in_place_of_the_folder_is_a_storage_error(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(StorageError, match="is a file, not a folder"):
        write_report([simulate(threads=(1,), samples=5)], tmp_path / "taken" / "r.md")


def test_the_ending_may_be_written_in_capitals(tmp_path):
    assert written(tmp_path, "R.JSON", simulate(threads=(1,), samples=5)).startswith("{")


def test_svg_and_png_show_every_chart(tmp_path):
    result = simulate(threads=(1,), flawed={INT8: (HOT,)})
    root = ET.fromstring(written(tmp_path, "r.svg", result))
    text = " ".join(root.itertext())
    for expected in ("Latency", "Accuracy against latency", "File size", "Memory", "(ms)", "(MB)", "(%)"):
        assert expected in text
    assert "INVALID · int8.tflite · litert 2.3.0 · 1 thread" in text
    write_report([result], tmp_path / "r.png")
    png = (tmp_path / "r.png").read_bytes()
    width, height = struct.unpack(">II", png[16:24])
    assert png.startswith(b"\x89PNG")
    assert width > 1000
    assert height > width


def test_an_image_of_nothing_is_refused(tmp_path):
    with pytest.raises(UsageError, match="Nothing was measured"):
        write_report([simulate(measurements=())], tmp_path / "r.svg")


def test_importing_the_report_is_light():
    program = "import sys, edgekit.reporting, edgekit.reporting.columns; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    heavy = {"numpy", "scipy", "altair", "jinja2", "vl_convert", "tensorflow", "rich"}
    assert not heavy & set(done.stdout.split())


@pytest.mark.parametrize("ending", [".svg", ".png", ".html"])
def test_a_name_with_what_xml_cannot_have_is_drawn(tmp_path, ending):
    # the drawing library would end the process
    write_report([renamed(simulate(threads=(1,)), "a\x1b[31m\x01b")], tmp_path / f"r{ending}")
