"""What `edgekit convert` costs beside the stock converters, one after the other.

    python benchmarks/convert_speed.py [--size 224] [--images 200] [--repeats 3]

Stock are TensorFlow's converter for int8 TFLite, then tf2onnx with ONNX Runtime's `quant_pre_process` and
`quantize_static` per channel, as their pages have them, from the same Keras file and the same images. Both
are whole commands in fresh processes, in turn, from the start of Python to the last file; `edgekit convert`
also proves its files, with a third more of images. It prints the medians of wall and CPU seconds and of
the largest resident memory, and exits with 1 if the ratio of the CPU seconds is above 1.5. The model is the
shipped MobileNet v1 α .5, given larger images; they are of `shapes`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np

LIMIT = 1.5
MODEL, DATASET = "mobilenet_v1_0.5_64_shapes", "shapes"
SHARE = 1 / 3  # evaluation images that edgekit draws, of those it calibrates with
_WRITTEN_AT_ONCE = 100


@dataclass(frozen=True)
class Cost:
    """Of one process and those it started."""

    wall: float  # seconds
    cpu: float  # seconds
    memory: float  # MB, the largest at any time

    def __str__(self) -> str:
        """Write it in columns."""
        return f"{self.wall:7.1f} s {self.cpu:7.1f} CPU s {self.memory:7.0f} MB"


def cost(command: list[str]) -> Cost:
    """Run a command.

    Raises:
        SystemExit: It failed; with what it printed.
    """
    with tempfile.TemporaryFile() as printed:
        begun = time.monotonic()
        child = subprocess.Popen(command, stdout=printed, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - begun
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            printed.seek(0)
            raise SystemExit(printed.read().decode(errors="replace"))
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000)


def prepare(folder: Path, size: int, count: int) -> None:
    """Write the model and its images as files."""
    from PIL import Image

    from edgekit.data import load_dataset
    from edgekit.zoo import ModelSpec
    from edgekit.zoo.build import build
    from edgekit.zoo.source import resolve

    small = resolve(MODEL).load()
    spec = ModelSpec("mobilenet_v1", 0.5, size, small.classes)
    model: Any = build(spec)
    model.set_weights(small.model.get_weights())
    model.save(folder / "model.keras")
    pool = load_dataset(DATASET, resolution=size).train
    (folder / "images").mkdir()
    for start in range(0, count, _WRITTEN_AT_ONCE):
        some = range(start, min(start + _WRITTEN_AT_ONCE, count))
        for index, pixels in zip(some, pool.images.read(some), strict=True):
            Image.fromarray(pixels).save(folder / "images" / f"{index:05}.png")


def stock(folder: Path, count: int) -> None:
    """Make both int8 files as the converters' own pages say."""
    import keras
    import tensorflow as tf
    import tf2onnx
    from onnxruntime.quantization import CalibrationDataReader, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process
    from PIL import Image

    model = keras.saving.load_model(folder / "model.keras")

    def images() -> Iterator[np.ndarray[Any, Any]]:
        for path in sorted((folder / "images").iterdir())[:count]:
            yield (np.asarray(Image.open(path), np.float32)[None] - 127.5) / 127.5

    tool = tf.lite.TFLiteConverter.from_keras_model(model)
    tool.optimizations = [tf.lite.Optimize.DEFAULT]
    tool.representative_dataset = lambda: ([image] for image in images())
    tool.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    tool.inference_input_type = tool.inference_output_type = tf.int8
    (folder / "stock.tflite").write_bytes(tool.convert())

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._images = images()

        def get_next(self) -> dict[str, np.ndarray[Any, Any]] | None:
            image = next(self._images, None)
            return None if image is None else {"input": image}

    image = tf.TensorSpec((1, *model.input_shape[1:]), tf.float32, name="input")
    source, ready, target = (str(folder / f"{name}.onnx") for name in ("float", "ready", "stock"))
    function = tf.function(lambda x: model(x, training=False), input_signature=[image])
    tf2onnx.convert.from_function(function, input_signature=[image], opset=17, output_path=source)
    quant_pre_process(source, ready, skip_symbolic_shape=True)
    quantize_static(ready, target, Reader(), per_channel=True)


def main() -> int:
    """Measure both in turn."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--stock", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.stock is not None:
        stock(given.stock, given.images)
        return 0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        prepare(folder, given.size, given.images + round(given.images * SHARE))
        commands = {
            "stock": [sys.executable, __file__, "--images", str(given.images), "--stock", place],
            "edgekit": [
                *(sys.executable, "-m", "edgekit", "convert", str(folder / "model.keras")),
                *("--calibrate-on", str(folder / "images"), "--calibration", str(given.images)),
                *("--output", str(folder / "set")),
            ],
        }
        found: dict[str, list[Cost]] = {name: [] for name in commands}
        for _ in range(given.repeats):
            for name, command in commands.items():
                found[name].append(cost(command))
                last = found[name][-1]
                print(f"{name:<8}{last}", flush=True)
    ours, theirs = (_medians(found[name]) for name in ("edgekit", "stock"))
    print(
        f"ratios of the medians: wall {ours.wall / theirs.wall:.2f}, CPU {ours.cpu / theirs.cpu:.2f} "
        f"(limit {LIMIT}), memory {ours.memory / theirs.memory:.2f}"
    )
    return int(ours.cpu / theirs.cpu > LIMIT)


def _medians(costs: Sequence[Cost]) -> Cost:
    columns = zip(*(astuple(each) for each in costs), strict=True)
    return Cost(*map(statistics.median, columns))


if __name__ == "__main__":
    sys.exit(main())
