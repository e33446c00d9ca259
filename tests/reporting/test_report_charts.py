"""Charts: what lies outside is drawn at the edge, and one stray measurement flattens no other."""

import msgspec
import numpy as np
import pytest
from support.simulated import HOT, joined, simulate

from edgekit.reporting.charts import figures
from edgekit.reporting.charts.figure import configured
from edgekit.reporting.charts.theme import IMAGE
from edgekit.reporting.session import Session

STRAY = ("int8.tflite", "tflite-runtime", 1)


def charts(result):
    return {f.key: configured(f.chart, IMAGE) for f in figures(Session(result), IMAGE)}


def values(chart, layer):
    """What a layer is drawn from, its own or the chart's."""
    return chart["layer"][layer].get("data", chart.get("data"))["values"]


def stray():
    """A session whose invalid measurement took a thousand times as long as it should."""
    result = simulate(threads=(1,), flawed={STRAY: (HOT,)})
    slowed = [
        m
        if m.valid
        else msgspec.structs.replace(
            m,
            repeats=tuple(
                msgspec.structs.replace(r, samples_ns=tuple(1000 * s for s in r.samples_ns))
                for r in m.repeats
            ),
        )
        for m in result.measurements
    ]
    return msgspec.structs.replace(result, measurements=tuple(slowed))


def scale(chart):
    return next(
        layer["encoding"]["x"]["scale"]
        for layer in chart["layer"]
        if "scale" in layer["encoding"].get("x", {})
    )


def test_an_invalid_measurement_does_not_stretch_the_axes():
    drawn = charts(stray())
    for key in ("latency", "tradeoff"):
        assert scale(drawn[key])["clamp"] is True
        assert scale(drawn[key])["domain"][1] < 5  # ms; the stray one took over a second
    assert scale(drawn["tradeoff"])["type"] == "linear"


def test_latencies_far_apart_get_a_logarithmic_axis():
    fast, slow = simulate(threads=(1,)), simulate(set_name="large", threads=(1,), speed=50)
    assert scale(charts(joined(fast, slow))["tradeoff"])["type"] == "log"


@pytest.mark.parametrize(("speed", "kind"), [(1, "linear"), (50, "log")])
def test_latencies_further_apart_than_a_bar_can_show_get_a_logarithmic_axis_that_says_so(speed, kind):
    both = joined(simulate(threads=(1,)), simulate(set_name="large", threads=(1,), speed=speed))
    [figure] = (f for f in figures(Session(both), IMAGE) if f.key == "latency")
    drawn = configured(figure.chart, IMAGE)
    axis = drawn["layer"][0]["encoding"]["x"]
    assert axis["scale"]["type"] == kind
    assert ("logarithmic" in axis["title"]) == ("logarithmic" in figure.caption) == (kind == "log")
    lines = values(drawn, 0)
    low, high = axis["scale"]["domain"]
    assert all(line["zero"] == low < line["centre"] < high for line in lines)
    assert (low > 0) == (kind == "log")


def test_an_invalid_measurement_does_not_make_the_axis_logarithmic():
    assert scale(charts(stray())["latency"])["type"] == "linear"


def test_bars_begin_at_zero():
    drawn = charts(simulate())
    for key in ("latency", "size", "memory"):
        bars = [layer for layer in drawn[key]["layer"] if layer["mark"]["type"] == "bar"]
        assert bars[0]["encoding"]["x"]["field"] == "zero"
        assert all(value["zero"] == 0 for value in values(drawn[key], drawn[key]["layer"].index(bars[0])))


def test_latency_bars_are_the_tables_p50():
    result = simulate()
    shown = Session(result).table
    bars = values(charts(result)["latency"], 0)
    assert [bar["centre"] for bar in bars] == [row.latency.p50.value / 1e6 for row in shown.rows]
    assert [bar["label"] for bar in bars] == [
        f"{bar['p50']} ms · {row.label}" for bar, row in zip(bars, shown.rows, strict=True)
    ]


def test_every_repeats_median_is_drawn():
    result = simulate(repeats=4)
    medians = values(charts(result)["distribution"], 1)
    assert len(medians) == 4 * len(result.measurements)
    first = Session(result).table.rows[0]
    expected = (np.array(first.latency.medians) / first.latency.p50.value - 1) * 100
    assert np.allclose([m["x"] for m in medians[:4]], expected)


def test_dots_follow_the_samples_distribution():
    result = simulate(threads=(1,), samples=1000, repeats=3)
    row = Session(result).table.rows[0]
    samples = np.concatenate([r.samples_ns for r in result.measurements[row.index].repeats])
    dots = [dot["x"] for dot in values(charts(result)["distribution"], 0)[:100]]
    expected = (np.percentile(samples, np.arange(0.5, 100)) / row.latency.p50.value - 1) * 100
    assert np.abs(np.sort(dots) - expected)[:98].max() < 0.5
    assert dots == sorted(dots)


def test_few_samples_are_all_drawn():
    result = simulate(threads=(1,), samples=5, repeats=2)
    assert len(values(charts(result)["distribution"], 0)) == 10 * len(result.measurements)


def test_memory_is_split_into_base_and_model():
    result = simulate()
    drawn = values(charts(result)["memory"], 0)
    fewest = [m for m in result.measurements if m.threads == 1]
    assert len(drawn) == len(fewest)
    assert {(round(v["base"] * 1e6), round(v["peak"] * 1e6)) for v in drawn} == {
        (m.memory.baseline, m.memory.peak) for m in fewest
    }


def test_each_file_is_drawn_once_whatever_ran_it():
    sizes = values(charts(simulate())["size"], 0)
    assert [value["label"] for value in sizes] == [
        "0.962 MB · int8.onnx",
        "0.993 MB · int8.tflite",
        "1.69 MB · float16.tflite",
        "3.30 MB · float32.onnx",
        "3.34 MB · float32.tflite",
    ]


def test_with_several_sets_every_label_names_its_set():
    drawn = charts(joined(simulate(set_name="a", threads=(1,)), simulate(set_name="b", threads=(1,))))
    for key in ("latency", "distribution", "size", "memory"):
        labels = [value["label"] for value in values(drawn[key], -1)]
        assert len(labels) == len(set(labels))
        assert sum("a/int8.onnx" in label for label in labels) == 1
        assert sum("b/int8.onnx" in label for label in labels) == 1


def test_what_was_not_measured_has_no_chart():
    result = simulate()
    bare = tuple(msgspec.structs.replace(m, memory=None, accuracy=None) for m in result.measurements)
    assert set(charts(msgspec.structs.replace(result, measurements=bare))) == {
        "latency",
        "distribution",
        "size",
        "instructions",
    }
    untimed = tuple(msgspec.structs.replace(m, repeats=(), instructions=None) for m in result.measurements)
    assert set(charts(msgspec.structs.replace(result, measurements=untimed))) == {"size", "memory"}
