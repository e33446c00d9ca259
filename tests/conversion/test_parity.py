from dataclasses import dataclass

import numpy as np
import pytest

from edgekit.artefact import TOP1, Head
from edgekit.conversion.parity import (
    IMAGES,
    FastFile,
    check_parity,
    float_quality,
    judge_some,
    reference_of,
    telling,
)
from edgekit.conversion.quality import Reference, judge
from edgekit.errors import InvalidError, ModelError

N, CLASSES = 1000, 10


def test_a_float_file_is_run_on_some_images_and_on_all_that_rounding_could_turn(reference):
    scores = np.tile(reference.scores, (3, 1))
    close = np.array([7, 1500, 2998])
    second, first = np.argsort(scores[close], axis=1)[:, -2:].T
    scores[close, second] = scores[close, first] - np.float32(1e-5)
    more = Reference(np.tile(reference.labels, 3), scores)
    some = telling(more.outputs, more.head)
    assert IMAGES <= len(some) < 600
    assert set(close) <= set(some)
    assert {0, 2999} <= set(some)
    turned = scores[some].copy()
    turned[list(some).index(7), second[0]] += np.float32(2e-5)
    quality = judge_some(more, (turned,), some)
    assert (quality.n, quality.run) == (3000, len(some))
    assert quality.agreement == pytest.approx(2999 / 3000)
    assert quality.max_abs_error == pytest.approx(2e-5, rel=0.01)
    assert quality.scores_sqnr_db == judge(more.of(some), (turned,)).scores_sqnr_db


def test_it_is_run_on_all_where_they_are_few_or_answers_are_not_the_highest_score(reference):
    assert len(telling(reference.of(range(IMAGES)).outputs, TOP1)) == IMAGES
    assert len(telling(reference.outputs, Head("multilabel"))) == N
    assert judge_some(reference, (reference.scores,), range(N)) == judge(reference, (reference.scores,))


def test_a_float_file_that_computes_something_else_is_refused_with_the_figures(reference):
    quality = judge(reference, (reference.scores + np.float32(0.01),))
    with pytest.raises(InvalidError, match=r"float32\.onnx does not compute .* up to 0\.01 "):
        check_parity("float32.onnx", quality, reference)


def test_a_float_file_that_answers_otherwise_is_refused(reference):
    scores = reference.scores.copy()
    close = np.sort(scores, axis=1)
    scores[:5] = np.where(scores[:5] == close[:5, -1:], close[:5, -2:-1] - 1e-5, scores[:5])
    quality = judge(reference, (scores,))
    tolerant = Reference(reference.labels, reference.scores * np.float32(1e6))
    with pytest.raises(InvalidError, match=r"answer to 5 of 1000 images \(at most 1\)"):
        check_parity("float32.tflite", quality, tolerant)


def test_a_little_more_than_usual_is_rounding_if_keras_itself_rounds_as_much(reference):
    quality = judge(reference, (reference.scores + np.float32(2e-4),))
    check_parity("float32.onnx", quality, reference, lambda alike: 5e-5)
    with pytest.raises(InvalidError, match="does not compute"):
        check_parity("float32.onnx", quality, reference, lambda alike: 1e-6)
    quality = judge(reference, (reference.scores + np.float32(2e-3),))
    with pytest.raises(InvalidError, match="ill-conditioned"):
        check_parity("float32.onnx", quality, reference, lambda alike: 1e-3)


def test_outputs_that_are_not_numbers_are_refused(reference):
    scores = reference.scores.copy()
    scores[3] = np.nan
    with pytest.raises(InvalidError):
        check_parity("float32.onnx", judge(reference, (scores,)), reference)


def test_large_logits_may_differ_in_proportion():
    scores = np.full((4, 2), [1000.0, -1000.0], np.float32)
    reference = Reference(np.zeros(4, np.int64), scores)
    check_parity("float32.onnx", judge(reference, (scores + np.float32(0.05),)), reference)


@pytest.mark.parametrize(("off", "runs"), [(1e-6, 1), (5e-5, 2)])
def test_a_float_file_that_is_farther_off_than_usual_is_run_on_all(reference, off, runs):
    asked = []

    def run(images):
        asked.append(len(images))
        return ((reference.scores + np.float32(off))[list(images)],)

    quality = float_quality(reference, (), run)
    assert len(asked) == runs
    assert (quality.run is None) == (runs == 2)
    assert quality.n == N


@dataclass
class Images:
    """Images that are their own numbers, and the Keras model that was run on them."""

    scores: np.ndarray
    labels: np.ndarray
    asked: list

    @property
    def split(self):
        return self

    def __len__(self):
        return len(self.scores)

    def __iter__(self):
        return iter(range(len(self)))

    def batches(self, images):
        yield np.asarray(images)

    def keras(self, images):
        self.asked.extend(images.tolist())
        return (self.scores[images],)


@pytest.fixture
def images(reference):
    return Images(reference.scores, reference.labels, [])


class File:
    """A float32 file, loaded, that gives these scores."""

    def __init__(self, scores):
        self.scores = scores.copy()

    def outputs(self, image):
        return (self.scores[image][None],)


def test_keras_is_run_on_some_images_and_its_float_file_stands_for_it_on_the_others(images):
    close = images.scores[7].argsort()[-2:]
    images.scores[7, close] = 0.99
    images.scores[7, close[0]] += 1e-5  # 7 is not among those from all over
    near = images.scores + np.float32(1e-6)
    found = reference_of(images.keras, images, TOP1, file=FastFile("onnx", lambda: File(near)))
    assert len(images.asked) == len(found.stand_in.images) < N
    assert 7 in images.asked
    assert found.scores[7].tolist() == images.scores[7].tolist()
    others = np.setdiff1d(np.arange(N), images.asked)
    assert found.scores[others].tolist() == near[others].tolist()
    assert (found.answers == images.scores.argmax(axis=1)).all()
    quality = judge_some(found, found.stand_in.outputs, found.stand_in.images)
    assert quality.max_abs_error == pytest.approx(1e-6, rel=0.1)
    assert (quality.n, quality.run, quality.agreement) == (N, len(images.asked), 1.0)


def _no_file(_=None):
    raise ModelError("it cannot be converted")


@pytest.mark.parametrize(
    "load",
    [
        lambda scores: File(scores + np.float32(5e-5)),
        lambda scores: File(scores * np.nan),
        lambda scores: File(scores[:, :5]),
        _no_file,
    ],
    ids=["farther off than usual", "no numbers", "another shape", "no file"],
)
def test_keras_is_run_on_all_images_where_no_file_is_like_it(images, load):
    found = reference_of(images.keras, images, TOP1, file=FastFile("onnx", lambda: load(images.scores)))
    assert found.stand_in is None
    assert set(images.asked) == set(range(N))
    assert (found.scores == images.scores).all()


def test_no_file_is_made_to_stand_for_keras_if_images_are_few(images):
    images.scores = images.scores[:IMAGES]
    assert reference_of(images.keras, images, TOP1, file=FastFile("onnx", _no_file)).stand_in is None
    assert len(images.asked) == IMAGES
