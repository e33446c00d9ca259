"""A model as quantization sees it: layers with weights, and what passes channels on between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Float: TypeAlias = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Layer:
    """A convolution, or a product with a matrix, whose weights are constant. A matrix has no kernel."""

    name: str
    input: str  # tensors
    output: str
    weights: Float  # [outputs, inputs per group, *kernel]
    bias: Float | None  # [outputs]
    groups: int = 1
    strides: tuple[int, ...] = ()
    pads: tuple[int, ...] = ()  # before each axis of the kernel, then behind each
    dilations: tuple[int, ...] = ()

    @property
    def rows(self) -> Float:
        """The weights as one row for each output, [outputs, inputs per group × kernel]."""
        return self.weights.reshape(len(self.weights), -1)

    def with_bias(self, bias: Float) -> Layer:
        """Return the layer with another bias."""
        return replace(self, bias=bias)

    def with_inputs_scaled(self, scales: Float) -> Layer:
        """Return the layer for an input whose channel i is `scales[i]` times as large."""
        outputs, per_group = self.weights.shape[:2]
        by_group = np.repeat(scales.reshape(self.groups, per_group), outputs // self.groups, axis=0)
        weights = self.weights / by_group.reshape(outputs, per_group, *self._ones)
        return replace(self, weights=weights.astype(self.weights.dtype))

    def with_outputs_scaled(self, scales: Float) -> Layer:
        """Return the layer whose output channel i is `scales[i]` times as large."""
        weights = (self.weights * scales.reshape(-1, 1, *self._ones)).astype(self.weights.dtype)
        return replace(self, weights=weights, bias=None if self.bias is None else self.bias * scales)

    def taps_read(self, sizes: Sequence[int]) -> tuple[slice, ...]:
        """Return the part of the weights, as an index, that some output multiplies with more than padding.

        Where an image is smaller than the kernel, taps at its edges meet nothing else.

        Args:
            sizes: Of the input along each axis of the kernel; 0: it is not known.
        """
        axes = self.weights.ndim - 2
        pads = zip(self.pads[:axes], self.pads[axes:], strict=True)
        given = zip(sizes[:axes], self.weights.shape[2:], self.strides, pads, self.dilations, strict=True)
        return slice(None), slice(None), *(_taps_read(*each) for each in given)

    def without_idle_taps(self, sizes: Sequence[int]) -> Layer:
        """Return the layer with 0 for weights that never meet the image: no step need suit those."""
        read = self.taps_read(sizes)
        if self.weights[read].shape == self.weights.shape:
            return self
        weights = np.zeros_like(self.weights)
        weights[read] = self.weights[read]
        return replace(self, weights=weights)

    @property
    def _ones(self) -> tuple[int, ...]:
        return (1,) * (self.weights.ndim - 2)


def _taps_read(size: int, kernel: int, stride: int, pads: tuple[int, int], dilation: int) -> slice:
    before, behind = pads
    places = (size + before + behind - dilation * (kernel - 1) - 1) // stride + 1
    met = np.add.outer(np.arange(kernel) * dilation, np.arange(places) * stride - before)
    read = np.flatnonzero(((met >= 0) & (met < size)).any(axis=1))
    return slice(int(read[0]), int(read[-1]) + 1) if len(read) else slice(0, kernel)


@dataclass(frozen=True)
class Passage:
    """An operation that treats each channel by itself, and for which factors above 0 may be drawn out.

    ReLU, pooling, padding with zeros, and sums of tensors. One that cuts at `cap` (ReLU6) is such an
    operation only for channels that stay below.
    """

    tensors: tuple[str, ...]  # inputs and output; channel i is scaled alike in all of them
    cap: float = np.inf
    input: str = ""  # the tensor that is cut
    moves: bool = False  # whether what is added to the channels of its inputs is added to those of its output


@dataclass(frozen=True)
class Network:
    """Layers in the order in which they are computed, and the operations between them."""

    layers: tuple[Layer, ...]
    passages: tuple[Passage, ...]
    fixed: frozenset[str]  # tensors that something reads or writes which allows no factors
    channels: Mapping[str, int]  # of every tensor that a layer or a passage reads or writes
    axes: Mapping[str, int] = field(default_factory=dict)  # along which a tensor's channels are; else 1
    scores: str = ""  # what nothing but a softmax at the end reads, which ignores what all have in common

    def with_layers(self, layers: Mapping[str, Layer]) -> Network:
        """Return the network with other layers of the same names."""
        return replace(self, layers=tuple(layers.get(layer.name, layer) for layer in self.layers))
