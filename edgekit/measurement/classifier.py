"""Accuracy of a file of no artefact set: labelled images, read as the file takes them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgekit.artefact import DEPTHS, USUAL_CHANNELS, Channels, Head, Layout, PerChannel, Preprocessing
from edgekit.data import Dataset, load_dataset, save_evaluation
from edgekit.data.classes import (
    IMAGENET_CLASSES,
    imagenet_labels,
    labels_next_to,
    names_in,
    places_among,
    places_in_imagenet,
    read_labels,
    with_classes,
)
from edgekit.errors import UsageError
from edgekit.inspection import Inspection, TensorInfo
from edgekit.inspection.tflite_metadata import labels_inside
from edgekit.measurement.subject import Images
from edgekit.words import plural

_NAME = "Name the file's classes in its order, one on each line of a file: --labels FILE"
_LAYOUTS: dict[str, Layout] = {"tflite": "NHWC", "onnx": "NCHW"}  # where the shape fits both


@dataclass(frozen=True)
class Reading:
    """How a dataset's images are read; None: as the file itself lets on."""

    dataset: str
    labels: str | os.PathLike[str] = ""  # a file with the names of the file's classes, in its order
    mean: PerChannel | None = None  # one number for all channels, or one for each
    std: PerChannel | None = None
    channels: Channels | None = None
    layout: Layout | None = None


def contract_of(path: Path, inspection: Inspection, shape: Sequence[int], reading: Reading) -> Preprocessing:
    """Return how images become a file's input.

    Args:
        path: The file's, for messages.
        inspection: The file.
        shape: Its input's, with every size known.
        reading: What was asked for.

    Raises:
        UsageError: It takes something else than one image, or how is not known.
    """
    if len(inspection.inputs) != 1 or len(shape) != 4 or shape[0] != 1:
        takes = ", ".join(f"{tensor.name} {list(tensor.shape)}" for tensor in inspection.inputs)
        raise UsageError(
            f"--dataset is for files that take one image at a time; {path} takes {takes}.",
            "Leave --dataset out: outputs are compared in place of accuracy.",
        )
    said = inspection.usage.preprocessing if inspection.usage else None
    layout = reading.layout or (said.layout if said else _layout(inspection, shape))
    height, width, depth = shape[1:] if layout == "NHWC" else (*shape[2:], shape[1])
    channels = reading.channels or (said.channels if said else None) or USUAL_CHANNELS.get(depth)
    if channels is None or DEPTHS[channels] != depth:
        raise UsageError(
            f"{path} takes {depth} channels of an image in {layout}, shape {list(shape)}"
            + (f"; {channels} has {DEPTHS[channels]}." if channels else "."),
            "Name the layout or the channels: --layout NCHW, --channels grey.",
        )
    mean, std = _scale(path, inspection, reading)
    return Preprocessing(
        height=height,
        width=width,
        channels=channels,
        mean=mean * depth if len(mean) == 1 else mean,
        std=std * depth if len(std) == 1 else std,
        layout=layout,
    )


def _layout(inspection: Inspection, shape: Sequence[int]) -> Layout:
    last, first = shape[3] in USUAL_CHANNELS, shape[1] in USUAL_CHANNELS
    if last == first:
        return _LAYOUTS.get(inspection.format, "NHWC")
    return "NHWC" if last else "NCHW"


def _scale(path: Path, inspection: Inspection, reading: Reading) -> tuple[PerChannel, PerChannel]:
    """Return mean and std: as asked for, as edgekit wrote, such that bytes stay, or as the file says."""
    if reading.mean is not None or reading.std is not None:
        return reading.mean or (0.0,), reading.std or (1.0,)
    if inspection.usage:
        return inspection.usage.preprocessing.mean, inspection.usage.preprocessing.std
    tensor = inspection.inputs[0]
    least = {"uint8": 0, "int8": -128}.get(tensor.dtype)
    if least is not None:
        found = tensor.quantization
        step, zero = (found.scales[0], found.zero_points[0]) if found else (1.0, 0)
        return (float(zero - least),), (1 / step,)
    if inspection.scale is None:
        raise UsageError(
            f"{path} does not say how its images are scaled.",
            "Say it: --mean 127.5 --std 127.5 (for -1 to 1), --mean 0 --std 255 (for 0 to 1), or "
            "--mean 0 --std 1 (for 0 to 255).",
        )
    return inspection.scale


def images_of(
    path: Path, inspection: Inspection, contract: Preprocessing, reading: Reading, work: Path
) -> Images:
    """Write the dataset's evaluation images and labels to a file in a folder of this session's.

    Raises:
        UsageError: There is no such dataset, or a setting is out of range.
        UsageError: Its classes are not the file's.
        DataError: It cannot be used.
    """
    data = load_dataset(
        reading.dataset,
        resolution=(contract.height, contract.width),
        mean=contract.mean,
        std=contract.std,
        channels=contract.channels,
        layout=contract.layout,
    )
    scores = _scores(path, inspection.outputs[0])
    data = _numbered(path, data, scores, _names(path, inspection, reading), reading)
    file = work / "evaluation.npz"
    file = file.with_name(f"{len(list(work.iterdir()))}-{file.name}")
    digest = save_evaluation(file, data.evaluation)
    threshold = 0.5 if inspection.last_operation == "Sigmoid" else 0.0  # sigmoid(0) = 0.5
    if data.multilabel:
        head = Head("multilabel", threshold)
    else:
        head = Head("binary", threshold) if scores == 1 else Head()
    return Images(file, digest, len(data.evaluation), head, len(data.labels), labelled=data.labelled)


def _scores(path: Path, output: TensorInfo) -> int:
    """Return how many scores a file's first output has."""
    sizes = [size for size in output.shape if size > 1]
    if len(sizes) > 1:
        raise UsageError(
            f"{path} gives no vector of scores: its first output is {output.name} {list(output.shape)}.",
            "Leave --dataset out: outputs are compared in place of accuracy.",
        )
    return sizes[0] if sizes else 1


def _names(path: Path, inspection: Inspection, reading: Reading) -> tuple[str, tuple[str, ...]]:
    """Return the names of a file's classes and who has them: what was named, what is next to it, itself."""
    if file := Path(reading.labels) if reading.labels else labels_next_to(path):
        return str(file), read_labels(file)
    if inspection.usage:
        return str(path), inspection.usage.labels
    text = labels_inside(path.read_bytes()) if path.suffix == ".tflite" else None
    return str(path), names_in(text, str(path)) if text is not None else ()


def _numbered(
    path: Path, data: Dataset, scores: int, named: tuple[str, tuple[str, ...]], reading: Reading
) -> Dataset:
    """Number the dataset's classes as a file's scores are: by the names given, ImageNet's, or their own."""
    classes = 2 if scores == 1 else scores
    file, names = named
    if names:
        if len(names) == classes:
            return with_classes(data, names, places_among(data.labels, names)) if data.labelled else data
        raise UsageError(f"{path} gives {plural(scores, 'score')}, {file} has {len(names)} names.", _NAME)
    if not data.labelled or len(data.labels) == classes:
        return data
    if scores in IMAGENET_CLASSES and (places := places_in_imagenet(data.labels, scores)) is not None:
        return with_classes(data, imagenet_labels(scores), places)
    raise UsageError(
        f"{path} gives {plural(scores, 'score')}, {reading.dataset} has {len(data.labels)} classes.", _NAME
    )
