import numpy as np
import pytest

from edgekit.conversion.quality import Reference, check_parity, judge, sqnr_db
from edgekit.errors import InvalidError
from edgekit.stats import paired_drop, wilson

N, CLASSES = 1000, 10


@pytest.fixture
def reference():
    chance = np.random.default_rng(0)
    scores = chance.uniform(0, 1, (N, CLASSES)).astype(np.float32)
    labels = scores.argmax(axis=1)
    labels[:100] = (labels[:100] + 1) % CLASSES
    return Reference(labels.astype(np.int64), scores)


def test_a_file_that_says_the_same_loses_nothing(reference):
    quality = judge(reference, (reference.scores,))
    assert (quality.n, quality.accuracy, quality.drop, quality.agreement) == (N, 0.9, 0.0, 1.0)
    assert (quality.accuracy_low, quality.accuracy_high) == wilson(900, N)


def test_the_drop_is_paired_image_by_image(reference):
    scores = reference.scores.copy()
    scores[100:120] = -scores[100:120]
    quality = judge(reference, (scores,))
    right = scores.argmax(axis=1) == reference.labels
    assert (quality.drop, quality.drop_low, quality.drop_high) == paired_drop(reference.right, right)
    assert quality.agreement == pytest.approx(0.98)


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


def test_sqnr_is_ten_decibels_for_a_tenth_of_the_power():
    real = {"a": np.array([1.0, -1.0], np.float32), "only here": np.ones(1, np.float32)}
    noisy = {"a": real["a"] + np.sqrt(0.1, dtype=np.float32)}
    assert sqnr_db([(real, noisy), (real, noisy)]) == pytest.approx({"a": 10.0}, abs=1e-4)


def test_guessing_is_recognised():
    chance = np.random.default_rng(1)
    labels = chance.integers(0, CLASSES, N)
    assert Reference(labels, chance.uniform(size=(N, CLASSES)).astype(np.float32)).guesses
    sure = np.eye(CLASSES, dtype=np.float32)[labels]
    assert not Reference(labels, sure).guesses
