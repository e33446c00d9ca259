"""Whether `edgekit compare` is right on this computer, where the truth is planted.

A    a MobileNet of 32, 64 and 224 pixels compared with itself, over and over: never "slower" or "faster"
B    the one of 64 pixels with one more layer, sized to cost 10 %: "slower" in 19 of 20
C    the one of 32 pixels, some 50 µs, with one that takes at least eight times as long: "slower"

Each comparison is `edgekit compare` with LiteRT on one thread. How much B's layer really costs is measured
first, interleaved like all the rest. Exits with 1 if one of the three does not hold. Measure on a computer
that does nothing else; a comparison takes one to two minutes.

    python benchmarks/same_or_slower.py --runs 20 [--parts A B C] [--seconds 0.5]

With --seconds, repeats are shorter than those of the mode, which makes it quicker and harder.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

SIZES = (32, 64, 224)
STRIDES = (16, 12, 10, 8, 7, 6, 5, 4, 3, 2)  # of the layer that is added: the smaller, the more work
PLANTED, AT_LEAST = 64, 1.10
FAR = 128  # pixels: at least eight times the time of 32


def make(folder: Path, parts: Sequence[str]) -> None:
    """Write the parts' models, as float32 .tflite files: NAME is the pixels and the added layer's stride."""
    import keras
    import tensorflow as tf

    plain = [(size, 0) for size in (*SIZES, FAR)]
    for size, stride in (*plain, *((PLANTED, n) for n in STRIDES if "B" in parts)):
        keras.utils.set_random_seed(0)
        model = keras.applications.MobileNet((size, size, 3), alpha=0.25, weights=None, classes=10)
        output = model.output
        if stride:
            added = keras.layers.Conv2D(16, 3, strides=stride, activation="relu")(model.input)
            pooled = keras.layers.GlobalAveragePooling2D()(added)
            output = keras.layers.Add()([output, keras.layers.Dense(10)(pooled)])
        converter = tf.lite.TFLiteConverter.from_keras_model(keras.Model(model.input, output))
        (folder / f"{size}_{stride}.tflite").write_bytes(converter.convert())


def judge(before: Path, after: Path, mode: object) -> tuple[str, float, int]:
    """Return the verdict, the ratio and the repeats of one comparison."""
    import edgekit

    began = time.monotonic()
    found = edgekit.compare(before, after, runtimes="litert", mode=mode, accuracy=False)  # type: ignore[arg-type]
    (pair,) = found.pairs
    assert pair.latency, pair
    word, ratio, repeats = pair.word, pair.latency.ratio or 0.0, pair.latency.repeats or 0
    print(f"    {word}, {ratio:.3f}, {repeats} repeats, {time.monotonic() - began:.0f} s", flush=True)
    return word, ratio, repeats


def plant(folder: Path) -> tuple[Path, float]:
    """Return the model whose added layer costs about 10 %, and what it costs."""
    from edgekit import Schedule

    seen = {}
    for stride in STRIDES:
        path = folder / f"{PLANTED}_{stride}.tflite"
        ruler = Schedule(repeats=8, min_runs=256, min_seconds=0.5)
        print(f"stride {stride}", flush=True)
        _, seen[path], _ = judge(folder / f"{PLANTED}_0.tflite", path, ruler)
        if seen[path] > AT_LEAST:
            break
    return path, seen[path]


def same_as_itself(folder: Path, options: argparse.Namespace) -> Iterator[str]:
    """Compare models with themselves; yield what is not right."""
    for size in options.sizes:
        same = folder / f"{size}_0.tflite"
        words = Counter(judge(same, same, options.mode)[0] for _ in range(options.runs))
        print(f"A  {size} pixels with itself: {dict(words)}", flush=True)
        if words["slower"] or words["faster"]:
            yield f"A at {size}"


def one_more_layer(folder: Path, options: argparse.Namespace) -> Iterator[str]:
    """Compare a model with one that costs about 10 % more; yield what is not right."""
    planted, cost = plant(folder)
    found = [judge(folder / f"{PLANTED}_0.tflite", planted, options.mode) for _ in range(options.runs)]
    words = Counter(word for word, *_ in found)
    print(f"B  one more layer, which costs {cost - 1:.1%}: {dict(words)}", flush=True)
    if words["slower"] < 0.95 * options.runs:
        yield "B"


def far_apart(folder: Path, options: argparse.Namespace) -> Iterator[str]:
    """Compare two models that are far apart; yield what is not right."""
    word, ratio, repeats = judge(folder / "32_0.tflite", folder / f"{FAR}_0.tflite", options.mode)
    print(f"C  {ratio:.1f} times as long: {word} after {repeats} repeats")
    if word != "slower" or ratio < 8:
        yield "C"


def main() -> int:
    """Run the comparisons and print how often each verdict was reached."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=20, help="comparisons of each kind")
    parser.add_argument("--mode", default="quick", choices=("quick", "standard"))
    parser.add_argument("--seconds", type=float, help="length of a repeat, in place of the mode's")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, choices=SIZES, help="pixels, for A")
    parser.add_argument("--parts", nargs="+", default=("A", "B", "C"), choices=("A", "B", "C"))
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.make:
        make(options.make, options.parts)
        return 0
    if options.seconds:
        from edgekit import Schedule

        options.mode = Schedule(
            repeats=16, min_runs=128, min_seconds=options.seconds, warmup_seconds=options.seconds / 2
        )
    failed, began = [], time.monotonic()
    with TemporaryDirectory() as name:
        folder = Path(name)
        # in a process of its own: TensorFlow is not to be loaded beside what is measured
        subprocess.run(
            [sys.executable, __file__, "--make", folder, "--parts", *options.parts],
            check=True,
            capture_output=True,
        )
        os.chdir(folder)  # results go there, and away with it
        if "A" in options.parts:
            failed += same_as_itself(folder, options)
        if "B" in options.parts:
            failed += one_more_layer(folder, options)
        if "C" in options.parts:
            failed += far_apart(folder, options)
    print(f"{(time.monotonic() - began) / 60:.0f} minutes")
    for what in failed:
        print(f"BROKEN {what}", file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
