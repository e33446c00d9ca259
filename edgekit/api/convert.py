"""`edgekit.convert`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from edgekit.api.given import StrPath, call, several
from edgekit.errors import UsageError
from edgekit.progress import SILENT, Progress
from edgekit.zoo.families import DEFAULT_FAMILY

if TYPE_CHECKING:
    from edgekit.artefact import ArtefactSet, Channels, PerChannel
    from edgekit.conversion.request import Preprocess
    from edgekit.conversion.target import Target
    from edgekit.conversion.tflite_files import IO
    from edgekit.device import Profile
    from edgekit.training import TrainOutcome


def convert(
    model: StrPath | TrainOutcome = DEFAULT_FAMILY,
    *,
    alpha: float | None = None,
    resolution: int | tuple[int, int] | None = None,
    weights: StrPath | None = None,
    classes: int | None = None,
    dataset: StrPath | None = None,
    labels: StrPath | None = None,
    calibrate_on: StrPath | None = None,
    int8: bool = True,
    float16: bool = False,
    formats: str | Iterable[str] | None = None,
    target: Target | None = None,
    device: str | Profile | None = None,
    io: IO | None = None,
    calibration: int = 300,
    max_drop: str | float | None = None,
    min_agreement: str | float | None = None,
    mean: float | PerChannel | None = None,
    std: float | PerChannel | None = None,
    channels: Channels | None = None,
    preprocess: Preprocess | None = None,
    qat: int | None = None,
    runs: StrPath = "runs",
    seed: int = 0,
    output: StrPath | None = None,
    command: str = "",
    progress: Progress = SILENT,
) -> ArtefactSet:
    """Turn a trained model into TFLite and ONNX files, quantized and verified.

    Args:
        model: A model family, a trained model's name, a .keras or .h5 file, a SavedModel, a float .onnx or
            .tflite file (which becomes files of its own format), or what `train` returned.
        alpha: Width multiplier of a family; None: its usual one.
        resolution: Height and width of the input in pixels: one number for both, or (height, width).
        weights: `imagenet` or a file, for a family; None: a trained model that fits.
        classes: Number of classes, for a file of weights only.
        dataset: What to calibrate and evaluate on: `digits`, `shapes`, `cifar10`, a folder with one
            sub-folder per class, or a .npz file; None: what the model was trained on.
        labels: File with the names of the classes in the model's order, one per line; None: labels.txt
            or class_names.txt next to the model, else the dataset's own order.
        calibrate_on: Images to calibrate with, labelled or not: a folder, at any depth, or a .npz
            file. Without a dataset, files are judged by their agreement with the model on some of them.
        int8: Quantize to int8, in addition to float32.
        float16: Also write float16 TFLite.
        formats: Names of file formats, `tflite` or `onnx`, one or several; None: all.
        target: Processor that the weights of the int8 ONNX file must suit; None: that of `device`, and
            without one `portable`, which suits all.
        device: A device's name, or a profile, which the int8 files are for. It is not contacted.
        io: What int8 files take and give: `uint8`, `int8` or `float32`. A `uint8` file takes an image's bytes
            as they are. None: int8 for TFLite, float32 for ONNX.
        calibration: Number of calibration images.
        max_drop: Accuracy that int8 may lose: a fraction, or a text such as `0.5 pp`; None: no limit.
        min_agreement: Share of images that int8 must answer as the float model does: a fraction, or a text
            such as `98 %`. Works without labels. None: no limit.
        mean: Input scaling (x - mean) / std of pixels 0 to 255, for all channels or each; None: as the
            model needs.
        std: See `mean`.
        channels: Channels of the model's input, in order: `rgb`, `bgr`, `grey` or `rgba`; None: those that
            fit its depth, rgb for three.
        preprocess: Sets `mean`, `std` and `channels` by the name of a mode of Keras' `preprocess_input`:
            `tf`, `torch` or `caffe`; `rescale` gives 0 to 1, `none` 0 to 255.
        qat: Epochs of quantization-aware training: the model is fine-tuned with simulated 8-bit arithmetic,
            taught by its float self, before it is quantized; None: it is not trained.
        runs: Folder for what an unfinished training needs to go on.
        seed: Seed for the images that `shapes` draws, and for the order in which images are trained on.
        output: Folder for the set; None: artefacts/NAME. An existing set is replaced.
        command: What the manifest says made the set; empty: this call.
        progress: Receives every step.

    Raises:
        UsageError: The request, the model or the dataset do not fit each other.
        ModelError: The model cannot be read or converted.
        DataError: The dataset cannot be used.
        InvalidError: The set was written (`error.written` is its folder), but a file is missing or cannot be
            trusted: int8 lost very much, or it is not certain that it keeps to `max_drop` or `min_agreement`.
            Or nothing is written, as no file computes what the model computes.
        StorageError: The folder cannot be written; nothing is left there.
        GateError: The set was written, but an int8 file lost more than `max_drop`, or kept fewer answers than
            `min_agreement`.
    """
    typed = command or call(convert, locals())
    if target and device is not None:
        raise UsageError(
            "Both a target and a device were named, and each says which processor the files are for.",
            "Leave out --target or --for.",
        )
    from edgekit.conversion import ConvertRequest
    from edgekit.conversion import convert as run
    from edgekit.units import parse_fraction

    request = ConvertRequest(
        model=str(model if isinstance(model, str | os.PathLike) else model.checkpoint),
        alpha=alpha,
        resolution=resolution,
        weights=None if weights is None else str(weights),
        classes=classes,
        dataset=None if dataset is None else str(dataset),
        labels=None if labels is None else Path(labels),
        calibrate_on=None if calibrate_on is None else str(calibrate_on),
        int8=int8,
        float16=float16,
        formats=None if formats is None else several(formats),
        target=target or ("portable" if device is None else _target(device)),
        io=io,
        calibration=calibration,
        max_drop=parse_fraction(max_drop) if isinstance(max_drop, str) else max_drop,
        min_agreement=parse_fraction(min_agreement) if isinstance(min_agreement, str) else min_agreement,
        mean=(mean,) if isinstance(mean, int | float) else mean,
        std=(std,) if isinstance(std, int | float) else std,
        channels=channels,
        preprocess=preprocess,
        qat=qat,
        runs=Path(runs),
        seed=seed,
        output=None if output is None else Path(output),
        command=typed,
    )
    return run(request, progress)


def _target(device: str | Profile) -> Target:
    """Return what suits a device's processor, as far as its profile says which that is."""
    from edgekit.conversion.target import of_host
    from edgekit.device import find_profile

    profile = find_profile(device) if isinstance(device, str) else device
    if profile.kind.here:
        return of_host()
    if profile.arm:
        return "arm64"
    raise UsageError(
        f"The profile of {profile.name} does not say which processor it has.",
        "If it is an arm64 one, write --target arm64; --target portable suits every processor.",
    )
