"""The records an inspection returns."""

from __future__ import annotations

from collections import Counter

import msgspec

from edgekit.artefact import Format


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


class Inspection(msgspec.Struct, frozen=True):
    """A model file."""

    name: str
    format: Format
    bytes: int
    opset: int | None  # ONNX only
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    layers: tuple[Layer, ...]

    @property
    def ops(self) -> dict[str, int]:
        """How often each operator occurs, most frequent first."""
        return dict(Counter(layer.op for layer in self.layers).most_common())

    @property
    def parameters(self) -> int:
        """Weights and biases stored in the file; batch norms that were folded are no longer counted."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def multiply_adds(self) -> int:
        """Of convolutions and matrix products, for one run of the file."""
        return sum(layer.multiply_adds for layer in self.layers)
