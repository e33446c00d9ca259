import tracemalloc

import numpy as np
import pytest

from edgekit.conversion.formats import FORMATS
from edgekit.conversion.probe import watch
from edgekit.conversion.ranges import minmax_ranges, mse_ranges


def _error(values, low, high):
    step = (high - low) / 255
    zero = round(-low / step)
    stored = np.clip(np.round(values / step) + zero, 0, 255)
    return float(np.mean(((stored - zero) * step - values) ** 2))


def test_minmax_covers_every_image():
    stream = [{"a": np.array([0.0, 2.0])}, {"a": np.array([-3.0, 1.0])}]
    assert minmax_ranges(stream) == {"a": (-3.0, 2.0)}


def test_a_rare_extreme_is_cut_where_that_makes_the_error_smaller():
    values = np.random.default_rng(0).normal(0, 1, 500_000).astype(np.float32)
    values[0] = 30.0
    full = minmax_ranges([{"a": values}])
    (low, high) = mse_ranges([{"a": values}], full)["a"]
    assert high < 25
    assert low >= full["a"][0]
    assert _error(values, low, high) < _error(values, *full["a"])


def test_evenly_spread_values_keep_nearly_their_whole_range():
    values = np.random.default_rng(0).uniform(0, 6, 50_000).astype(np.float32)
    full = minmax_ranges([{"a": values}])
    low, high = mse_ranges([{"a": values}], full)["a"]
    assert low == 0
    assert high == pytest.approx(6, rel=0.03)


@pytest.mark.parametrize("value", [0.0, 2.5, -1.0])
def test_a_tensor_that_never_changes_has_a_range(value):
    stream = [{"a": np.full(10, value, np.float32)}]
    low, high = mse_ranges(stream, minmax_ranges(stream))["a"]
    assert low <= value <= high or value == pytest.approx(max(low, high, key=abs), rel=0.1)


def test_memory_does_not_grow_with_the_number_of_images():
    def images(count):
        chance = np.random.default_rng(0)
        return ({"a": chance.normal(size=10_000).astype(np.float32)} for _ in range(count))

    def peak(count):
        tracemalloc.start()
        full = minmax_ranges(images(count))
        mse_ranges(images(count), full)
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    peak(2)
    assert peak(40) < 1.2 * peak(4)


def test_both_formats_see_the_same_ranges(converted, calibration):
    seen = {}
    for kind in ("tflite", "onnx"):
        data = (converted.folder / f"float32.{kind}").read_bytes()
        seen[kind] = minmax_ranges(watch(FORMATS[kind].look_inside(data), calibration))
    same = {name.partition(";")[0]: limits for name, limits in seen["tflite"].items()}
    long = converted.manifest.names["onnx"]
    theirs = {long.get(name, name): limits for name, limits in seen["onnx"].items()}
    shared = same.keys() & theirs.keys()
    assert len(shared) >= 27
    for name in shared:
        assert theirs[name] == pytest.approx(same[name], abs=1e-3)


@pytest.mark.parametrize("values", [[0.5, 0.5 + 1e-7], [-3e-5, -3e-5 * (1 + 1e-6)]])
def test_a_tensor_that_hardly_changes_has_a_range(values):
    image = {"a": np.array(values, np.float32)}
    low, high = mse_ranges([image], minmax_ranges([image]))["a"]
    assert _error(image["a"], min(low, 0), max(high, 0)) < (0.01 * abs(values[0])) ** 2
