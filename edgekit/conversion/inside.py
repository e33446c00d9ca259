"""The scaling that a model does itself, read from its frozen graph.

A layer (`Rescaling`, `Normalization`), an operation (`x / 127.5 - 1`) and a SavedModel look alike there: what
is done to pixels before the first layer with weights is y = a x + b, with numbers from the graph.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from edgekit.quiet import import_tensorflow

Values = npt.NDArray[np.float64]
Line = tuple[Values, Values]  # a and b of y = a x + b
Scale = tuple[float, float]  # mean and std: pixels reach the model as (x − mean) / std

# what a model may have been made for: (lowest, highest) value → mean and std that give it
_RANGES: dict[tuple[float, float], Scale] = {
    (0.0, 255.0): (0.0, 1.0),
    (0.0, 1.0): (0.0, 255.0),
    (-1.0, 1.0): (127.5, 127.5),
}
_PASSIVE = {
    *("Identity", "StopGradient", "PreventGradient", "Cast", "Pad", "PadV2", "MirrorPad", "Transpose"),
    *("StridedSlice", "Slice", "ReverseV2", "ResizeBilinear", "ResizeNearestNeighbor", "ResizeBicubic"),
    *("Reshape", "Pack", "ExpandDims", "Squeeze"),
}  # they move pixels, and leave their values alone
_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    **dict.fromkeys(("Add", "AddV2", "BiasAdd"), np.add),
    **dict.fromkeys(("RealDiv", "Div"), np.divide),
    "Mul": np.multiply,
    "Sub": np.subtract,
    "Maximum": np.maximum,
    "Minimum": np.minimum,
}
_UNARY: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("Identity", "Cast", "Reshape", "ExpandDims", "Squeeze"), lambda x: x),
    "Rsqrt": lambda x: 1 / np.sqrt(x),
    "Sqrt": np.sqrt,
    "Neg": np.negative,
    "Reciprocal": np.reciprocal,
}
_SMALL, _LARGE = 0.5, 20.0  # the span of values that a network can learn from
_BYTES = (200.0, 300.0)  # … or that of pixels, some centred, as `caffe` has them


def scale_inside(graph_def: Any, image: str) -> Scale | None:
    """Return how pixels must reach a model that scales them itself; None: it does not, or it is not clear.

    Args:
        graph_def: A frozen graph.
        image: Its input, a placeholder of float32.
    """
    slope, offset = _first_line(graph_def, image.split(":", maxsplit=1)[0])
    if np.allclose(slope, 1.0, atol=0.01) and np.allclose(offset, 0.0, atol=0.01):
        return None
    fitting = {pixels: _distance(slope, offset, pixels) for pixels in _RANGES if _fits(slope, offset, pixels)}
    return _RANGES[min(fitting, key=fitting.__getitem__)] if fitting else None


def _fits(slope: Values, offset: Values, pixels: tuple[float, float]) -> bool:
    """Whether such pixels become something to learn from."""
    ends = np.stack([slope * pixel + offset for pixel in pixels])
    span, largest = float(np.abs(ends[1] - ends[0]).max()), float(np.abs(ends).max())
    return (_SMALL <= span <= _LARGE and largest <= _LARGE) or _BYTES[0] <= span <= _BYTES[1] >= largest


def _distance(slope: Values, offset: Values, pixels: tuple[float, float]) -> float:
    """How far the value that becomes zero is from the middle of such pixels, in spans of theirs.

    `Normalization` sends the mean to zero, `x * 2 - 1` the middle.
    """
    low, high = pixels
    return float(np.abs((low + high) / 2 + offset / slope).mean()) / (high - low)


def _first_line(graph_def: Any, image: str) -> Line:
    """Return (a, b) of y = a x + b, for all channels or each, before the first node that is not affine."""
    nodes = {node.name: node for node in graph_def.node}
    slope, offset = np.ones(1), np.zeros(1)
    at = image
    while (node := _only_reader(graph_def, at)) is not None:
        if node.op == "FusedBatchNormV3":
            gamma, beta, mean, variance = (_constant(nodes, name) for name in node.input[1:5])
            if gamma is None or beta is None or mean is None or variance is None:
                break
            factor = gamma / np.sqrt(variance + node.attr["epsilon"].f)
            lines = _scaled(slope, offset, factor, beta - mean * factor)
        elif node.op in _PASSIVE:
            lines = (slope, offset)
        elif node.op in _BINARY and len(node.input) == 2:
            first = _name(node.input[0]) == at
            value = _constant(nodes, node.input[1 if first else 0])
            if value is None:
                break
            lines = _combined(node.op, slope, offset, value, first)
        else:
            break
        if lines is None:
            break
        slope, offset = lines
        at = node.name
    return slope, offset


def _combined(op: str, slope: Values, offset: Values, value: Values, first: bool) -> Line | None:
    """Apply an operation with a constant; None: the result is not a line, or not one for each channel."""
    if op == "Mul":
        return _scaled(slope, offset, value, np.zeros(1))
    if op in ("RealDiv", "Div"):
        return _scaled(slope, offset, 1 / value, np.zeros(1)) if first else None
    if op in ("Add", "AddV2", "BiasAdd"):
        return _scaled(slope, offset, np.ones(1), value)
    if op == "Sub":
        sign = 1.0 if first else -1.0
        return _scaled(slope, offset, np.full(1, sign), -sign * value)
    return None


def _scaled(slope: Values, offset: Values, factor: Values, added: Values) -> Line | None:
    sizes = {len(each) for each in (slope, offset, factor, added)} - {1}
    if len(sizes) > 1 or not np.all(np.isfinite(factor)) or np.any(factor == 0):
        return None
    return slope * factor, offset * factor + added


def _only_reader(graph_def: Any, name: str) -> Any:
    """Return the one node that reads a tensor's values; None: there are several, or none."""
    readers = _readers(graph_def, name)
    if len(readers) > 1 and all(node.op == "StridedSlice" for node in readers):
        # channels put into another order, as `keras.ops.stack([x[..., 2], x[..., 1], x[..., 0]])` does
        stacked = {again.name: again for node in readers for again in _readers(graph_def, node.name)}
        readers = [node for node in stacked.values() if node.op == "Pack" or len(stacked) > 1]
    return readers[0] if len(readers) == 1 else None


def _readers(graph_def: Any, name: str) -> list[Any]:
    silent = ("Shape", "NoOp")  # they read no values
    return [node for node in graph_def.node if node.op not in silent and name in map(_name, node.input)]


def _constant(nodes: dict[str, Any], name: str) -> Values | None:
    """Return the numbers of a tensor that does not depend on the image, as a vector; None: it does."""
    node = nodes.get(_name(name))
    if node is None:
        return None
    if node.op == "Const":
        tf = import_tensorflow()
        values = np.asarray(tf.make_ndarray(node.attr["value"].tensor))
        return values.astype(np.float64).ravel() if values.dtype.kind in "fiu" and values.size <= 64 else None
    inputs = [_constant(nodes, each) for each in node.input if not each.startswith("^")]
    if node.op in _UNARY and inputs and inputs[0] is not None:
        return np.asarray(_UNARY[node.op](inputs[0]))
    if node.op in _BINARY and len(inputs) == 2 and inputs[0] is not None and inputs[1] is not None:
        return np.asarray(_BINARY[node.op](*inputs))
    return None


def _name(tensor: str) -> str:
    return tensor.lstrip("^").split(":")[0]
