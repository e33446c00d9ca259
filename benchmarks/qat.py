"""Does training for 8 bits bring a badly quantized model back? Compares it with its float self.

    python benchmarks/qat.py [--model NAME] [--epochs 5] [--rate RATE]

The shipped MobileNet v1 α .25 of `shapes` at 64 pixels starts from weights that were rounded to 6 bits with
one step per layer, and from ranges four times as wide as its activations, which leaves them 6 of 8 bits.
Then it is trained as `edgekit convert --qat` trains, and becomes int8 files of both formats as there. They
are judged on 10,080 images that no model has seen, by the paired difference from the float model with its
95 % interval.
Exits with 1 if a file loses more than 0.3 percentage points, or all of it takes more than 1,200 CPU seconds:
ten minutes on two cores.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgekit.conversion.calibration import Calibration
from edgekit.conversion.formats import FORMATS, Format
from edgekit.conversion.load import Inputs, load
from edgekit.conversion.preparation import Preparation, Prepared
from edgekit.conversion.qat.tuning import Tuner, tuner_for
from edgekit.conversion.ranges import Ranges
from edgekit.conversion.request import ConvertRequest
from edgekit.conversion.steps import PLAIN, Steps, Trained
from edgekit.conversion.target import suits_host
from edgekit.data import load_dataset, normalise
from edgekit.data.dataset import Float32, Int64
from edgekit.errors import EdgekitError
from edgekit.progress import SILENT, Recorder
from edgekit.quantization.distance import distance
from edgekit.quantization.network import Layer, Network
from edgekit.stats import paired_drop

MODEL = "mobilenet_v1_0.25_64_shapes"
BITS = 6  # that the start has, of weights and activations
LEVELS = 127  # the largest integer of a weight in the files
LIMIT = 0.003  # of top-1
SECONDS = 1200.0  # of CPU time
TARGET = "arm64"  # full range in both formats, so that there is one training
BATCH = 256


@dataclass(frozen=True)
class Judge:
    """Images that no model has seen, and what the float model says of them."""

    images: Float32
    labels: Int64
    real: Float32  # the float model's scores

    def line(self, what: str, scores: Float32) -> tuple[str, float]:
        """What there is to say of scores; and the drop."""
        right, own = scores.argmax(axis=1), self.real.argmax(axis=1)
        drop, low, high = paired_drop(own == self.labels, right == self.labels)
        sqnr = distance(self.real, scores, probabilities=True).sqnr_db or 0.0
        return (
            f"{what:22} {np.mean(right == self.labels):8.2%} {drop * 100:+7.2f} "
            f"({low * 100:+.2f} … {high * 100:+.2f}) {np.mean(right == own):10.2%} {sqnr:8.1f}",
            drop,
        )


HEAD = f"{'':22} {'top-1':>8} {'drop, pp (95 % interval)':>24} {'agreement':>10} {'SQNR, dB':>8}"


class Said(Recorder):
    """Prints what a training notes."""

    def note(self, text: str) -> None:
        """Print it, with the CPU time so far."""
        print(f"  {text} ({cpu_seconds():.0f} CPU s)", flush=True)


def main() -> int:
    """Train, and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default=MODEL, help=f"a model of shapes that ships (default {MODEL})")
    parser.add_argument("--epochs", type=int, default=5, help="default 5")
    parser.add_argument("--rate", type=float, help="highest learning rate (default: as convert chooses it)")
    parser.add_argument("--images", type=int, default=10_080, help="that judge (default 10,080)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="qat-") as folder:
        return run(options, Path(folder))


def run(options: argparse.Namespace, folder: Path) -> int:
    """Do it, with a run folder of its own."""
    started = time.monotonic()
    request = ConvertRequest(model=options.model, target=TARGET, qat=options.epochs, runs=folder)
    inputs = load(request, request.source(SILENT), SILENT)
    calibration = Calibration(FORMATS["onnx"].float32(inputs.graph), inputs.calibration, SILENT)
    preparations = [_preparation(format, inputs, calibration) for format in FORMATS.values()]
    judge = _judge(inputs, preparations[0], options.images)
    tuner = tuner_for(request, inputs, calibration, Said())
    assert tuner is not None
    tuner = replace(tuner, rate=options.rate)
    print(f"{options.model}, {len(judge.images):,} images that no model has seen\n{HEAD}")
    print(judge.line("float32", judge.real)[0])
    poor = Trained(*_poor(calibration), {}, 0)
    _judged("start", poor, preparations, judge)
    begun = cpu_seconds()
    trained = _train(tuner, calibration, poor)
    took = cpu_seconds() - begun
    print(HEAD)
    worst = max(_judged("trained", trained, preparations, judge))
    minutes = (time.monotonic() - started) / 60
    spent = cpu_seconds()
    print(f"{options.epochs} epochs: {took:.0f} CPU s; all of it {spent:.0f} CPU s, {minutes:.1f} minutes")
    held = worst <= LIMIT and spent <= SECONDS
    print("holds" if held else f"DOES NOT HOLD: at most {LIMIT:.1%} and {SECONDS:.0f} CPU s")
    return 0 if held else 1


def cpu_seconds() -> float:
    """What this process has taken."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _preparation(format: Format, inputs: Inputs, calibration: Calibration) -> Preparation:
    def quantize(file: bytes, ranges: Ranges, kept: frozenset[str]) -> bytes:
        return format.int8(file, ranges, kept, io=format.io, target=TARGET)

    return Preparation(calibration, format, format.float32(inputs.graph), LEVELS, quantize)


def _judge(inputs: Inputs, preparation: Preparation, count: int) -> Judge:
    contract = inputs.loaded.preprocessing
    unseen = load_dataset("shapes", resolution=contract.height, seed=1).train
    count = min(count, len(unseen))
    images = normalise(unseen.images.read(range(count)), contract)
    runner = preparation.format.load(preparation.float_file)
    real = np.concatenate([runner.outputs(image[None])[0] for image in images])
    return Judge(images, unseen.labels[:count], real)


def _poor(calibration: Calibration) -> tuple[tuple[Layer, ...], Ranges]:
    """Layers whose weights have few steps, the same for all channels, and ranges that are as bad."""
    most = 2 ** (BITS - 1) - 1
    layers = []
    for layer in calibration.source.network.layers:
        step = float(np.abs(layer.weights).max()) / most
        layers.append(replace(layer, weights=(np.rint(layer.weights / step) * step).astype(np.float32)))
    wider = 2 ** (8 - BITS)
    ranges = {name: (low * wider, high * wider) for name, (low, high) in calibration.ranges(PLAIN).items()}
    return tuple(layers), ranges


def _train(tuner: Tuner, calibration: Calibration, poor: Trained) -> Trained:
    network: Network = calibration.source.network.with_layers({layer.name: layer for layer in poor.layers})
    return tuner.trained(network, poor.ranges, LEVELS, f"rounded to {BITS} bits per tensor")


def _judged(what: str, trained: Trained, preparations: Sequence[Preparation], judge: Judge) -> list[float]:
    """Make int8 files of both formats, print how good they are, and return their drops."""
    drops = []
    for preparation in preparations:
        steps = Steps(trained=trained.epochs + 1, levels=LEVELS)
        preparation.calibration.trained[steps] = trained
        made: Prepared | None = preparation.prepared(steps)
        if made is None:
            raise EdgekitError(f"The {preparation.format.name} file does not have the network's layers.")
        data = preparation.quantize(made.float_file, made.ranges, frozenset())
        runner = preparation.format.load(data, optimise=suits_host(TARGET))
        scores = np.concatenate([runner.outputs(image[None])[0] for image in judge.images])
        line, drop = judge.line(f"{what}, int8.{preparation.format.name}", scores)
        print(line, flush=True)
        drops.append(drop)
    return drops


if __name__ == "__main__":
    sys.exit(main())
