"""What a conversion starts from: the model and the images that fit it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from edgekit.conversion.contract import contract_of
from edgekit.conversion.feed import Feed
from edgekit.conversion.float_file import FloatFile, load_float_file
from edgekit.conversion.formats import FORMATS, Format
from edgekit.conversion.graph import FloatGraph, freeze
from edgekit.conversion.heads import head_of, with_single_labels
from edgekit.conversion.images import check_named, load_images_for
from edgekit.conversion.inside import scale_inside
from edgekit.conversion.request import ConvertRequest
from edgekit.data import Dataset
from edgekit.data.held import hold_in_file
from edgekit.errors import UsageError
from edgekit.inspection import is_model_file
from edgekit.progress import Progress
from edgekit.words import listed
from edgekit.zoo.source import LoadedModel, Source


@dataclass(frozen=True)
class Inputs:
    """A loaded model and its images, all under one preprocessing contract."""

    source: Source
    loaded: LoadedModel
    graph: FloatGraph | FloatFile
    formats: Sequence[Format]  # to make
    dataset: Dataset
    calibration: Feed
    evaluation: Feed

    @property
    def family(self) -> str | None:
        """The family whose layers the model has, where known; one with another head has others."""
        card = self.source.card
        return None if card and card.training.head else self.source.family


def load(request: ConvertRequest, source: Source, progress: Progress) -> Inputs:
    """Load the model, then the dataset at the model's resolution.

    Raises:
        ModelError: The model cannot be read.
        DataError: The dataset cannot be read.
        UsageError: The two do not fit, or no dataset is known.
    """
    check_named(request, source)
    progress.step("Loading the model")
    loaded, graph = _model(source, progress)
    formats = _formats(request, graph)
    own = loaded.preprocessing
    contract = contract_of(request, own)
    loaded = replace(loaded, preprocessing=contract)
    progress.step("Reading the images")
    dataset = load_images_for(request, source, loaded, progress)
    dataset = with_single_labels(graph, dataset, source.origin)
    loaded = replace(loaded, head=head_of(graph, dataset))
    _check_judged(request, loaded, dataset, progress)
    _note_doubts(source, dataset, progress)
    calibration = dataset.calibration
    if request.int8:  # every format and every pass looks at the same few
        calibration = hold_in_file(calibration, "calibration", contract, progress, request.calibration)
    evaluation = hold_in_file(dataset.evaluation, "evaluation", contract, progress)
    return Inputs(
        source=source,
        loaded=loaded,
        graph=graph,
        formats=formats,
        dataset=replace(dataset, evaluation=evaluation),
        calibration=Feed(calibration, contract, request.calibration),
        evaluation=Feed(evaluation, contract),
    )


def _model(source: Source, progress: Progress) -> tuple[LoadedModel, FloatGraph | FloatFile]:
    """Load the model and its graph, with the scaling of pixels that it shows."""
    if is_model_file(source.file):
        return load_float_file(source)
    loaded = source.load()
    if loaded.changed:
        progress.note(loaded.changed)
    progress.step("Reading the graph")
    graph = freeze(loaded)
    if source.card is None and (scale := scale_inside(graph.graph_def, graph.input)) is not None:
        own, (mean, std) = loaded.preprocessing, scale
        own = msgspec.structs.replace(own, mean=(mean,) * own.depth, std=(std,) * own.depth)
        loaded = replace(loaded, preprocessing=own)
    return loaded, graph


def _formats(request: ConvertRequest, graph: FloatGraph | FloatFile) -> Sequence[Format]:
    """The formats to make: those asked for; of a float file its own, which is the only one it can become."""
    if not isinstance(graph, FloatFile):
        return request.chosen()
    own, name = FORMATS[graph.found.format], graph.found.name
    if request.float16 or (request.formats is not None and request.chosen() != [own]):
        asked = "float16 files are" if request.float16 else f"{listed(request.formats or ())} files are"
        raise UsageError(
            f"{name} becomes {own.file.title} files in float32 and int8; {asked} not made from it.",
            f"Leave out --{'float16' if request.float16 else 'format'}, "
            "or convert the Keras model that it was made from.",
        )
    return [own]


def _check_judged(request: ConvertRequest, loaded: LoadedModel, dataset: Dataset, progress: Progress) -> None:
    """Say why there will be no accuracy, and refuse a limit on what cannot be known."""
    if loaded.head.kind == "none":
        why = "The model has several outputs, or one that is not a row of scores"
        progress.note(f"{why}: files are compared with {loaded.reference}, without accuracy.")
    if request.max_drop is not None and (loaded.head.kind == "none" or not dataset.labelled):
        raise UsageError(
            f"A maximum drop of {request.max_drop * 100:g} pp was set, but there is no accuracy to lose.",
            "Leave out --max-drop, or name images with classes: --dataset FOLDER",
        )
    if request.min_agreement is not None and loaded.head.kind == "none":
        raise UsageError(
            f"{request.min_agreement * 100:g} % agreement was asked for, but this model gives no answers.",
            "Leave out --min-agreement: the manifest has the largest difference of each output.",
        )


def _note_doubts(source: Source, dataset: Dataset, progress: Progress) -> None:
    """Say what makes the figures less trustworthy."""
    card = source.card
    if card is not None and card.splits.evaluation != dataset.evaluation.record():
        progress.note(
            f"The evaluation images are not those that {card.name} was tested on; it may have been trained "
            "on some of them, and its accuracy may be flattered."
        )
