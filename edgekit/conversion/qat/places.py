"""Which tensors the int8 files of a float graph round to 8 bits, and which of them share a range."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgekit.quantization.network import Float

# What takes values from place to place and computes none: its output has its input's range.
PASSING = frozenset(
    ("Reshape", "Squeeze", "Unsqueeze", "Flatten", "Transpose", "Identity", "MaxPool", "Pad", "AveragePool")
)
_ACTIVATIONS = ("Relu", "Clip")  # computed together with what is before them
# Ranges that TFLite has for these, whatever their values are.
FIXED = {"Sigmoid": (0.0, 255 / 256), "Softmax": (0.0, 255 / 256), "Tanh": (-1.0, 127 / 128)}


@dataclass(frozen=True)
class Places:
    """Of a graph's tensors those that are rounded."""

    rounded: frozenset[str]  # as they are computed
    sources: dict[str, str]  # of a tensor that something only passes on: where its values were computed
    fixed: dict[str, tuple[float, float]]  # ranges that no training changes
    cut: dict[
        str, tuple[float, float]
    ]  # what an activation leaves: no range is wider, or a file would not cut
    squashed: tuple[str, ...]  # the outputs, or what a softmax or sigmoid at the end reads
    squash: str  # that one's operator; empty: there is none


def places(
    nodes: Sequence[Any],
    outputs: Sequence[str],
    images: Iterable[str],
    image_range: tuple[float, float],
    constants: Mapping[str, Float],
) -> Places:
    """Find the places.

    Args:
        nodes: The graph's, in order.
        outputs: What it returns.
        images: Tensors that hold the image itself.
        image_range: Its range.
        constants: Tensors that do not depend on the image.
    """
    nodes = list(nodes)
    squash, ends = "", tuple(outputs)
    if nodes[-1].op_type in ("Softmax", "Sigmoid") and ends == tuple(nodes[-1].output):
        squash, ends = nodes[-1].op_type, (nodes[-1].input[0],)
        nodes = nodes[:-1]
    readers: dict[str, list[Any]] = {}
    for node in nodes:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    images = set(images)
    sources: dict[str, str] = {}
    cut: dict[str, tuple[float, float]] = {}
    fixed = dict.fromkeys(images, image_range)
    rounded = set(images)
    for node in nodes:
        name = node.output[0]
        if name in images:
            continue
        if node.op_type in PASSING:
            first = node.input[0]
            sources[name] = sources.get(first, first)
        elif name in ends or not _with_activation(readers.get(name, [])):
            rounded.add(name)
            if node.op_type == "Clip" and all(limit in constants for limit in node.input[1:]):
                cut[name] = _limits([constants[limit] for limit in node.input[1:]])
            if node.op_type in FIXED:
                fixed[name] = FIXED[node.op_type]
    return Places(frozenset(rounded - constants.keys()), sources, fixed, cut, ends, squash)


def _limits(given: Sequence[Float]) -> tuple[float, float]:
    low, high = (*given, np.zeros(0), np.zeros(0))[:2]
    return float(low) if low.size else -np.inf, float(high) if high.size else np.inf


def _with_activation(readers: Sequence[Any]) -> bool:
    """Whether nothing but an activation reads a tensor: kernels compute both without rounding between."""
    return len(readers) == 1 and readers[0].op_type in _ACTIVATIONS


def nudged(low: float, high: float) -> tuple[float, float]:
    """The range of 255 steps in which 0 is one, as both formats' files and TensorFlow's operator have it.

    Rounding the zero point moves both ends by less than half a step (Jacob et al. 2018, section 3).
    """
    step = np.float32(high - low) / np.float32(255)
    zero = float(np.clip(np.rint(-np.float32(low) / step), 0, 255))
    return float(-zero * step), float((255 - zero) * step)


def units_of(low: Float, high: Float) -> Float:
    """The size that a layer's biases are trained in units of: its channels' largest values, [channels]."""
    largest = np.maximum(np.abs(low), np.abs(high))
    return np.asarray(np.maximum(largest, max(0.01 * float(largest.max(initial=0.0)), 1e-30)))
