"""What a training step costs with edgekit's choice of kernels and with Keras' own.

    python benchmarks/training_steps.py [--repeats 3] [--steps 40]

MobileNet v1 of four sizes, batches of 64 images that are noise, AdamW, deterministic as edgekit trains.
Beside it is `keras.Model.fit` as TensorFlow sets itself up: where a processor has no instructions made for
8 bits, without oneDNN. Each repeat is a fresh process, in turn. It prints the medians of wall and CPU
milliseconds per step and the ratio of the latter, and exits with 1 if the sizes together take more with
edgekit's.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from contextlib import nullcontext

SIZES = ((0.25, 32), (0.5, 32), (0.5, 48), (0.75, 64))
BATCH, CLASSES, WARM_UP = 64, 10, 3
ONEDNN = "TF_ENABLE_ONEDNN_OPTS"


def main() -> int:
    """Time, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--step", nargs=3, metavar=("KERNELS", "ALPHA", "PIXELS"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        kernels, alpha, pixels = given.step
        print(*step(kernels == "edgekit", float(alpha), int(pixels), given.steps))
        return 0
    print("| alpha | pixels | Keras, ms | CPU, ms | edgekit, ms | CPU, ms | ratio |\n|" + " --: |" * 7)
    spent = {"keras": 0.0, "edgekit": 0.0}
    for alpha, pixels in SIZES:
        found: dict[str, list[tuple[float, float]]] = {"keras": [], "edgekit": []}
        for _ in range(given.repeats):
            for kernels, costs in found.items():
                costs.append(in_a_process(kernels, alpha, pixels, given.steps))
        (wall, cpu), (own_wall, own_cpu) = (
            tuple(map(statistics.median, zip(*costs, strict=True))) for costs in found.values()
        )
        spent["keras"] += cpu
        spent["edgekit"] += own_cpu
        row = (f"{alpha:g}", pixels, *(f"{each:.0f}" for each in (wall, cpu, own_wall, own_cpu)))
        print("|", *(f"{cell} |" for cell in (*row, f"{own_cpu / cpu:.2f}")), flush=True)
    return int(spent["edgekit"] > spent["keras"])


def in_a_process(kernels: str, alpha: float, pixels: int, steps: int) -> tuple[float, float]:
    """Wall and CPU milliseconds per step, of a fresh process."""
    environment = {name: value for name, value in os.environ.items() if name != ONEDNN}
    command = (sys.executable, __file__, "--steps", str(steps), "--step", kernels, str(alpha), str(pixels))
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    wall, cpu = done.stdout.split()
    return float(wall), float(cpu)


def step(own: bool, alpha: float, pixels: int, steps: int) -> tuple[float, float]:
    """Wall and CPU milliseconds per step, in this process."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    if own:
        from edgekit.quiet import import_tensorflow

        tf = import_tensorflow()
    else:
        import tensorflow as tf
    import keras
    import numpy as np

    from edgekit.training.kernels import faster_kernels

    tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(0)
    model = keras.applications.MobileNet(
        input_shape=(pixels, pixels, 3), alpha=alpha, weights=None, classes=CLASSES
    )
    model.compile(keras.optimizers.AdamW(1e-3), keras.losses.CategoricalCrossentropy())
    rng = np.random.default_rng(0)
    images = rng.normal(size=(BATCH, pixels, pixels, 3)).astype(np.float32)
    labels = np.eye(CLASSES, dtype=np.float32)[rng.integers(0, CLASSES, BATCH)]
    batches = tf.data.Dataset.from_tensors((images, labels)).repeat()

    def fit(count: int) -> tuple[float, float]:
        wall, cpu = time.perf_counter(), time.process_time()
        model.fit(batches, steps_per_epoch=count, shuffle=False, verbose=0)
        return (time.perf_counter() - wall) / count * 1e3, (time.process_time() - cpu) / count * 1e3

    with faster_kernels(model) if own else nullcontext():
        fit(WARM_UP)
        return fit(steps)


if __name__ == "__main__":
    sys.exit(main())
