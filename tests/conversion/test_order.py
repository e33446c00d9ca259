"""A model whose classes are in another order than the images'."""

import subprocess

import numpy as np
import pytest

from edgekit.artefact import Head
from edgekit.conversion.order import other_order
from edgekit.conversion.quality import Reference
from edgekit.data.classes import read_labels

NUMBERS = tuple(map(str, range(11)))
TRUTH = np.arange(176) % 11


def answering(answers, classes):
    return Reference(TRUTH[: len(answers)] % classes, np.eye(classes, dtype=np.float32)[answers])


def test_the_order_of_the_names_as_text_is_found():
    as_text = sorted(NUMBERS)
    said = other_order(answering([as_text.index(str(t)) for t in TRUTH], 11), NUMBERS)
    assert "classifies 18.18 % of 176 evaluation images correctly; in the order 0, 1, 10, …, 100.00 %" in said


def test_any_other_order_is_found_and_the_command_writes_it(tmp_path):
    order = np.random.default_rng(0).permutation(11)
    names = tuple(f"class {letter}" for letter in "abcdefghijk")
    said = other_order(answering(order[TRUTH], 11), names)
    command = said.partition("trained in that order: ")[2].removesuffix(" and add --labels labels.txt")
    subprocess.run(command, shell=True, check=True, cwd=tmp_path)
    written = read_labels(tmp_path / "labels.txt")
    assert [written.index(name) for name in names] == order.tolist()


def test_two_classes_of_one_score_may_be_the_other_way_round():
    truth = np.arange(40) % 2
    swapped = Reference(truth, (1 - truth[:, None]).astype(np.float32), Head("binary", 0.5))
    assert "in the order dog, cat, 100.00 %" in other_order(swapped, ("cat", "dog"))


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_nothing_is_said_of_a_model_that_is_right_or_guesses(share):
    random, said = np.random.default_rng(1), 0
    for _ in range(100):
        classes, n = random.integers(2, 11), random.integers(20, 150)
        truth = random.integers(0, classes, n)
        guesses = random.integers(0, classes, n)
        given = np.where(random.random(n) < share, truth, guesses)
        reference = Reference(truth, np.eye(classes, dtype=np.float32)[given])
        said += other_order(reference, tuple(f"{i}" for i in range(classes))) is not None
    assert said == 0


def test_images_without_classes_have_no_order():
    assert other_order(Reference(np.full(9, -1), np.eye(9, dtype=np.float32)), ()) is None
