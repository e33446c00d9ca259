"""Stronger means one after the other, with a scripted judge."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from edgekit.artefact import Quality
from edgekit.conversion.formats import FORMATS
from edgekit.conversion.ladder import FLOAT_LAYERS, Ladder
from edgekit.inspection import inspect_bytes
from edgekit.progress import SILENT


def _quality(drop, unsure=0.0):
    return Quality(
        n=1000,
        accuracy=0.9 - drop,
        accuracy_low=0.8,
        accuracy_high=0.95,
        drop=drop,
        drop_low=drop - unsure,
        drop_high=drop + unsure,
        agreement=0.9,
    )


def _ladder(converted, calibration, kind, drops):
    script = iter(drops)
    float_file = (converted.folder / f"float32.{kind}").read_bytes()
    format = FORMATS[kind]

    def quantize(ranges, kept):
        return format.int8(float_file, ranges, kept, io="int8", target="portable")

    return Ladder(format, float_file, calibration, quantize, lambda data: _quality(next(script)))


@pytest.mark.parametrize("kind", ["tflite", "onnx"])
def test_the_first_rung_is_enough_where_little_is_lost(converted, calibration, kind):
    best, recipe = _ladder(converted, calibration, kind, [0.005]).quantize_within(0.005, SILENT)
    assert best.what == "min/max ranges of 20 images"
    assert recipe == ("min/max ranges of 20 images: 89.50 %, drop +0.50 pp (chosen)",)


def test_a_drop_that_so_few_images_cannot_show_is_no_reason_to_climb(converted, calibration):
    ladder = _ladder(converted, calibration, "onnx", [])
    ladder = replace(ladder, judge=lambda data: _quality(0.02, unsure=0.016))
    assert len(ladder.quantize_within(0.005, SILENT)[1]) == 1
    unknown = dict.fromkeys(("accuracy", "drop", "drop_low", "drop_high"))
    for agreement, rungs in ((0.95, 1), (0.5, 2 + len(FLOAT_LAYERS))):
        quality = msgspec.structs.replace(_quality(0), agreement=agreement, **unknown)
        ladder = replace(ladder, judge=lambda data, quality=quality: quality)
        assert len(ladder.quantize_within(0.005, SILENT)[1]) == rungs


@pytest.mark.parametrize("kind", ["tflite", "onnx"])
def test_it_climbs_until_the_drop_is_small_enough_and_records_every_rung(converted, calibration, kind):
    best, recipe = _ladder(converted, calibration, kind, [0.03, 0.02, 0.01, 0.004]).quantize_within(
        0.005, SILENT
    )
    plain, narrow, *mixed = recipe
    assert plain.startswith("min/max ranges of 20 images: 87.00 %")
    assert narrow.startswith("ranges of least squared error of 20 images: 88.00 %")
    assert all(line.startswith("ranges of least squared error of 20 images, in float32 ") for line in mixed)
    assert [line.endswith("(chosen)") for line in recipe] == [False, False, False, True]
    layers = [layer for layer in inspect_bytes(best.data, f"a.{kind}").layers if layer.multiply_adds]
    assert sum(layer.weights is None for layer in layers) == FLOAT_LAYERS[1]


def test_float_layers_are_tried_with_the_better_ranges(converted, calibration):
    _, recipe = _ladder(converted, calibration, "tflite", [0.02, 0.03, 0.0]).quantize_within(0.005, SILENT)
    assert recipe[2].startswith("min/max ranges of 20 images, in float32 ")


def test_if_no_rung_is_good_enough_the_best_is_taken(converted, calibration):
    drops = [0.06, 0.03, 0.05, 0.05, 0.05, 0.05]
    best, recipe = _ladder(converted, calibration, "tflite", drops).quantize_within(0.005, SILENT)
    assert len(recipe) == 2 + len(FLOAT_LAYERS)
    assert best.what.startswith("ranges of least squared error")
    assert recipe[1].endswith("(chosen)")


def test_a_ladder_for_integer_only_files_ends_before_layers_stay_in_float(converted, calibration):
    ladder = replace(_ladder(converted, calibration, "tflite", [0.06, 0.03]), mixed=False)
    best, recipe = ladder.quantize_within(0.005, SILENT)
    assert len(recipe) == 2
    assert not any(layer.dtype == "float32" for layer in inspect_bytes(best.data, "a.tflite").layers)


def test_no_image_can_be_brighter_than_the_inputs_range(converted, calibration):
    """The calibration images below are all grey; white must still come out as white."""

    class Grey:
        split, preprocessing = calibration.split, calibration.preprocessing

        def __len__(self):
            return 3

        def __iter__(self):
            return iter(np.zeros((3, 1, 32, 32, 3), np.float32))

    for kind, tensor in (("tflite", "input"), ("onnx", None)):
        best, _ = _ladder(converted, Grey(), kind, [0.0]).quantize_within(0.005, SILENT)
        found = inspect_bytes(best.data, f"a.{kind}")
        scales = [layer.output for layer in found.layers if layer.output and layer.op == "QuantizeLinear"]
        quantization = found.inputs[0].quantization if tensor else scales[0]
        assert 2 / 255 <= quantization.scales[0] < 2.02 / 255
        least = -128 if tensor else 0
        ends = [(least + x - quantization.zero_points[0]) * quantization.scales[0] for x in (0, 255)]
        assert ends[0] <= -1 + 1e-6
        assert ends[1] >= 1 - 1e-6


def test_the_layer_that_was_damaged_is_the_most_fragile(converted, calibration):
    """A range cut to a twentieth ruins one layer; it must be found."""
    ladder = _ladder(converted, calibration, "tflite", [])
    layers = [x for x in inspect_bytes(ladder.float_file, "a.tflite").layers if x.multiply_adds]
    from edgekit.conversion.probe import watch
    from edgekit.conversion.ranges import minmax_ranges

    ranges = minmax_ranges(watch(ladder.format.look_inside(ladder.float_file), calibration))
    low, high = ranges[layers[11].tensor]
    data = ladder.quantize({**ranges, layers[11].tensor: (low / 20, high / 20)}, frozenset())
    assert ladder._fragile(data)[0] == layers[11].tensor
