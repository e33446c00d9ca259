"""The toys of the benchmark, a few of them; its own arithmetic is checked against the runtime's."""

from collections import Counter
from functools import partial

import numpy as np
import pytest
from support.benchmarks import script


@pytest.fixture(scope="module")
def few():
    """The script as a module."""
    return script("few_images")


@pytest.mark.parametrize("seed", [1, 2])
def test_few_images_are_no_reason_to_climb_and_raise_no_alarm(few, seed):
    toy, seen = few.Toy(seed), Counter()
    judged = few.climb(toy, 50)
    assert judged.rungs == 1
    few.alarms(toy, 50, judged, seen)
    assert seen["alarm"] == seen["alarm if looked for"] == 0


@pytest.mark.parametrize("seed", [1, 2])
def test_planted_saturation_is_found(few, seed):
    seen = Counter()
    few.planted(few.Toy(seed, heavy=True), 50, seen)
    assert (seen["planted"], seen["found"]) == (1, 1)


def test_integers_that_do_not_overflow_give_what_the_runtime_gives(few):
    toy = few.Toy(1)
    feed, data = toy.images(20, 2), few.plant(toy)
    images = np.concatenate(list(feed.batches()))
    (expected,) = few.outputs_of(few.Runners(partial(few.ONNX.load, data, optimise=False)), feed, few.SILENT)
    scores, _ = few.execute(data, images, saturate=False)
    step = np.ptp(expected) / 255
    assert np.abs(scores - expected).max() <= 2 * step
