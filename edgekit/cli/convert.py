"""`edgekit convert`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from edgekit.cli.completion import complete_dataset, complete_format, complete_model
from edgekit.cli.numeric import real, whole
from edgekit.zoo.families import DEFAULT_FAMILY

Target = Literal["portable", "arm64", "x86-vnni", "x86-avx2"]
IO = Literal["int8", "uint8", "float32"]


def convert(
    model: Annotated[
        str,
        typer.Argument(
            help="A model family, a trained model's name, a .keras or .h5 file or a SavedModel.",
            autocompletion=complete_model,
        ),
    ] = DEFAULT_FAMILY,
    alpha: Annotated[
        float | None, real("Width multiplier of a family; not given: its usual one, such as 0.5.")
    ] = None,
    resolution: Annotated[int | None, whole("Height and width of the input in pixels.")] = None,
    weights: Annotated[
        str | None,
        typer.Option(help="Of a family: `imagenet`, or a file. Not given: a trained model that fits."),
    ] = None,
    classes: Annotated[int | None, whole("Number of classes, for a file of weights only.")] = None,
    dataset: Annotated[
        str | None,
        typer.Option(
            help="Calibrate and evaluate on: digits, shapes, cifar10, a folder with one sub-folder a class, "
            "or a .npz file. Not given: what the model was trained on.",
            autocompletion=complete_dataset,
        ),
    ] = None,
    int8: Annotated[bool, typer.Option("--int8/--no-int8", help="Quantize to int8, beside float32.")] = True,
    float16: Annotated[bool, typer.Option("--float16", help="Also write float16 TFLite.")] = False,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            help="tflite or onnx; may be repeated; all if not given.",
            autocompletion=complete_format,
        ),
    ] = None,
    target: Annotated[
        Target, typer.Option(help="Processor that the int8 ONNX weights must suit; portable suits all.")
    ] = "portable",
    io: Annotated[IO, typer.Option(help="Input and output type of the int8 TFLite file.")] = "int8",
    calibration: Annotated[int, whole("Number of calibration pictures.")] = 300,
    max_drop: Annotated[
        str | None, typer.Option(metavar="SHARE", help="Fail if int8 loses more accuracy, such as `0.5 pp`.")
    ] = None,
    mean: Annotated[
        float | None,
        real("Input scaling (x - mean) / std of pixels 0 to 255; not given: as the model needs."),
    ] = None,
    std: Annotated[float | None, real("See --mean.")] = None,
    seed: Annotated[int, whole("Of the pictures that `shapes` draws.")] = 0,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for the set.  [default: artefacts/NAME]")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the manifest as JSON.")] = False,
) -> None:
    """Turn a trained model into TFLite and ONNX files, quantized and verified.

    Example: edgekit convert --alpha 0.5 --int8

    Example: edgekit convert my_model.keras --dataset my_pictures --int8
    """
    from edgekit.cli.console import command_line, print_record, progress_bar, quote, say_next
    from edgekit.cli.show import show_set
    from edgekit.conversion import ConvertRequest
    from edgekit.conversion import convert as run
    from edgekit.units import parse_fraction

    request = ConvertRequest(
        model=model,
        alpha=alpha,
        resolution=resolution,
        weights=weights,
        classes=classes,
        dataset=dataset,
        int8=int8,
        float16=float16,
        formats=formats or None,
        target=target,
        io=io,
        calibration=calibration,
        max_drop=None if max_drop is None else parse_fraction(max_drop),
        mean=mean,
        std=std,
        seed=seed,
        output=output,
        command=command_line(),
    )
    with progress_bar() as progress:
        artefacts = run(request, progress)
    if as_json:
        print_record(artefacts.manifest)
    else:
        show_set(artefacts)
    say_next(f"edgekit bench {quote(artefacts.folder)}")
