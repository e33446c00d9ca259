"""Does a trained base help on a task it never saw? `python benchmarks/transfer.py`

The base is the MobileNet v1 of width 0.25 that ships, trained on drawn shapes at 64 pixels. The task is real
handwritten digits in coloured, noisy scenes, of which 20 images a class are there to learn from. `edgekit
train --weights` and `edgekit train` from random weights are given the same CPU time: the second gets as many
epochs as should fit into a quarter more than the first took, since CPU seconds vary too where other processes
are at work. Exits with 1 if it had less all the same, if the base does not help by ten points, or if features
are computed twice.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

BASE = "mobilenet_v1_0.25_64_shapes"
SIZE = 64  # pixels, of the base
LEARN = 20  # images a class, of which every epoch shows each
ASIDE = 4  # images a class that become the calibration split
JUDGE = 100  # images a class
CLASSES = 10
GRANTED = 1.25  # of our CPU time, to random weights
DIGIT = (30, 56)  # pixels that a digit is drawn at


def scenes(digits: np.ndarray[Any, Any], rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """Draw digits, each in a scene of its own: [n, 8, 8] of 0 to 16 → uint8 [n, 64, 64, 3]."""
    from PIL import Image

    images = np.empty((len(digits), SIZE, SIZE, 3), np.uint8)
    for row, digit in enumerate(digits):
        cloud = Image.fromarray(rng.integers(0, 140, (6, 6, 3), dtype=np.uint8))
        scene = np.asarray(cloud.resize((SIZE, SIZE), Image.Resampling.BILINEAR)).astype(float)
        side = int(rng.integers(*DIGIT))
        ink = Image.fromarray(np.rint(digit * 255 / 16).astype(np.uint8))
        cover = np.asarray(ink.resize((side, side), Image.Resampling.BICUBIC))[..., None] / 255
        y, x = rng.integers(0, SIZE - side + 1, 2)
        part = scene[y : y + side, x : x + side]
        part += (rng.integers(110, 256, 3) - part) * cover
        scene += rng.normal(0, rng.uniform(2, 20), scene.shape)
        images[row] = np.clip(scene, 0, 255)
    return images


def task(path: Path, seed: int) -> None:
    """Write a task: some originals to learn from, others to judge by."""
    from sklearn.datasets import load_digits

    rng, digits = np.random.default_rng(seed), load_digits()
    learn, judge = [], []
    for label in range(CLASSES):
        found = rng.permutation(np.flatnonzero(digits.target == label))
        learn += list(found[: LEARN + ASIDE])
        judge += list(found[-JUDGE:])
    np.savez(
        path,
        x_train=scenes(digits.images[learn], rng),
        y_train=digits.target[learn],
        x_test=scenes(digits.images[judge], rng),
        y_test=digits.target[judge],
    )


@dataclass(frozen=True)
class Run:
    """One training."""

    accuracy: float  # of the images to judge by
    cpu: float  # seconds of this process, from reading the images to the finished checkpoint
    stages: tuple[Any, ...] = ()


def run(folder: Path, data: Path, **settings: Any) -> Run:
    """Train, and say what it came to."""
    import edgekit

    started = time.process_time()
    outcome = edgekit.train(
        dataset=data,
        alpha=0.25,
        resolution=SIZE,
        output=folder / "models",
        runs=folder / "runs",
        restart=True,
        **settings,
    )
    return Run(outcome.card.accuracy, time.process_time() - started, outcome.card.stages)


def epochs_within(seconds: float, short: tuple[int, float], long: tuple[int, float]) -> int:
    """Return how many epochs take at least so long, going by two trainings: (epochs, seconds) of each."""
    each = (long[1] - short[1]) / (long[0] - short[0])
    return max(1, int(np.ceil((seconds - short[1]) / each)) + short[0])


def mean(values: Sequence[float]) -> float:
    """Return the mean."""
    return sum(values) / len(values)


def main() -> int:
    """Print a table; exit with 1 if one of the claims does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument(
        "--whole", action="store_true", help="train once from scratch for as long as the recipe says"
    )
    arguments = parser.parse_args()
    from edgekit.quiet import import_tensorflow

    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["EDGEKIT_CACHE"] = str(folder / "cache")
        data = folder / "scenes.npz"
        task(data, arguments.first)
        import_tensorflow()  # loaded once
        probes = [(epochs, run(folder, data, epochs=epochs).cpu) for epochs in (2, 12) if arguments.seeds]
        print(
            "| seed | head, 40 images | fine-tuned | CPU s | from scratch | epochs | CPU s | features again |"
        )
        print("|---|---|---|---|---|---|---|---|", flush=True)
        for seed in range(arguments.first, arguments.first + arguments.seeds):
            task(data, seed)
            ours = run(folder, data, weights=BASE, seed=seed)
            again = run(folder, data, weights=BASE, seed=seed, head_epochs=1, epochs=0)
            epochs = epochs_within(GRANTED * ours.cpu, *probes)
            theirs = run(folder, data, seed=seed, epochs=epochs)
            faster = ours.stages[0].seconds / again.stages[0].seconds
            rows.append((ours, theirs, faster))
            head = f"{ours.stages[1].accuracy:.1%}"
            print(
                f"| {seed} | {head} | {ours.accuracy:.1%} | {ours.cpu:.1f} | {theirs.accuracy:.1%} "
                f"| {epochs} | {theirs.cpu:.1f} | {faster:.0f} × faster |",
                flush=True,
            )
        if arguments.whole:
            task(data, arguments.first)
            theirs = run(folder, data, seed=arguments.first)
            text = f"{theirs.accuracy:.1%} in {theirs.cpu:.0f} CPU s"
            print(f"\nseed {arguments.first} from scratch, all of its recipe: {text}")
    if not rows:
        return 0
    gains = [ours.accuracy - theirs.accuracy for ours, theirs, _ in rows]
    ours, theirs = (mean([row[place].accuracy for row in rows]) for place in (0, 1))
    print(
        f"\nmean {ours:.1%} against {theirs:.1%}: {100 * mean(gains):+.1f} points, at least "
        f"{100 * min(gains):+.1f}; features again {min(row[2] for row in rows):.0f} times faster or more"
    )
    fair = all(theirs.cpu >= ours.cpu for ours, theirs, _ in rows)
    if not fair:
        print("random weights had less time", file=sys.stderr)
    return 0 if fair and mean(gains) >= 0.1 and min(row[2] for row in rows) >= 10 else 1


if __name__ == "__main__":
    sys.exit(main())
