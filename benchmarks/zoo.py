"""Converts well-known architectures to all four files, and says of each whether it worked and how well.

    python benchmarks/zoo.py [NAME …] [--resolution 96] [--images 1000] [--sets FOLDER] [--output PAGE]

With `--sets` the sets are kept, and a run that was ended goes on where it was.

No trained weights are needed: weights are random, batch normalizations are settled on images of `shapes`, and
the classifier behind the features is a least-squares fit, so that every model is right far more often than
by guessing. Where quantization hurts such a model, it is the architecture's doing.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import edgekit
from edgekit.artefact import ArtefactSet, read_set
from edgekit.conversion.formats import FORMATS
from edgekit.data import load_dataset
from edgekit.errors import EdgekitError
from edgekit.inspection import inspect_file
from edgekit.stats import wilson

FILES = ("float32.tflite", "int8.tflite", "float32.onnx", "int8.onnx")
LEAN = 1.03  # of the bytes of int8.onnx's tensors and 100 for each node; a file is no larger
CALM = 1.0  # what batch normalizations add before an activation function, of the spread of 1 that they give
CALIBRATION = 100  # images
SETTLING = 8  # batches of images that settle the batch normalizations
BATCH = 32
RIDGE = 0.3  # of the number of images; the features are brought to a spread of 1

Build = Callable[[Any, tuple[int, int, int]], Any]


def application(name: str, **fixed: Any) -> Build:
    """Return how one of Keras' own architectures is built, without its classifier."""

    def build(keras: Any, shape: tuple[int, int, int]) -> Any:
        make = getattr(keras.applications, name)
        return make(include_top=False, weights=None, input_shape=shape, pooling="avg", **fixed)

    return build


def convnext_tiny(keras: Any, shape: tuple[int, int, int]) -> Any:
    """ConvNeXt-T (Liu et al., 2022) whose blocks count: as Keras begins, each counts for a millionth."""
    model = application("ConvNeXtTiny")(keras, shape)
    for layer in model.layers:
        if type(layer).__name__ == "LayerScale":
            layer.gamma.assign(keras.ops.ones_like(layer.gamma))
    return model


def vit_tiny(keras: Any, shape: tuple[int, int, int]) -> Any:
    """ViT-Ti/16 (Touvron et al., 2021): 192 wide, 12 blocks of 3 heads; mean pooling instead of a token."""
    layers = keras.layers
    image = keras.Input(shape)
    x = layers.Conv2D(192, 16, 16)(image)
    tokens = x.shape[1] * x.shape[2]
    x = layers.Reshape((tokens, 192))(x)
    x = layers.EinsumDense("btd,de->bte", (tokens, 192), bias_axes="te", bias_initializer="random_normal")(x)
    for _ in range(12):
        y = layers.LayerNormalization(epsilon=1e-6)(x)
        x = layers.Add()([x, layers.MultiHeadAttention(3, 64)(y, y)])
        y = layers.LayerNormalization(epsilon=1e-6)(x)
        y = layers.Dense(192)(layers.Dense(768, activation="gelu")(y))
        x = layers.Add()([x, y])
    x = layers.LayerNormalization(epsilon=1e-6)(x)
    return keras.Model(image, layers.GlobalAveragePooling1D()(x))


MODELS: dict[str, Build] = {
    "MobileNet v1 0.25": application("MobileNet", alpha=0.25),
    "MobileNet v1 1.0": application("MobileNet"),
    "MobileNet v2 1.0": application("MobileNetV2"),
    "MobileNet v3 small": application("MobileNetV3Small"),
    "MobileNet v3 large": application("MobileNetV3Large"),
    "Xception": application("Xception"),
    "EfficientNet-B0": application("EfficientNetB0"),
    "EfficientNet V2-B0": application("EfficientNetV2B0"),
    "ResNet-50": application("ResNet50"),
    "NASNet mobile": application("NASNetMobile"),
    "DenseNet-121": application("DenseNet121"),
    "ConvNeXt tiny": convnext_tiny,
    "ViT tiny": vit_tiny,
}


# resolution and images of what takes longest: its depthwise convolutions of 7 × 7, in TensorFlow
SMALLER = {"ConvNeXt tiny": (64, 400)}


@dataclass(frozen=True)
class Row:
    """What became of one model: its set, or why there is none."""

    name: str
    set: ArtefactSet | None
    reason: str = ""

    def cells(self) -> Iterator[str]:
        """Yield the columns of the table."""
        yield self.name
        if self.set is None:
            yield from (*("–" for _ in range(4 + len(FILES))), self.reason)
            return
        manifest = self.set.manifest
        yield f"{manifest.model.parameters / 1e6:.1f} M"
        yield f"{manifest.preprocessing.height}"
        yield f"{manifest.dataset.evaluation.n}"
        yield f"{(manifest.keras_accuracy or 0) * 100:.1f} %"
        for name in FILES:
            file = next((file for file in manifest.files if file.name == name), None)
            if file is None:
                yield "–"
            elif file.precision == "float32":
                yield f"{file.quality.max_abs_error or 0:.0e}"
            else:
                yield f"{file.quality.agreement * 100:.1f} %"
        yield self.reason


def main() -> int:
    """Convert, print a row per model as it is done, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(MODELS)}; none: all")
    parser.add_argument("--resolution", type=int, default=96)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--sets", type=Path, help="keep the sets here, and make only those that are missing")
    parser.add_argument("--output", type=Path)
    given = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    rows, sizes_fit = [], []
    with tempfile.TemporaryDirectory() as scratch:
        for name in given.names or MODELS:
            resolution, count = SMALLER.get(name, (given.resolution, given.images))
            folder = (given.sets or Path(scratch)) / f"{resolution}px-{count}"
            folder.mkdir(parents=True, exist_ok=True)
            rows.append(converted(name, MODELS[name], resolution, count, folder))
            sizes_fit.append(lean(rows[-1].set))
            print("| " + " | ".join(rows[-1].cells()) + " |", flush=True)
    if given.output:
        given.output.write_text(page(rows, given))
    return int(not all(sizes_fit) or any(row.set is None for row in rows))


def lean(artefacts: ArtefactSet | None) -> bool:
    """Whether `int8.onnx`, if there is one, is hardly larger than what it must hold; else say so."""
    import onnx

    for file in artefacts.manifest.files if artefacts else ():
        if artefacts and file.name == "int8.onnx":
            graph = onnx.load(artefacts.path(file)).graph
            held = sum(onnx.numpy_helper.to_array(tensor).nbytes for tensor in graph.initializer)
            if file.bytes > LEAN * (held + 100 * len(graph.node)):
                print(f"int8.onnx has {file.bytes:,} bytes for {held:,}, {len(graph.node)} nodes")
                return False
    return True


def clear_session() -> None:
    """Let Keras forget the models before."""
    import keras

    keras.utils.clear_session()


@cache
def drawn(count: int, resolution: int) -> tuple[Any, Any]:
    """Return images of `shapes`, uint8 [n, resolution, resolution, 3], and their classes [n]."""
    split = load_dataset("shapes", resolution=resolution).train
    where = np.linspace(0, len(split) - 1, count).astype(int)
    return split.images.read(list(where)), split.labels[where]


def converted(name: str, build: Build, resolution: int, count: int, folder: Path) -> Row:
    """Build one model and convert it, unless its set is there."""
    path = folder / f"{name.lower().replace(' ', '_')}.keras"
    output = folder / path.stem
    if output.exists():
        artefacts = read_set(output)
        return Row(name, artefacts, "; ".join(reasons(artefacts)))
    clear_session()  # else every model stays in memory
    images, labels = drawn(count, resolution)
    np.savez(folder / "images.npz", images=images, labels=labels)
    scale = right_model(build, images, labels, path)
    try:
        artefacts = edgekit.convert(
            path,
            dataset=folder / "images.npz",
            calibration=CALIBRATION,
            mean=scale[0],
            std=scale[1],
            output=output,
        )
    except EdgekitError as error:
        if not error.written:
            return Row(name, None, f"{error.what} {error.hint}")
        artefacts = read_set(error.written)
    finally:
        path.unlink()
    return Row(name, artefacts, "; ".join(reasons(artefacts)))


def reasons(artefacts: ArtefactSet) -> Iterator[str]:
    """Yield what is missing or wrong, and which operators stay in float32."""
    manifest = artefacts.manifest
    yield from (f"{each.name}: {each.reason}" for each in manifest.missing)
    for file in manifest.files:
        yield from (f"{file.name}: {fault}" for fault in file.faults)
        if file.precision == "int8":
            layers = inspect_file(artefacts.path(file)).layers
            kept = Counter(layer.op for layer in layers if FORMATS[file.format].is_float(layer))
            for border in ("QUANTIZE", "DEQUANTIZE", "QuantizeLinear", "DequantizeLinear"):
                kept.pop(border, None)
            if kept:
                ops = ", ".join(f"{count} {op}" for op, count in kept.most_common())
                yield f"{file.name} computes in float32: {ops}"


def right_model(build: Build, images: Any, labels: Any, path: Path) -> tuple[float, float]:
    """Save a model that is right about most images; return the mean and std that its pixels need."""
    import keras

    keras.utils.set_random_seed(0)
    base = build(keras, images.shape[1:])
    scales = (keras.layers.Rescaling, keras.layers.Normalization)
    inside = any(isinstance(layer, scales) for layer in base.layers)
    mean, std = (0.0, 1.0) if inside else (127.5, 127.5)
    given = (images.astype(np.float32) - mean) / std
    settle(keras, base, given)
    features = base.predict(given, batch_size=BATCH, verbose=0).astype(np.float64)
    kernel, bias = fit(features, np.eye(int(labels.max()) + 1)[labels])
    head = keras.layers.Dense(len(bias), activation="softmax")
    model = keras.Model(base.input, head(base.output))
    head.set_weights([kernel, bias])
    model.save(path)
    return mean, std


def settle(keras: Any, model: Any, images: Any) -> None:
    """Give every batch normalization the mean and variance of what reaches it, layer after layer.

    Before a ReLU it also gets an offset. With half of its values cut away, a network of random weights is
    chaotic: each layer makes a small difference larger (Yang et al., 2019, "A mean field theory of batch
    normalization"), so that its answers would hang on the rounding of its first layers. Training ends that.
    """
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    for layer in norms:
        readers = {type(node.operation).__name__ for node in layer._outbound_nodes}
        if readers <= {"ReLU", "Activation", "ZeroPadding2D"}:
            layer.beta.assign(keras.ops.full_like(layer.beta, CALM))
    for batch in range(SETTLING if norms else 0):
        for layer in norms:
            layer.momentum = batch / (batch + 1)  # so that all batches count alike
        start = batch * BATCH % len(images)
        model(images[start : start + BATCH], training=True)


def fit(features: Any, wanted: Any) -> tuple[Any, Any]:
    """Return kernel and bias of a softmax layer, by ridge regression on the classes' indicator."""
    mean, spread = features.mean(0), features.std(0) + 1e-9
    x = (features - mean) / spread
    ridge = RIDGE * len(x) * np.eye(x.shape[1])
    kernel = np.linalg.solve(x.T @ x + ridge, x.T @ (wanted - wanted.mean(0)))
    sharp = 10 * kernel / spread[:, None]  # softmax of 0 … 1 would be nearly even
    return sharp.astype(np.float32), (10 * wanted.mean(0) - mean @ sharp).astype(np.float32)


def page(rows: Sequence[Row], given: argparse.Namespace) -> str:
    """Return the table as a page of the documentation."""
    head = ("model", "parameters", "pixels", "images", "Keras top-1", *FILES, "note")
    lines = [head, ["---"] * len(head), *(list(row.cells()) for row in rows)]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    made = [row.set.manifest for row in rows if row.set]
    n = max((manifest.dataset.evaluation.n for manifest in made), default=0)
    low, high = (round(100 * end) for end in (wilson(round(0.9 * n), n) if n else (0.0, 1.0)))
    sizes = f"--resolution {given.resolution} --images {given.images}"
    smaller = "".join(f" ({count} for {name}, which takes longest)" for name, (_, count) in SMALLER.items())
    return f"""# Which architectures convert

The table has common architectures, each converted to all four files with default settings.

    python benchmarks/zoo.py {sizes} --sets build/zoo --output docs/models.md

makes this page, in a clone of edgekit. It needs no trained weights: Keras builds every model with random
weights, settled batch normalizations and a classifier fitted by least squares to {given.images:,} images of
the 12 classes of `shapes`{smaller}. {CALIBRATION} of the images are used for
calibration.

- **pixels**, **images**: height and width of an image, and the number of evaluation images.
- **float32**: parity, the largest difference of an output from Keras' output. Above 10⁻⁴ no file is written.
- **int8**: agreement, the share of images with Keras' top-1. With {n:,} images, 90 % means {low} to {high} %.
- **note**: what int8 files compute in float32. If empty, nothing but the softmax at the end of an ONNX file.

Batch normalizations before a ReLU have an offset of 1. At 0, a network of random weights amplifies small
differences from layer to layer, which training prevents: MobileNet v1 0.25 agreed on 27 % and v2 on 49 % of
the images. So use the agreement only to compare architectures. For your own model, `edgekit convert` measures
it: [Convert and quantize a model](converting.md).

{table}
"""


if __name__ == "__main__":
    sys.exit(main())
