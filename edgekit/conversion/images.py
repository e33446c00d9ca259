"""Which images a conversion calibrates and evaluates with, and which of the model's classes each is of."""

from __future__ import annotations

import shlex
from dataclasses import replace

from edgekit.conversion.request import ConvertRequest
from edgekit.data import Dataset, load_dataset
from edgekit.data.classes import (
    IMAGENET_CLASSES,
    imagenet_labels,
    labels_next_to,
    places_among,
    places_in_imagenet,
    read_labels,
    with_classes,
)
from edgekit.data.sources import load_calibration, load_images
from edgekit.errors import UsageError
from edgekit.progress import Progress
from edgekit.words import plural
from edgekit.zoo.source import LoadedModel, Source


def check_named(request: ConvertRequest, source: Source) -> None:
    """Raise a UsageError if it is not known which images to use."""
    if request.dataset is None and source.dataset is None and request.calibrate_on is None:
        raise UsageError(
            f"It is not known which images {source.origin} classifies.",
            "Name them with --dataset: digits, shapes, cifar10, a folder with one sub-folder per class, "
            "or a .npz file. For images without classes: --calibrate-on FOLDER",
        )


def load_images_for(
    request: ConvertRequest, source: Source, loaded: LoadedModel, progress: Progress
) -> Dataset:
    """Read the images, and number their classes as the model does.

    Raises:
        DataError: The images or the labels cannot be read.
        UsageError: They do not fit the model.
    """
    dataset = _read(request, source, loaded, progress)
    if not dataset.labelled:
        progress.note(
            f"The images have no known classes: files are judged by their agreement with {loaded.reference}."
        )
    labels = _named(request, source, loaded, dataset, progress)
    if labels is not None:
        if not dataset.labelled:
            return replace(dataset, labels=labels)
        return with_classes(dataset, labels, places_among(dataset.labels, labels))
    count = loaded.classes
    if not dataset.labelled or not count:
        return dataset
    if count in IMAGENET_CLASSES and (places := places_in_imagenet(dataset.labels, count)) is not None:
        if len(places) < count:
            progress.note(
                f"The images are of {len(places)} of ImageNet's classes; the others are not evaluated."
            )
        return with_classes(dataset, imagenet_labels(count), places)
    if count != len(dataset.labels):
        raise UsageError(
            f"{source.origin} has {count} classes, the dataset {dataset.name} has {len(dataset.labels)}.",
            "Name the images the model was trained on with --dataset; if they are of some of its classes "
            "only, name all of those in its order, one on each line of a file: --labels FILE",
        )
    return dataset


def _read(request: ConvertRequest, source: Source, loaded: LoadedModel, progress: Progress) -> Dataset:
    contract = loaded.preprocessing
    name = request.dataset or source.dataset
    if name is None:
        return load_images(request.calibrate_on or "", contract, progress)
    dataset = load_dataset(
        name,
        resolution=(contract.height, contract.width),
        mean=contract.mean,
        std=contract.std,
        channels=contract.channels,
        layout=contract.layout,
        seed=request.seed,
        progress=progress,
    )
    if request.calibrate_on is None:
        return dataset
    others = dataset.evaluation.hashes
    return replace(dataset, calibration=load_calibration(request.calibrate_on, contract, others, progress))


def _named(
    request: ConvertRequest, source: Source, loaded: LoadedModel, dataset: Dataset, progress: Progress
) -> tuple[str, ...] | None:
    """Return the names of the model's classes in its order; None: nothing says."""
    if request.labels is None and source.card is not None:
        _check_card(source, dataset)
        return source.card.labels
    if request.labels is not None:
        names = read_labels(request.labels)
        if loaded.classes not in (0, len(names)):
            raise UsageError(
                f"{str(request.labels)!r} names {len(names)} classes, {source.origin} has {loaded.classes}.",
                "Name each of them on a line of its own, in the model's order.",
            )
        return names
    path = labels_next_to(source.file) if source.spec is None else None
    if path is None:
        return None
    names = read_labels(path)
    try:
        places_among(dataset.labels, names)
    except UsageError:
        fits = False
    else:
        fits = len(names) == loaded.classes
    told = "The classes are in the order of" if fits else "The classes are not those of"
    progress.note(f"{told} {shlex.quote(str(path))}, next to the model.")
    return names if fits else None


def _check_card(source: Source, dataset: Dataset) -> None:
    card = source.card
    if card is None or not dataset.labelled or set(dataset.labels) <= set(card.labels):
        return
    if len(card.labels) != len(dataset.labels):
        raise UsageError(
            f"{source.origin} has {plural(len(card.labels), 'class')}, the dataset {dataset.name} has "
            f"{len(dataset.labels)}.",
            "Name the images the model was trained on with --dataset.",
        )
    first = next(i for i, name in enumerate(dataset.labels) if name not in card.labels)
    raise UsageError(
        f"Class {first} of {source.origin} is {card.labels[first]!r}, that of the dataset "
        f"{dataset.name} is {dataset.labels[first]!r}.",
        "Give the dataset's classes the names that the model was trained with.",
    )
