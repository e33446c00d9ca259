"""What 50, 200 and 2,000 evaluation images make edgekit believe, over seeded toy classifiers.

Each is a small random convolutional network with a least-squares head, of random size and number of classes,
quantized by edgekit's own ladder. Printed for each number of images:

    climbs        conversions that went beyond min/max ranges, and how many of them without need: on 10,000
                  further images the first rung loses no more than the limit
    false alarms  saturation reported of 7-bit weights, which cannot saturate: as edgekit looks for it, and
                  if it were looked for all the same
    found         planted saturation that was reported: full-range weights, executed by exact integer
                  arithmetic whose sums of two products saturate at 16 bits, as AVX2's vpmaddubsw does

"before" is the rule of 0.1.0: the ladder climbed for any measured drop, and saturation was 1 % of flipped
answers or a drop. Exits with 1 if a limit is broken: no false alarm, 95 % found at 200 images, 2 % of
needless climbs.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from edgekit.artefact import Preprocessing
from edgekit.conversion.feed import Feed
from edgekit.conversion.formats import FORMATS
from edgekit.conversion.ladder import Ladder
from edgekit.conversion.onnx_files import may_overflow
from edgekit.conversion.quality import Reference, judge, outputs_of
from edgekit.conversion.ranges import LEVELS
from edgekit.conversion.runners import Runners
from edgekit.conversion.target import saturation
from edgekit.data.arrays import ArrayImages
from edgekit.data.dataset import Split
from edgekit.inspection import inspect_bytes
from edgekit.progress import SILENT
from edgekit.stats import paired_drop, wilson

SIZE, LIMIT = 12, 0.005
SMALL = (50, 200, 2_000)
FURTHER = 10_000
CALIBRATION = 100
ONNX = FORMATS["onnx"]


@dataclass(frozen=True)
class Toy:
    """A seeded classifier with its images: stripes whose angle and hue tell their class."""

    seed: int
    heavy: bool = False  # weights near both ends of their range, so that sums of products overflow

    @cached_property
    def random(self) -> np.random.Generator:
        """What its shape and weights are drawn from."""
        return np.random.default_rng([self.seed, self.heavy])

    @cached_property
    def classes(self) -> int:
        """How many classes it tells apart."""
        return int(np.random.default_rng(self.seed).integers(2, 11))

    def images(self, count: int, stream: int) -> Feed:
        """Draw images of every class."""
        random = np.random.default_rng([self.seed, stream])
        labels = random.integers(0, self.classes, count)
        share = labels[:, None, None] / self.classes
        y, x = np.mgrid[0:SIZE, 0:SIZE] / SIZE
        angle = np.pi * share + random.normal(0, 0.12, (count, 1, 1))
        wave = np.sin(12 * (x * np.cos(angle) + y * np.sin(angle)) + random.uniform(0, 6, (count, 1, 1)))
        hue = np.cos(2 * np.pi * (share + np.array([0, 1 / 3, 2 / 3])))[:, :, None, :].reshape(count, 1, 1, 3)
        pixels = 127 + 45 * wave[..., None] + 15 * hue + random.normal(0, 25, (count, SIZE, SIZE, 3))
        contract = Preprocessing(height=SIZE, width=SIZE, layout="NCHW")
        held = ArrayImages(np.clip(pixels, 0, 255).astype(np.uint8), contract)
        return Feed(Split(held, labels, ("",) * count), contract)

    @cached_property
    def float_file(self) -> bytes:
        """The float32 model as edgekit's own float32.onnx would be."""
        from onnx import TensorProto, helper, numpy_helper

        values = np.concatenate(list((train := self.images(600, 0)).batches()))
        nodes, constants, name = [], [], "input"
        for layer in range(int(self.random.integers(2, 4))):
            shape = (int(self.random.integers(8, 25)), values.shape[1], 3, 3)
            weights = self.random.normal(0, 1, shape)
            if self.heavy:
                weights = np.sign(weights) * self.random.uniform(0.8, 1, shape)
                weights = np.abs(weights) * np.sign(self.random.normal(0.5, 1, shape[:2]))[..., None, None]
            sums = _convolve(values, weights, 2 if layer else 1)
            weights = weights / sums.std(axis=(0, 2, 3))[:, None, None, None]
            sums = _convolve(values, weights, 2 if layer else 1)
            bias = self.random.normal(0.2, 0.3, shape[0]) - sums.mean(axis=(0, 2, 3))
            values = np.maximum(sums + bias[None, :, None, None], 0)
            constants += [(f"w{layer}", weights), (f"b{layer}", bias)]
            strides = [2, 2] if layer else [1, 1]
            convolution = [name, f"w{layer}", f"b{layer}"]
            nodes += [
                helper.make_node("Conv", convolution, [f"s{layer}"], name=f"conv{layer}", strides=strides),
                helper.make_node("Relu", [f"s{layer}"], [f"r{layer}"], name=f"relu{layer}"),
            ]
            name = f"r{layer}"
        means = np.c_[values.mean(axis=(2, 3)), np.ones(len(values))]
        wanted = 8 * np.eye(self.classes)[train.split.labels]
        head = np.linalg.solve(means.T @ means + np.eye(means.shape[1]), means.T @ wanted)
        constants += [("w", head[:-1]), ("b", head[-1])]
        nodes += [
            helper.make_node("GlobalAveragePool", [name], ["pool"], name="pool"),
            helper.make_node("Flatten", ["pool"], ["flat"], name="flat"),
            helper.make_node("Gemm", ["flat", "w", "b"], ["output"], name="head"),
        ]
        graph = helper.make_graph(
            nodes,
            "toy",
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, SIZE, SIZE])],
            [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, self.classes])],
            [numpy_helper.from_array(value.astype(np.float32), key) for key, value in constants],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        return bytes(model.SerializeToString())


def _patches(values, size, stride):
    """Every window of [n, channels, h, w], as [n, height, width, channels × size × size]."""
    windows = np.lib.stride_tricks.sliding_window_view(values, (size, size), axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride].transpose(0, 2, 3, 1, 4, 5)
    return windows.reshape(*windows.shape[:3], -1)


def _convolve(values, weights, stride):
    return np.einsum(
        "nhwk,ok->nohw", _patches(values, 3, stride), weights.reshape(len(weights), -1), optimize=True
    )


def execute(data: bytes, images, *, saturate: bool):
    """Execute a quantized toy in exact integers; return its scores, and the share of sums that overflowed.

    Args:
        data: The int8 file.
        images: Float32 [n, 3, h, w].
        saturate: Whether sums of two products are held within 16 bits.
    """
    import onnx
    from onnx import numpy_helper

    graph = onnx.load_model_from_string(data).graph
    known = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    stored: dict[
        str, tuple
    ] = {}  # tensor: (integers, scale, zero point), of which a DequantizeLinear made it
    real = {"input": images}
    lost = total = 0
    for node in graph.node:
        first, out = node.input[0], node.output[0]
        if node.op_type == "DequantizeLinear":
            scale, zero = known[node.input[1]], known[node.input[2]] if len(node.input) > 2 else 0
            stored[out] = (known.get(first, real.get(first)), scale, zero)
        elif node.op_type == "QuantizeLinear":
            scale, zero = known[node.input[1]], known[node.input[2]]
            real[out] = np.clip(np.rint(_real(first, real, stored) / scale) + zero, -128, 127).astype(
                np.int32
            )
        elif known.keys() >= set(node.input):  # the scale of a bias, which follows from two others
            known[out] = np.multiply(*(known[name] for name in node.input))
        elif node.op_type in ("Conv", "Gemm"):
            (x, x_scale, x_zero), (w, w_scale, _) = stored[first], stored[node.input[1]]
            w = w.astype(np.int32)
            if node.op_type == "Conv":
                stride = next((a.ints[0] for a in node.attribute if a.name == "strides"), 1)
                x, w = _patches(x, 3, stride), w.reshape(len(w), -1)
            else:
                w = w if any(a.name == "transB" and a.i for a in node.attribute) else w.T
            sums, here, of = _sums(x + 128, w, saturate)  # unsigned activations, as the kernel takes them
            lost, total = lost + here, total + of
            sums = sums - (int(x_zero) + 128) * w.sum(axis=1)
            bias, bias_scale, _ = stored[node.input[2]]
            values = sums * (x_scale * w_scale) + bias * bias_scale
            real[out] = np.moveaxis(values, 3, 1) if node.op_type == "Conv" else values
        else:
            value = _real(first, real, stored)
            if node.op_type == "Relu":
                value = np.maximum(value, 0)
            elif node.op_type == "GlobalAveragePool":
                value = value.mean(axis=(2, 3), keepdims=True)
            elif node.op_type == "Reshape":  # of one pixel, whose channels a transposition may have moved
                value = value.reshape(len(value), -1)
            real[out] = value
    return _real("output", real, stored).astype(np.float32), lost / total


def _real(name, real, stored):
    if name in stored:
        integers, scale, zero = stored[name]
        return (integers.astype(np.float64) - zero) * scale
    return real[name]


def _sums(x, w, saturate: bool):
    """Sum products along the last axis, in pairs; also how many pairs overflow, and of how many."""
    if x.shape[-1] % 2:
        x, w = (np.concatenate([a, np.zeros_like(a[..., :1])], axis=-1) for a in (x, w))
    result, lost = np.zeros((*x.shape[:-1], len(w)), np.int64), 0
    for k in range(0, x.shape[-1], 2):
        pair = x[..., k, None] * w[:, k] + x[..., k + 1, None] * w[:, k + 1]
        held = np.clip(pair, -(2**15), 2**15 - 1)
        lost += int(np.sum(held != pair))
        result += held if saturate else pair
    return result, lost, result.size * x.shape[-1] // 2


@dataclass
class Judged:
    """A toy's first rung on some images, and how far the ladder went."""

    rungs: int
    first: bytes
    chosen: bytes
    real: Reference
    drop: float


def climb(toy: Toy, count: int) -> Judged:
    """Quantize a toy as `edgekit convert` does, judged on `count` images."""
    feed = toy.images(count, 2)
    reference = _reference(toy, feed)
    files: list[bytes] = []
    drops: list[float] = []

    def judged(data: bytes):
        files.append(data)
        quality = judge(reference, outputs_of(Runners(partial(ONNX.load, data)), feed))
        drops.append(quality.lost)
        return quality

    best, lines = _ladder(toy, judged, "portable").quantize_within(LIMIT, SILENT)
    return Judged(len(lines), files[0], best.data, reference, drops[0])


def plant(toy: Toy) -> bytes:
    """Quantize with weights of the full range, which sums of 16 bits cannot hold."""
    ladder = _ladder(toy, lambda data: judge(*_nothing()), "arm64")
    return next(ladder._rungs(SILENT, []))[1]


def _ladder(toy: Toy, judged, target) -> Ladder:
    float_file = toy.float_file
    return Ladder(
        format=ONNX,
        float_file=float_file,
        calibration=toy.images(CALIBRATION, 1),
        quantize=lambda ranges, kept: ONNX.int8(float_file, ranges, kept, io="int8", target=target),
        judge=judged,
    )


def _nothing():
    scores = np.eye(2, dtype=np.float32)
    return Reference(np.arange(2), scores), (scores,)


def _reference(toy: Toy, feed: Feed) -> Reference:
    return Reference(feed.split.labels, *outputs_of(Runners(partial(ONNX.load, toy.float_file)), feed))


def needed(toy: Toy, data: bytes) -> bool:
    """Whether the first rung really loses more than the limit, on many further images."""
    feed = toy.images(FURTHER, 3)
    return judge(_reference(toy, feed), outputs_of(Runners(partial(ONNX.load, data)), feed)).lost > LIMIT


def before(reference: Reference, fast, literal) -> bool:
    """Whether 0.1.0 saw saturation."""
    ours, truth = fast.argmax(axis=1), literal.argmax(axis=1)
    _, low, _ = paired_drop(truth == reference.labels, ours == reference.labels)
    return wilson(int(np.sum(ours != truth)), len(ours))[0] > 0.01 or low > 0


def alarms(toy: Toy, count: int, judged: Judged, seen: Counter) -> None:
    """Compare fast with literal execution of a file whose 7-bit weights cannot saturate."""
    feed = toy.images(count, 2)
    (fast,), (literal,) = (
        outputs_of(Runners(partial(ONNX.load, judged.first, optimise=optimise)), feed)
        for optimise in (True, False)
    )
    found = saturation(fast, literal, judged.real.scores).found
    seen["alarm"] += found and may_overflow(judged.first, inspect_bytes(judged.first, "int8.onnx"))
    seen["alarm if looked for"] += found
    seen["alarm before"] += before(judged.real, fast, literal)


def planted(toy: Toy, count: int, seen: Counter) -> None:
    """Execute full-range weights with and without saturating sums."""
    feed = toy.images(count, 2)
    data, images = plant(toy), np.concatenate(list(feed.batches()))
    fast, overflowed = execute(data, images, saturate=True)
    literal, _ = execute(data, images, saturate=False)
    off = float(np.abs(fast - literal).max()) / (float(np.ptp(literal)) / LEVELS)
    if overflowed and off > 1:  # more than rounding could do
        reference = _reference(toy, feed)
        seen["planted"] += 1
        seen["found"] += saturation(fast, literal, reference.scores).found
        seen["found before"] += before(reference, fast, literal)


def main() -> int:
    """Run every toy; print what edgekit believed of them."""
    parser = argparse.ArgumentParser(description="What few images make edgekit believe.")
    parser.add_argument("--toys", type=int, default=100)
    toys = parser.parse_args().toys
    seen = {count: Counter() for count in SMALL}
    for seed in range(toys):
        toy = Toy(seed)
        real: dict[bytes, bool] = {}
        for count in SMALL:
            judged, tally = climb(toy, count), seen[count]
            climbed, would = judged.rungs > 1, judged.drop > LIMIT
            if climbed or would:
                real.setdefault(judged.first, needed(toy, judged.first))
            tally["climbs"] += climbed
            tally["needless"] += climbed and not real[judged.first]
            tally["climbs before"] += would
            tally["needless before"] += would and not real[judged.first]
            alarms(toy, count, judged, tally)
            if count <= 200:
                planted(Toy(seed, heavy=True), count, tally)
        print(f"{seed + 1}/{toys}", end="\r", file=sys.stderr, flush=True)
    for count, tally in seen.items():
        print(
            f"{count:5,} images: {tally['climbs']} climbs, {tally['needless']} needless "
            f"(before: {tally['climbs before']}, {tally['needless before']}); "
            f"false alarms {tally['alarm']}, {tally['alarm if looked for']} if it were looked for "
            f"(before: {tally['alarm before']})"
            + (
                f"; planted saturation found {tally['found']} of {tally['planted']} "
                f"(before: {tally['found before']})"
                if tally["planted"]
                else ""
            )
        )
    total = sum((tally for tally in seen.values()), Counter())
    at_200 = seen[200]
    good = (
        total["alarm"] + total["alarm if looked for"] == 0
        and at_200["found"] >= 0.95 * at_200["planted"] > 0
        and total["needless"] <= 0.02 * len(SMALL) * toys
    )
    print("within the limits" if good else "a limit is broken")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
