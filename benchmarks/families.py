"""Takes every model family through edgekit: four files, an epoch of training, a measurement.

    python benchmarks/families.py [FAMILY …] [--at smallest] [--no-train] [--no-measure]

Files are made with random weights at the size of the family's paper, from images of five classes, and
checked: float files agree with Keras, int8 files keep nothing but softmax in float32. Batch normalizations
are settled, so that scores depend on the image. An epoch is trained at the smallest size. The parameters are
those with ImageNet's classes. Exits with 1 if something is missing.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from zoo import drawn, settle

import edgekit
from edgekit.artefact import ArtefactSet, Preprocessing, read_set
from edgekit.conversion.formats import FORMATS
from edgekit.data import load_dataset, normalise
from edgekit.errors import EdgekitError
from edgekit.inspection import ModelCost, inspect_file
from edgekit.zoo import FAMILIES
from edgekit.zoo.build import build
from edgekit.zoo.spec import model_spec

FILES = ("float32.tflite", "int8.tflite", "float32.onnx", "int8.onnx")
CLASSES = 5
SETTLING = 8  # images: a batch's tensors are all in memory at once, 0.3 GB for each of Xception's
PARITY = 1e-4  # largest difference of a float file's scores from Keras'
IN_FLOAT = {"Softmax"}  # of int8 ONNX files
BORDERS = {"QUANTIZE", "DEQUANTIZE", "QuantizeLinear", "DequantizeLinear"}
QUICK = edgekit.Schedule(repeats=1, min_runs=5, min_seconds=0.5, warmup_runs=2, warmup_seconds=0.1)


@dataclass
class Row:
    """What became of one family."""

    name: str
    resolution: int  # pixels, of the files
    parameters: int  # with ImageNet's classes
    parity: float = 0.0  # largest difference of a float file's scores from Keras'
    megabytes: float = 0.0  # of int8.tflite
    trained: int | None = None  # pixels, of an epoch that was trained
    measured: int | None = None  # files
    seconds: float = 0.0
    faults: tuple[str, ...] = ()

    def cells(self) -> Iterator[str]:
        """Yield the columns of the table."""
        yield f"`{self.name}`"
        yield f"{self.parameters:,}"
        yield str(self.resolution)
        yield f"{self.parity:.0e}"
        yield f"{self.megabytes:.1f} MB"
        yield "–" if self.trained is None else f"{self.trained} px"
        yield "–" if self.measured is None else str(self.measured)
        yield f"{self.seconds / 60:.1f} min"
        yield "; ".join(self.faults) or "yes"


HEAD = (
    "family",
    "parameters",
    "pixels",
    "float parity",
    "int8.tflite",
    "trained",
    "measured",
    "took",
    "whole",
)


def main() -> int:
    """Go through the families, and print a row for each as it is done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(FAMILIES)}; none: all")
    parser.add_argument(
        "--at", choices=("usual", "smallest"), default="usual", help="input size of the files"
    )
    parser.add_argument("--images", type=int, default=200, help="of five classes")
    parser.add_argument("--no-train", action="store_true")
    parser.add_argument("--no-measure", action="store_true")
    given = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_images(folder / "five", given.images)
        print("| " + " | ".join(HEAD) + " |\n|" + " --- |" * len(HEAD), flush=True)
        for name in given.names or FAMILIES:
            rows.append(
                taken_through(
                    name,
                    folder,
                    smallest=given.at == "smallest",
                    train=not given.no_train,
                    measure=not given.no_measure,
                )
            )
            print("| " + " | ".join(rows[-1].cells()) + " |", flush=True)
    return int(any(row.faults for row in rows))


def write_images(folder: Path, count: int) -> None:
    """Write images of the first five classes of `shapes`, a folder for each class."""
    from PIL import Image

    dataset = load_dataset("shapes", resolution=96)
    split = dataset.train
    for label in range(CLASSES):
        (folder / dataset.labels[label]).mkdir(parents=True)
        chosen = np.flatnonzero(split.labels == label)[: count // CLASSES]
        for index, image in enumerate(split.images.read(chosen.tolist())):
            Image.fromarray(image).save(folder / dataset.labels[label] / f"{index}.png")


def taken_through(
    name: str,
    folder: Path,
    *,
    smallest: bool = False,
    alpha: float | None = None,
    train: bool = True,
    measure: bool = True,
) -> Row:
    """Convert a family with random weights, train an epoch of it, measure its files.

    Args:
        name: Of the family.
        folder: Has the images in `five`; receives all that is made.
        smallest: Files of the smallest size, not of the paper's.
        alpha: Width multiplier of the files; None: that of the family's paper.
        train: Train an epoch at the smallest size.
        measure: Measure each file.
    """
    began = time.monotonic()
    family = FAMILIES[name]
    whole = edgekit.inspect(name)
    assert isinstance(whole, ModelCost)
    resolution = family.smallest if smallest else family.published_resolution
    row = Row(name, resolution, whole.cost.parameters)
    try:
        artefacts = converted(name, resolution, alpha, folder)
        row.faults = tuple(faults(artefacts))
        files = {file.name: file for file in artefacts.manifest.files}
        floats = [file.quality for file in files.values() if file.precision == "float32"]
        row.parity = max(quality.max_abs_error or 0.0 for quality in floats)
        row.megabytes = files["int8.tflite"].bytes / 1e6
        if train:
            edgekit.train(
                name,
                resolution=family.smallest,
                dataset=folder / "five",
                epochs=1,
                batch_size=16,
                output=folder / "models",
                runs=folder / "runs",
            )
            row.trained = family.smallest
        if measure:
            result = edgekit.bench(
                artefacts,
                runtimes=("litert", "onnxruntime"),
                threads=1,
                mode=QUICK,
                accuracy=False,
                memory=False,
                output=folder / f"{name}.json",
            )
            row.measured = len({each.artefact.file for each in result.measurements})
    except EdgekitError as error:
        row.faults = (*row.faults, f"{error.what} {error.hint}")
    row.seconds = time.monotonic() - began
    return row


def converted(name: str, resolution: int, alpha: float | None, folder: Path) -> ArtefactSet:
    """Return the files of a family's model with random weights."""
    import keras

    keras.utils.clear_session()
    keras.utils.set_random_seed(0)
    family = FAMILIES[name]
    width = family.widths.published if alpha is None and family.widths else alpha
    weights = folder / f"{name}.weights.h5"
    model = build(model_spec(name, width, resolution, CLASSES))
    scale = Preprocessing(height=resolution, width=resolution, mean=family.mean, std=family.std)
    # else each layer makes its output smaller, until every image gets the same scores
    settle(keras, model, normalise(drawn(SETTLING, resolution)[0], scale))
    model.save_weights(weights)
    try:
        return edgekit.convert(
            name,
            weights=str(weights),
            alpha=width,
            resolution=resolution,
            classes=CLASSES,
            dataset=folder / "five",
            calibration=50,
            output=folder / name,
        )
    except EdgekitError as error:
        if not error.written:
            raise
        return read_set(error.written)
    finally:
        weights.unlink()


def faults(artefacts: ArtefactSet) -> Iterator[str]:
    """Yield what is missing, what is not as in Keras, and what an int8 file keeps in float32."""
    manifest = artefacts.manifest
    yield from (f"{each.name}: {each.reason}" for each in manifest.missing)
    for file in manifest.files:
        yield from (f"{file.name}: {fault}" for fault in file.faults)
        if file.precision == "float32" and file.quality.max_abs_error == 0:
            yield f"{file.name} gives every image the same scores"
        if file.precision == "float32" and not (file.quality.max_abs_error or 0.0) <= PARITY:
            yield f"{file.name} differs from Keras by {file.quality.max_abs_error}"
        if file.precision == "int8":
            layers = inspect_file(artefacts.path(file)).layers
            kept = {layer.op for layer in layers if FORMATS[file.format].is_float(layer)} - BORDERS - IN_FLOAT
            if kept:
                yield f"{file.name} has in float32: {', '.join(sorted(kept))}"


if __name__ == "__main__":
    sys.exit(main())
