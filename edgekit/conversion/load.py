"""What a conversion starts from: the model and the images that fit it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from edgekit.conversion.contract import contract_of
from edgekit.conversion.feed import Feed
from edgekit.conversion.graph import FloatGraph, freeze
from edgekit.conversion.inside import scale_inside
from edgekit.conversion.request import ConvertRequest
from edgekit.data import Dataset, load_dataset
from edgekit.data.held import hold
from edgekit.errors import UsageError
from edgekit.progress import Progress
from edgekit.zoo.source import LoadedModel, Source

FEW_IMAGES = 100  # below that, ranges depend on which images were drawn


@dataclass(frozen=True)
class Inputs:
    """A loaded model and its images, all under one preprocessing contract."""

    source: Source
    loaded: LoadedModel
    graph: FloatGraph
    dataset: Dataset
    calibration: Feed
    evaluation: Feed

    @property
    def family(self) -> str | None:
        """The model's family, where known."""
        return self.source.family


def load(request: ConvertRequest, source: Source, progress: Progress) -> Inputs:
    """Load the model, then the dataset at the model's resolution.

    Raises:
        ModelError: The model cannot be read.
        DataError: The dataset cannot be read.
        UsageError: The two do not fit, or no dataset is known.
    """
    name = request.dataset or source.dataset
    if name is None:
        raise UsageError(
            f"It is not known which images {source.origin} classifies.",
            "Name them with --dataset: digits, shapes, cifar10, a folder with one sub-folder per class, "
            "or a .npz file.",
        )
    progress.step("Loading the model")
    loaded = source.load()
    if loaded.changed:
        progress.note(loaded.changed)
    progress.step("Reading the graph")
    graph = freeze(loaded)
    own = loaded.preprocessing
    if source.card is None and (scale := scale_inside(graph.graph_def, graph.input)) is not None:
        mean, std = scale
        own = msgspec.structs.replace(own, mean=(mean,) * own.depth, std=(std,) * own.depth)
    contract = contract_of(request, own)
    loaded = replace(loaded, preprocessing=contract)
    progress.step("Reading the images")
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
    _check_classes(source, loaded, dataset)
    _note_doubts(request, source, dataset, progress)
    calibration = dataset.calibration
    if request.int8:  # every format and every pass looks at the same few
        calibration = hold(calibration, "calibration", contract, progress, request.calibration)
    evaluation = hold(dataset.evaluation, "evaluation", contract, progress)
    return Inputs(
        source=source,
        loaded=loaded,
        graph=graph,
        dataset=replace(dataset, evaluation=evaluation),
        calibration=Feed(calibration, contract, request.calibration),
        evaluation=Feed(evaluation, contract),
    )


def _check_classes(source: Source, loaded: LoadedModel, dataset: Dataset) -> None:
    if loaded.classes != len(dataset.labels):
        raise UsageError(
            f"{source.origin} has {loaded.classes} classes, the dataset {dataset.name} has "
            f"{len(dataset.labels)}.",
            "Name the images the model was trained on with --dataset.",
        )
    if source.card is not None and source.card.labels != dataset.labels:
        first = next(
            i for i, (a, b) in enumerate(zip(source.card.labels, dataset.labels, strict=True)) if a != b
        )
        raise UsageError(
            f"Class {first} of {source.origin} is {source.card.labels[first]!r}, that of the dataset "
            f"{dataset.name} is {dataset.labels[first]!r}.",
            "Give the dataset's classes the names, and so the order, that the model was trained with.",
        )


def _note_doubts(request: ConvertRequest, source: Source, dataset: Dataset, progress: Progress) -> None:
    """Say what makes the figures less trustworthy."""
    found = min(request.calibration, len(dataset.calibration))
    if request.int8 and found < FEW_IMAGES:
        progress.note(f"Only {found} calibration images: ranges settle at 200 to 500.")
    card = source.card
    if card is not None and card.splits.evaluation != dataset.evaluation.record():
        progress.note(
            f"The evaluation images are not those that {card.name} was tested on; it may have been trained "
            "on some of them, and its accuracy may be flattered."
        )
