"""An emulated board: its counts are never times, in no format, and are said to be counts in every one."""

import csv
import io
import json
import re

import msgspec
import pytest
from support.simulated import DEVICE, HOT, emulated, on_host, simulate
from test_report_charts import charts
from test_report_files import written

from edgekit.reporting.charts import figures
from edgekit.reporting.charts.by_device import by_device
from edgekit.reporting.charts.figure import configured
from edgekit.reporting.charts.theme import IMAGE
from edgekit.reporting.columns import title
from edgekit.reporting.environment import device_facts, state_facts, state_line
from edgekit.reporting.html_tables import session_view, side_by_side_view
from edgekit.reporting.method import method
from edgekit.reporting.report import Report
from edgekit.reporting.rows import rows
from edgekit.reporting.session import Session
from edgekit.results import Instructions, Transfer

INT8 = ("int8.tflite", "litert", 1)
TIME = re.compile(r"\d\s?(ms|µs|ns)\b|\((ms|µs|ns)\)|, (ms|µs|ns)\b")
LAB = msgspec.structs.replace(DEVICE, profile="lab", emulated=True)


def keys(shown):
    return [column.key for column in shown.columns]


def column(shown, key):
    found = next(column for column in shown.columns if column.key == key)
    return [found.cell(row) for row in shown.rows]


def counting(result, counts, source="qemu cortex-a72"):
    first = msgspec.structs.replace(result.measurements[0], instructions=Instructions(counts, source))
    return msgspec.structs.replace(result, measurements=(first, *result.measurements[1:]))


def test_a_boards_table_has_counts_and_no_column_of_times():
    shown = Session(emulated()).table
    assert not {"p50", "spread", "p90", "p99", "load", "first"} & set(keys(shown))
    assert "ms" not in {column.unit for column in shown.columns}
    assert keys(shown)[4:7] == ["instructions", "counts_spread", "counted_by"]
    assert set(column(shown, "counted_by")) == {"qemu cortex-a72"}
    assert column(shown, "instructions")[0] == "22.7"


def test_counts_are_the_median_and_their_relative_range():
    [row, *_] = (r for r in rows(counting(emulated(), (100, 102, 101))) if r.index == 0)
    assert row.instructions.median.value == 101
    assert row.instructions.median.relative == pytest.approx(2 / 101)
    assert (row.instructions.inferences, row.instructions.source) == (3, "qemu cortex-a72")


def test_no_inference_counted_is_no_count():
    [row] = (r for r in rows(counting(emulated(), ())) if r.index == 0)
    assert row.instructions is None


def test_a_board_is_ranked_by_instructions():
    counts = [row.instructions.median.value for row in Session(emulated()).table.rows]
    assert counts == sorted(counts)


def test_an_invalid_boards_counts_stand_in_parentheses_and_enter_no_comparison():
    result = emulated(flawed={INT8: (HOT,)})
    shown = Session(result).table
    flagged = [
        cell for row, cell in zip(shown.rows, column(shown, "instructions"), strict=True) if not row.valid
    ]
    assert flagged == ["(22.7)"]
    assert "int8.tflite with litert" not in " ".join(Session(result).summary)


def test_a_throttled_boards_counts_are_sound():
    shown = Session(simulate(flawed={INT8: (HOT,)})).table
    assert not any(cell.startswith("(") for cell in column(shown, "instructions"))


@pytest.mark.parametrize("name", ["r.html", "r.md", "r.svg"])
def test_no_format_says_a_time_of_a_board(tmp_path, name):
    text = written(tmp_path, name, emulated())
    if name == "r.html":  # without the drawing library, which knows of milliseconds
        text = re.sub(r"<script>.*?</script>", "", text, flags=re.S)
    assert not TIME.search(text)
    assert "not a time" in text
    assert "latency of one inference" not in text


def test_csv_and_json_have_no_time_of_a_board(tmp_path):
    for record in csv.DictReader(io.StringIO(written(tmp_path, "r.csv", emulated()))):
        assert {record[key] for key in record if key.endswith("_ns") or "time_ratio" in key} == {""}
        assert float(record["instructions_low"]) <= float(record["instructions"])
        assert record["instructions_source"] == "qemu cortex-a72"
    assert len(written(tmp_path, "r.samples.csv", emulated()).splitlines()) == 1
    [session] = json.loads(written(tmp_path, "r.json", emulated()))["sessions"]
    for row in session["rows"]:
        assert (row["latency"], row["load"], row["first"]) == (None, None, None)
        assert row["instructions"]["source"] == "qemu cortex-a72"


def test_a_board_is_named_as_one_that_counts():
    assert title(emulated()).endswith(" · instructions on an emulated Cortex-A72, not a time")
    assert Session(emulated()).summary[0] == (
        "Instructions were counted on an emulated Cortex-A72: each figure is a count, not a time."
    )
    assert not any("its times are" in sentence for sentence in Session(emulated()).summary)


def test_the_summary_compares_counts():
    text = " ".join(Session(emulated()).summary)
    assert (
        "Fewest instructions: int8.tflite with litert 2.3.0 on 1 thread, 22.7 million per inference." in text
    )
    assert (
        "int8.tflite with litert 2.3.0 on 1 thread executes 0.422 times the instructions of float32.tflite "
        "(22.7 against 53.8 million) and is 70 % smaller" in text
    )
    assert (
        "executes 0.658 times the instructions of tflite-runtime 2.14.0 (22.7 against 34.5 million)." in text
    )
    assert "faster" not in text
    assert "ms" not in text.split()


def test_counts_within_each_others_range_are_as_many():
    same = tuple(
        msgspec.structs.replace(m, instructions=Instructions((22_680_000, 22_690_000), "qemu cortex-a72"))
        for m in emulated().measurements
    )
    result = msgspec.structs.replace(emulated(), measurements=same)
    text = " ".join(Session(result).summary)
    assert "executes as many instructions as float32.tflite" in text
    assert "times the instructions" not in text
    assert Session(result).headlines[0].what == "smaller file"


def test_headlines_are_of_counts():
    fewer, smaller, _ = Session(emulated()).headlines
    assert (fewer.value, fewer.what) == ("58 %", "fewer instructions")
    assert "counted on an emulated Cortex-A72; not a time" in fewer.about
    assert smaller.what == "smaller file"


def test_a_slower_quantized_file_is_told_to_need_more():
    more = tuple(
        msgspec.structs.replace(m, instructions=Instructions((90_000_000,), "qemu cortex-a72"))
        if m.artefact.precision == "int8"
        else m
        for m in emulated().measurements
    )
    result = msgspec.structs.replace(emulated(), measurements=more)
    assert Session(result).headlines[0].what == "more instructions"


def test_the_method_tells_what_counted_and_no_pace():
    text = method(emulated())
    assert (
        "Instructions were counted on an emulated Cortex-A72, whose clock moves by one nanosecond per "
        "instruction, over 5 inferences of each measurement: a count, not a time." in text
    )
    assert "repeats" not in text
    assert "timed" not in text
    assert "7 files were copied to the device before (12.3 MB in 0.4 s), 3 more were there already." in text
    assert "Instructions were counted by perf_event_open, in a process of its own, over 8" in method(
        simulate()
    )


def test_a_boards_state_has_nothing_that_its_clock_says():
    result = emulated()
    assert state_facts(result.before, timed=False) == {"Memory available, GB": "1.90"}
    assert state_line(result).startswith("counted on an emulated Cortex-A72; not a time; 7 files")
    assert device_facts(result.device)["Profile"] == "rpi4-emulated, emulated"


def test_a_real_boards_state_is_told_in_a_line():
    transfer = Transfer(bytes=57_300_000, seconds=21.4, files=12, reused_files=3)
    assert state_line(simulate(transfer=transfer)) == (
        "governor performance; CPUs at 1800 MHz; hottest sensor 48.2 °C → 61.7 °C; throttle bits 0x0; "
        "12 files were copied to the device before (57.3 MB in 21 s), 3 more were there already"
    )
    warm = simulate(transfer=Transfer(reused_files=15))
    after = msgspec.structs.replace(warm.after, governor="ondemand", throttled=0x50000)
    line = state_line(msgspec.structs.replace(warm, after=after))
    assert "governor performance → ondemand" in line
    assert "throttle bits 0x0 → 0x50000" in line
    assert line.endswith("nothing had to be copied to the device: 15 files were there already")


def test_nothing_is_said_of_copying_on_the_host():
    assert "copied" not in state_line(on_host(transfer=Transfer(reused_files=9)))


def test_a_fuller_fingerprint_is_told():
    device = msgspec.structs.replace(
        DEVICE, soc="bcm2711", cores=(("Cortex-A72", 4),), bits=64, free_bytes=12_000_000_000
    )
    facts = device_facts(device)
    assert facts["System on chip"] == "bcm2711"
    assert facts["Cores"] == "4 × Cortex-A72"
    assert facts["Architecture"] == "aarch64, 64-bit Python"
    assert facts["Free space"] == "12.0 GB"


def test_a_board_has_charts_of_counts_and_none_of_latency():
    drawn = charts(emulated())
    assert set(drawn) == {"instructions", "counts-tradeoff", "size"}
    bars = drawn["instructions"]["layer"][0]
    assert bars["encoding"]["x"]["title"] == "instructions of one inference, a count (million)"
    caption = next(f.caption for f in drawn_figures(emulated()) if f.key == "instructions")
    assert caption.startswith("Nothing was timed here, so there is no chart of latency.")
    assert "on an emulated Cortex-A72" in caption


def drawn_figures(result):
    return figures(Session(result), IMAGE)


def test_no_axis_has_times_and_counts():
    for result in (simulate(threads=(1,), samples=20), emulated()):
        for chart in charts(result).values():
            titles = {
                layer["encoding"]["x"].get("title")
                for layer in chart["layer"]
                if "x" in layer["encoding"] and "title" in layer["encoding"]["x"]
            }
            assert len(titles) == 1
            [words] = titles
            assert ("instructions" in words) == ("(million)" in words)
            assert not ("instructions" in words and "latency" in words)


def test_latency_charts_leave_out_what_has_no_times_and_say_so():
    result = simulate(threads=(1,), samples=20)
    first, *others = result.measurements
    part = msgspec.structs.replace(result, measurements=(msgspec.structs.replace(first, repeats=()), *others))
    for figure in drawn_figures(part):
        if figure.key in ("latency", "distribution", "tradeoff"):
            assert figure.caption.endswith("1 of 8 measurements have no times and are left out.")
    [only] = charts(part)["counts-tradeoff"]["layer"][-1].get(
        "data", charts(part)["counts-tradeoff"]["data"]
    )["values"]
    assert only["label"] == "float32.tflite · litert 2.3.0 · 1 thread"


def test_an_emulators_times_are_told_to_be_its_own():
    result = simulate(threads=(1,), device=LAB)
    assert title(result).endswith("emulated: the times are not the board's")
    for figure in drawn_figures(result):
        emulators = figure.caption.startswith("The device is emulated: these are the emulator's times")
        assert emulators == (figure.key in ("latency", "distribution", "tradeoff"))


def beside(*results):
    return {f.key: configured(f.chart, IMAGE) for f in by_device(Report(results).side_by_side, IMAGE)}


def labels(chart):
    values = [layer.get("data", chart.get("data"))["values"] for layer in chart["layer"]]
    return {value["label"] for layer in values for value in layer if "value" in value}


def test_charts_beside_each_other_keep_times_and_counts_and_emulators_apart():
    boards = emulated(), emulated("cortex-a76", "rpi5-emulated")
    drawn = beside(on_host(), simulate(), simulate(device=LAB), *boards)
    assert set(drawn) == {"latency-by-device", "instructions-by-device"}
    assert {label.split(" · ")[0] for label in labels(drawn["latency-by-device"])} == {"host", "rpi4"}
    counts = labels(drawn["instructions-by-device"])
    assert "rpi5-emulated · 9.07 M · an emulated Cortex-A76" in counts
    assert not any(TIME.search(label) for label in counts)


def test_an_image_begins_with_devices_side_by_side(tmp_path):
    few = {"threads": (1,), "samples": 5, "repeats": 3}
    text = written(tmp_path, "r.svg", on_host(**few), simulate(**few))
    assert 0 < text.index("Latency by device") < text.index("Distribution of the latency")
    assert "host and rpi4 · mobilenet_v1_0.5_224_shapes" in text


def test_a_real_device_and_a_board_have_no_chart_in_common():
    assert beside(on_host(), emulated()) == {}


def test_every_format_of_several_devices_says_the_same(tmp_path):
    few = {"threads": (1,), "samples": 20, "repeats": 3}
    sessions = (on_host(**few), simulate(**few), emulated())
    sentence = "rpi4, same answers as host: 500 of 500 (100 %) in each of 8 measurements."
    page = written(tmp_path, "r.html", *sessions)
    assert sentence in page
    assert 'id="side-by-side-title">host, rpi4 and rpi4-emulated side by side' in page
    text = written(tmp_path, "r.md", *sessions)
    assert f"- {sentence}" in text
    assert "| int8.tflite | litert 2.3.0 | 1 | rpi4 | yes |" in text
    report = json.loads(written(tmp_path, "r.json", *sessions))["comparison"]
    assert sentence in report["summary"]
    assert report["bases"] == {"times": 0, "counts": None, "answers": 0, "outputs": None}
    by_csv = list(csv.DictReader(io.StringIO(written(tmp_path, "r.csv", *sessions))))
    ratios = {(r["device"], r["artefact"], r["runtime"], r["threads"]): r["time_ratio"] for r in by_csv}
    for line in report["lines"]:
        told = ratios[line["device"], line["name"], line["runtime"], str(line["threads"])]
        assert told == (str(line["time_ratio"]["value"]) if line["time_ratio"] else "")
    assert {r["same_answers_as"] for r in by_csv if r["device"] == "rpi4"} == {"host"}
    assert json.loads(written(tmp_path, "one.json", simulate()))["comparison"] is None


def test_bars_in_a_table_are_of_one_kind_and_of_no_emulators_times():
    lines = [
        (line.device, cell["bar"] is not None, column.key)
        for sessions in ((on_host(), simulate(device=LAB), simulate()), (on_host(), emulated()))
        for view in [side_by_side_view(Report(sessions).side_by_side)]
        for _, _, body in view["bodies"]
        for line, cells in body
        for column, cell in zip(view["columns"], cells, strict=True)
    ]
    assert {(device, key) for device, drawn, key in lines if drawn} == {("host", "p50"), ("rpi4", "p50")}
    view = session_view(Session(emulated()).table)
    bars = {c.key: cell["bar"] for c, cell in zip(view["columns"], view["bodies"][0][-1][1], strict=True)}
    assert {key for key, bar in bars.items() if bar is not None} == {"instructions"}
    assert bars["instructions"] == 1
