"""The images a conversion starts from."""

from dataclasses import replace

import pytest

from edgekit.conversion import ConvertRequest
from edgekit.conversion.feed import Feed
from edgekit.conversion.load import load
from edgekit.data import Split, load_dataset, save_evaluation
from edgekit.data.held import hold
from edgekit.progress import SILENT
from edgekit.zoo.source import resolve


class Counting:
    """Images that count how often each is decoded."""

    def __init__(self, images):
        self.images = images
        self.decoded = 0

    def __len__(self):
        return len(self.images)

    def read(self, indices):
        self.decoded += len(indices)
        return self.images.read(indices)


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits", resolution=32)


def test_held_images_are_decoded_once_and_only_those_asked_for(digits):
    split = digits.calibration
    images = Counting(split.images)
    held = hold(Split(images, split.labels, split.hashes), "calibration", digits.preprocessing, SILENT, 70)
    direct = Feed(split, digits.preprocessing, 70)
    for _ in range(2):
        pairs = zip(Feed(held, digits.preprocessing), direct, strict=True)
        assert all((ours == theirs).all() for ours, theirs in pairs)
    assert images.decoded == 70
    assert (list(held.labels), list(held.hashes)) == (list(split.labels[:70]), list(split.hashes[:70]))


def test_going_through_the_calibration_images_again_decodes_none(digits, monkeypatch):
    counted = Counting(digits.calibration.images)
    split = Split(counted, digits.calibration.labels, digits.calibration.hashes)
    monkeypatch.setattr(
        "edgekit.conversion.images.load_dataset", lambda *_, **__: replace(digits, calibration=split)
    )
    source = resolve("mobilenet_v1", alpha=0.5, resolution=32)
    inputs = load(ConvertRequest(calibration=20), source, SILENT)
    for _ in range(3):
        assert len(list(inputs.calibration)) == 20
    assert counted.decoded == 20


def test_other_images_than_those_of_the_models_test_are_noted_whatever_their_name(tmp_path, digits, recorder):
    save_evaluation(tmp_path / "pics.npz", digits.train)
    source = resolve("mobilenet_v1", alpha=0.5, resolution=32)
    load(ConvertRequest(dataset=str(tmp_path / "pics.npz")), source, recorder)
    assert any("may have been trained on some of them" in note for note in recorder.notes)

    recorder.notes.clear()
    load(ConvertRequest(), source, recorder)
    assert recorder.notes == []


def test_an_order_of_classes_that_was_asked_for_counts_more_than_the_cards(tmp_path):
    order = tuple("0123456798")
    (tmp_path / "order.txt").write_text("\n".join(order))
    request = ConvertRequest(int8=False, labels=tmp_path / "order.txt")
    inputs = load(request, resolve("mobilenet_v1_0.25_32_digits"), SILENT)
    assert inputs.dataset.labels == order
    by_card = load(ConvertRequest(int8=False), resolve("mobilenet_v1_0.25_32_digits"), SILENT)
    assert inputs.evaluation.split.labels.tolist() == [
        order.index(str(label)) for label in by_card.evaluation.split.labels
    ]
