"""Classifying images with a model file alone, as an app would: by what the file says of itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from edgekit.artefact import TOP1, Head, Preprocessing
from edgekit.errors import DataError, ModelError, UsageError
from edgekit.inspection import Inspection, inspect_file
from edgekit.progress import SILENT, Progress
from edgekit.words import first_line, plural

if TYPE_CHECKING:
    from edgekit.conversion.runners import Runner
    from edgekit.data.dataset import Float32


class Score(msgspec.Struct, frozen=True):
    """One class of an image."""

    label: str  # its number, where the file has no names
    score: float  # as the model gives it: a probability behind a softmax or sigmoid, else a logit
    index: int  # of the class


class Classified(msgspec.Struct, frozen=True):
    """What a file says of one image."""

    image: str  # path
    answer: tuple[str, ...] = ()  # the image's class; of a model with several labels those it has
    scores: tuple[Score, ...] = ()  # the highest first
    problem: str = ""  # why there is no answer; empty: there is one


def classify(
    file: Path, images: Sequence[Path], *, top: int = 5, progress: Progress = SILENT
) -> tuple[Classified, ...]:
    """Classify images. One that cannot be read has a `problem` in place of an answer.

    Args:
        file: A .tflite or .onnx file.
        images: Image files.
        top: How many classes of each image to return.
        progress: Receives every step.

    Raises:
        UsageError: The file does not say how it is used, or what it gives is not scores.
        ModelError: It cannot be read or run.
        DataError: No image can be read.
    """
    if top < 1:
        raise UsageError(f"{top} classes per image were asked for.", "Ask for 1 or more.")
    if not images:
        raise UsageError("No image is named.", f"Name one or more: edgekit try {file} photo.jpg")
    if file.is_dir():
        raise UsageError(f"{file} is a folder.", f"Name a file in it, such as {file / 'int8.tflite'}.")
    found = inspect_file(file)
    app = _App(file, found)
    progress.step(f"Classifying {plural(len(images), 'image')}", len(images))
    answered = []
    for path in images:
        answered.append(app.classified(path, top))
        progress.advance(len(answered))
    if all(each.problem for each in answered):
        raise DataError(
            f"{answered[0].image} cannot be read: {answered[0].problem}.",
            "Check that an image viewer opens it.",
        )
    return tuple(answered)


class _App:
    """A file, loaded, with what it says of itself."""

    def __init__(self, file: Path, found: Inspection) -> None:
        self.file = file
        self.contract = _contract(file, found)
        self.probable = found.last_operation == "Sigmoid"
        if found.usage is not None:
            self.head, self.labels = found.usage.head, found.usage.labels
        else:
            self.head, self.labels = _head(found, self.probable), _labels(file, found)
        if self.head.kind == "none":
            raise UsageError(
                f"{file} does not classify: it has several outputs, or one that is not a row of scores.",
                f"`edgekit bench {file}` measures it.",
            )
        self.runner = _runner(file, found)

    def classified(self, path: Path, top: int) -> Classified:
        """Classify one image."""
        from edgekit.data.arrays import MODES, fitted
        from edgekit.data.dataset import normalise
        from edgekit.data.decode import BrokenImageError, decoders_quiet, read_image

        try:
            with decoders_quiet():
                image = read_image(path, MODES[self.contract.channels])
        except BrokenImageError as error:
            return Classified(str(path), problem=str(error))
        pixels = fitted(image, self.contract)
        with _running(self.file):
            scores = self.runner.outputs(normalise(pixels[None], self.contract))[0]
        return Classified(str(path), *self._read(scores.reshape(-1), top))

    def _read(self, scores: Float32, top: int) -> tuple[tuple[str, ...], tuple[Score, ...]]:
        """The answer and the highest scores, by the head."""
        values = [float(score) for score in scores]
        if self.head.kind == "binary":  # a score of the second class
            second = values[0] > self.head.threshold
            first = 1 - values[0] if self.probable else -values[0]
            return (self._name(int(second)),), tuple(self._best([first, values[0]], top))
        best = tuple(self._best(values, top))
        if self.head.kind == "multilabel":
            return tuple(self._name(i) for i, x in enumerate(values) if x > self.head.threshold), best
        return (best[0].label,), best

    def _best(self, values: Sequence[float], top: int) -> Iterator[Score]:
        for index in sorted(range(len(values)), key=lambda i: -values[i])[:top]:
            yield Score(self._name(index), values[index], index)

    def _name(self, index: int) -> str:
        return self.labels[index] if index < len(self.labels) else str(index)


def _contract(file: Path, found: Inspection) -> Preprocessing:
    """How images become the file's input, by what it says itself."""
    if found.usage is not None:
        return found.usage.preprocessing
    from edgekit.measurement.classifier import Reading, contract_of

    shape = found.inputs[0].shape if found.inputs else ()
    takes_bytes = bool(found.inputs) and found.inputs[0].dtype in ("uint8", "int8")
    if found.scale is None and not takes_bytes:
        raise UsageError(
            f"{file} does not say how its image is scaled.",
            "Files that `edgekit convert` writes say it; so do .tflite files with TFLite's metadata.",
        )
    return contract_of(file, found, tuple(abs(size) for size in shape), Reading(""))


def _head(found: Inspection, probable: bool) -> Head:
    """What the scores of a file mean that does not say so."""
    single = found.outputs and prod(map(abs, found.outputs[0].shape)) == 1
    return Head("binary", 0.5 if probable else 0.0) if single else TOP1


def _labels(file: Path, found: Inspection) -> tuple[str, ...]:
    from edgekit.data.classes import names_in
    from edgekit.inspection.tflite_metadata import labels_inside

    text = labels_inside(file.read_bytes()) if found.format == "tflite" else None
    names = () if text is None else names_in(text, str(file))
    return ("other", *names) if len(names) == 1 else names  # the name of what a single score is of


def _runner(file: Path, found: Inspection) -> Runner:
    from edgekit.conversion.formats import FORMATS

    with _running(file):
        return FORMATS[found.format].load(file.read_bytes())


@contextmanager
def _running(file: Path) -> Iterator[None]:
    """Raise a ModelError in place of what a runtime raises."""
    try:
        yield
    except Exception as error:  # whatever they like
        raise ModelError(
            f"{file} cannot be run here: {first_line(error)}", "`edgekit inspect` shows its operators."
        ) from error
