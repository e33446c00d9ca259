"""The records an inspection returns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from math import prod

import msgspec

from edgekit.artefact import Format, Precision
from edgekit.errors import ModelError
from edgekit.inspection.usage import Usage

MOST_ELEMENTS = 2**31 - 1  # of one tensor: both formats' runtimes count them in 32 bits
_PRECISIONS: dict[str, Precision] = {"float16": "float16", "bfloat16": "float16"}


class Quantization(msgspec.Struct, frozen=True):
    """real = scale × (stored − zero point), for a whole tensor or for each channel along `axis`."""

    dtype: str
    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int | None = None  # None: one scale for the whole tensor


class TensorInfo(msgspec.Struct, frozen=True):
    """An input or output of the model."""

    name: str
    shape: tuple[int, ...]  # −1: any
    dtype: str
    quantization: Quantization | None = None


class Layer(msgspec.Struct, frozen=True):
    """One operator, in execution order."""

    op: str
    name: str
    tensor: str  # name of its first output
    shape: tuple[int, ...]  # of its first output
    dtype: str  # of its first output
    multiply_adds: int  # for one run of the file as it is
    parameters: int  # constants it reads: weights and biases
    output: Quantization | None = None
    weights: Quantization | None = None


# what may follow the operation that an output's values come from, and what some are called elsewhere
_PASSIVE = (
    *("Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "RESHAPE", "SQUEEZE", "EXPAND_DIMS"),
    *("Cast", "QuantizeLinear", "DequantizeLinear", "CAST", "QUANTIZE", "DEQUANTIZE"),
)
_ENDS = {"LOGISTIC": "Sigmoid", "HardSigmoid": "Sigmoid", "SOFTMAX": "Softmax"}


class Inspection(msgspec.Struct, frozen=True):
    """A model file."""

    name: str
    format: Format
    bytes: int
    opset: int | None  # ONNX only
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    layers: tuple[Layer, ...]
    stored: dict[str, int] = {}  # weights and biases by what they are stored as: float32, float16, int8
    scale: tuple[tuple[float, ...], tuple[float, ...]] | None = None  # mean and std of images; None: not said
    usage: Usage | None = None  # what edgekit wrote into it for apps; None: nothing
    data: tuple[str, ...] = ()  # files next to it that hold its weights; ONNX only

    @property
    def precision(self) -> Precision:
        """What most of its weights are stored as; float32 where it has none."""
        most = max(self.stored, key=self.stored.__getitem__, default="float32")
        return "int8" if "int" in most else _PRECISIONS.get(most, "float32")

    @property
    def ops(self) -> dict[str, int]:
        """How often each operator occurs, most frequent first."""
        return dict(Counter(layer.op for layer in self.layers).most_common())

    @property
    def last_operation(self) -> str:
        """The last operation that changes values, as TensorFlow calls it: Softmax, Sigmoid, MatMul, …"""
        last = next((layer.op for layer in reversed(self.layers) if layer.op not in _PASSIVE), "")
        return _ENDS.get(last, last)

    @property
    def parameters(self) -> int:
        """Weights and biases stored in the file; batch norms that were folded are no longer counted."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def multiply_adds(self) -> int:
        """Of convolutions and matrix products, for one run of the file."""
        return sum(layer.multiply_adds for layer in self.layers)


def check_elements(name: str, tensor: str, shape: Iterable[int]) -> None:
    """Refuse a tensor that no runtime can hold; a size that is not known counts as 1.

    Args:
        name: Of the file.
        tensor: Its name.
        shape: What the file says of it.

    Raises:
        ModelError: It has more elements than `MOST_ELEMENTS`.
    """
    elements = prod(size for size in shape if size > 0)
    if elements > MOST_ELEMENTS:
        raise ModelError(
            f"{name} claims a tensor of {elements:,} elements, {tensor!r}; the most is {MOST_ELEMENTS:,}.",
            "It is damaged, or made to fill a computer's memory. Convert or copy it again.",
        )
