from dataclasses import replace
from unittest.mock import MagicMock as Mock

import numpy as np
import pytest

from edgekit.artefact import Head
from edgekit.conversion.conversion import Conversion
from edgekit.conversion.quality import (
    PARITY_IMAGES,
    Reference,
    check_parity,
    judge,
    judge_some,
    sqnr_db,
)
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


def test_a_float_file_is_run_on_some_images_and_on_all_that_rounding_could_turn(reference):
    scores = np.tile(reference.scores, (3, 1))
    close = np.array([7, 1500, 2998])
    second, first = np.argsort(scores[close], axis=1)[:, -2:].T
    scores[close, second] = scores[close, first] - np.float32(1e-5)
    more = Reference(np.tile(reference.labels, 3), scores)
    some = more.telling()
    assert PARITY_IMAGES <= len(some) < 600
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
    assert len(reference.of(range(PARITY_IMAGES)).telling()) == PARITY_IMAGES
    assert len(replace(reference, head=Head("multilabel")).telling()) == N
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


@pytest.mark.parametrize(("off", "runs"), [(1e-6, 1), (5e-5, 2)])
def test_a_float_file_that_is_farther_off_than_usual_is_run_on_all(monkeypatch, reference, off, runs):
    asked = []

    def outputs(_self, _data, _format, _precision, *, images):
        asked.append(len(images))
        return ((reference.scores + np.float32(off))[list(images)],)

    monkeypatch.setattr(Conversion, "outputs", outputs)
    monkeypatch.setattr("edgekit.conversion.quality.PARITY_IMAGES", 100)
    conversion = Conversion.__new__(Conversion)
    for name, value in {"reference": reference, "inputs": Mock(), "graph": Mock(names=())}.items():
        object.__setattr__(conversion, name, value)
    conversion.inputs.evaluation.__len__ = lambda _: N
    quality = conversion.float_quality(b"", Mock())
    assert len(asked) == runs
    assert (quality.run is None) == (runs == 2)
    assert quality.n == N
