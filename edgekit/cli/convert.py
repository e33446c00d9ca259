"""`edgekit convert`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from edgekit.cli import options
from edgekit.cli.completion import complete_device, complete_format, complete_model
from edgekit.zoo.families import DEFAULT_FAMILY

Target = Literal["portable", "arm64", "x86-vnni", "x86-avx2"]
IO = Literal["int8", "uint8", "float32"]
Channels = Literal["rgb", "bgr", "grey", "rgba"]
Preprocess = Literal["caffe", "torch", "tf", "rescale", "none"]


def convert(
    model: Annotated[
        str,
        typer.Argument(
            help="A model family, a trained model's name, a Keras, ONNX or TFLite file, or a SavedModel.",
            autocompletion=complete_model,
        ),
    ] = DEFAULT_FAMILY,
    alpha: Annotated[
        float | None, options.real("Width multiplier of a family.  [default: the family's, such as 0.5]")
    ] = None,
    resolution: Annotated[
        str | None,
        typer.Option(metavar="PIXELS", help="Height and width of the input: 224 for both, or 192x256."),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(help="`imagenet` or a file, for a family.  [default: a trained model that fits]"),
    ] = None,
    classes: Annotated[int | None, options.whole("Number of classes, for a weights file only.")] = None,
    dataset: Annotated[
        str | None,
        options.dataset(
            "Images to calibrate and evaluate with: digits, shapes, cifar10, a folder with one sub-folder "
            "per class, or a .npz file.  [default: the dataset that the model was trained on]"
        ),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            help="File with the class names in the model's order, one per line.  [default: labels.txt or "
            "class_names.txt next to the model, else the dataset's order]"
        ),
    ] = None,
    calibrate_on: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER",
            help="Images for calibration, with or without classes: a folder, or a .npz file.  "
            "[default: a part of the dataset]",
        ),
    ] = None,
    int8: Annotated[
        bool, typer.Option("--int8/--no-int8", help="Quantize to int8, in addition to float32.")
    ] = True,
    float16: Annotated[bool, typer.Option("--float16", help="Also write float16 TFLite.")] = False,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            help="Format of the files: tflite or onnx. May be repeated.  [default: all]",
            autocompletion=complete_format,
        ),
    ] = None,
    target: Annotated[
        Target | None,
        typer.Option(
            help="Processor that runs the int8 ONNX file; portable is safe on all.  [default: that of "
            "--for, else portable]"
        ),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(
            "--for",
            metavar="DEVICE",
            help="Device that runs the files, such as rpi4; sets --target. The device is not contacted.",
            autocompletion=complete_device,
        ),
    ] = None,
    io: Annotated[
        IO | None,
        typer.Option(help="Input and output of int8 files.  [default: int8 for TFLite, float32 for ONNX]"),
    ] = None,
    calibration: Annotated[int, options.whole("Number of calibration images.")] = 300,
    max_drop: Annotated[
        str | None,
        typer.Option(metavar="SHARE", help="Fail if int8 loses more accuracy than this, such as `0.5 pp`."),
    ] = None,
    min_agreement: Annotated[
        str | None,
        typer.Option(
            metavar="SHARE",
            help="Fail if int8 agrees with the float model on fewer images than this, such as `98 %`. Images "
            "need no classes.",
        ),
    ] = None,
    mean: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBERS",
            help="Input scaling (x - mean) / std of pixels 0 to 255: one number, or one per channel, "
            "separated by commas.  [default: detected from the model]",
        ),
    ] = None,
    std: Annotated[str | None, typer.Option(metavar="NUMBERS", help="Input scaling: see --mean.")] = None,
    channels: Annotated[
        Channels | None,
        typer.Option(help="Channels of the images.  [default: to match the model's input]"),
    ] = None,
    preprocess: Annotated[
        Preprocess | None,
        typer.Option(
            help="Input scaling by name: Keras' caffe, torch or tf; rescale for 0 to 1; none for 0 to 255."
        ),
    ] = None,
    qat: Annotated[
        int | None,
        options.whole(
            "Epochs of quantization-aware training, with the float model as the teacher.  [default: none]"
        ),
    ] = None,
    runs: Annotated[Path, typer.Option(help="Folder for the files that --qat needs to resume.")] = Path(
        "runs"
    ),
    seed: Annotated[int, options.whole("Seed for the images of `shapes`.")] = 0,
    output: Annotated[Path | None, options.output("Folder for the set.  [default: artefacts/NAME]")] = None,
    as_json: options.AsJson = False,
) -> None:
    """Convert a trained model to quantized TFLite and ONNX files.

    Each file is verified on images that were not used for calibration.

    Example: edgekit convert --alpha 0.5 --int8

    Example: edgekit convert my_model.keras --dataset my_images --int8
    """
    import edgekit
    from edgekit.cli.console import command_line, progress_bar, quote, say_next
    from edgekit.errors import EdgekitError

    try:
        with progress_bar() as progress:
            artefacts = edgekit.convert(
                model,
                alpha=alpha,
                resolution=options.resolution_of(resolution),
                weights=weights,
                classes=classes,
                dataset=dataset,
                labels=labels,
                calibrate_on=calibrate_on,
                int8=int8,
                float16=float16,
                formats=formats or None,
                target=target,
                device=device,
                io=io,
                calibration=calibration,
                max_drop=max_drop,
                min_agreement=min_agreement,
                mean=options.per_channel_of(mean, "--mean"),
                std=options.per_channel_of(std, "--std"),
                channels=channels,
                preprocess=preprocess,
                qat=qat,
                runs=runs,
                seed=seed,
                output=output,
                command=command_line(),
                progress=progress,
            )
    except EdgekitError as error:
        if error.written is not None:
            _show(error.written, as_json)
        raise
    _show(artefacts.folder, as_json)
    say_next(f"edgekit bench {quote(artefacts.folder)}")


def _show(folder: Path, as_json: bool) -> None:
    from edgekit.artefact import read_set
    from edgekit.cli.console import print_record
    from edgekit.cli.show_set import show_set

    artefacts = read_set(folder)
    if as_json:
        print_record(artefacts.manifest)
    else:
        show_set(artefacts, warned=True)
