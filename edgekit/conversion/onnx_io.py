"""An int8 .onnx file whose input and output are bytes, as apps without floating point have them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgekit.artefact import Preprocessing
from edgekit.conversion.tflite_files import IO

_BYTES: dict[IO, type[np.integer[Any]]] = {"uint8": np.uint8, "int8": np.int8}
_PROBABILITY = 256  # steps of a number between 0 and 1, which TFLite gives a softmax or sigmoid likewise
_STEPS = 255
_SQUASHED = ("Softmax", "Sigmoid")


def with_byte_ends(
    data: bytes, io: IO, contract: Preprocessing, limits: Sequence[tuple[float, float]]
) -> bytes:
    """Give a quantized file an input and outputs of bytes.

    An image's bytes are given as they are; of int8, less 128. The file scales them itself, exactly. A score
    is scale × (byte − zero point); both are in the file's last operator.

    Args:
        data: What `int8_onnx` returned.
        io: Which bytes; float32 changes nothing.
        contract: What turns an image into the file's float32 input.
        limits: The lowest and highest real value of each output.
    """
    if io == "float32":
        return data
    import onnx

    model = onnx.load_model_from_string(data)
    ends = _Ends(model.graph, _BYTES[io])
    ends.take_bytes(contract)
    for output, seen in zip(model.graph.output, limits, strict=True):
        ends.give_bytes(output, seen)
    return bytes(model.SerializeToString(deterministic=True))


class _Ends:
    """The first and last operators of a graph."""

    def __init__(self, graph: Any, dtype: type[np.integer[Any]]) -> None:
        from onnx import helper

        self.graph = graph
        self.dtype = dtype
        self.lowest = int(np.iinfo(dtype).min)
        self.kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))

    def take_bytes(self, contract: Preprocessing) -> None:
        """Scale bytes in the graph: (x − mean) · (1 / std)."""
        image = self.graph.input[0]
        real = f"{image.name}_real"
        for node in self.graph.node:
            node.input[:] = [real if name == image.name else name for name in node.input]
        shape = (-1, 1, 1) if contract.layout == "NCHW" else (-1,)
        pixels, centred = f"{image.name}_pixels", f"{image.name}_centred"
        step = self.constant("pixel_scale", np.float32(1))
        zero = self.constant("pixel_zero_point", self.dtype(self.lowest))
        less = self.constant("pixel_mean", -np.array(contract.mean, np.float32).reshape(shape))
        times = self.constant("pixel_factor", 1 / np.array(contract.std, np.float32).reshape(shape))
        self.insert(0, "DequantizeLinear", [image.name, step, zero], pixels)
        self.insert(1, "Add", [pixels, less], centred)
        self.insert(2, "Mul", [centred, times], real)
        image.type.tensor_type.elem_type = self.kind

    def give_bytes(self, output: Any, seen: tuple[float, float]) -> None:
        """Quantize an output: as it was before it became real, in steps of 1/256, or by its range."""
        from onnx import numpy_helper

        node = next(node for node in self.graph.node if output.name in node.output)
        real = f"{output.name}_real"
        for each in self.graph.node:
            each.output[:] = [real if name == output.name else name for name in each.output]
            each.input[:] = [real if name == output.name else name for name in each.input]
        if node.op_type in _SQUASHED:
            scale, zero = 1 / _PROBABILITY, self.lowest
        elif node.op_type == "DequantizeLinear":
            step, point = (numpy_helper.to_array(self.stored(name)) for name in node.input[1:])
            scale = float(step)
            zero = int(point) - int(np.iinfo(point.dtype).min) + self.lowest
        else:
            low, high = min(seen[0], 0.0), max(seen[1], 0.0)
            scale = (high - low) / _STEPS or 1.0
            zero = round(-low / scale) + self.lowest
        names = [
            self.constant(f"{output.name}_scale", np.float32(scale)),
            self.constant(f"{output.name}_zero_point", self.dtype(zero)),
        ]
        self.insert(len(self.graph.node), "QuantizeLinear", [real, *names], output.name)
        output.type.tensor_type.elem_type = self.kind

    def stored(self, name: str) -> Any:
        """A constant, by its name."""
        return next(tensor for tensor in self.graph.initializer if tensor.name == name)

    def constant(self, name: str, value: npt.ArrayLike) -> str:
        """Store a number; return its name."""
        from onnx import numpy_helper

        self.graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def insert(self, place: int, op: str, inputs: list[str], output: str) -> None:
        """Insert an operator."""
        from onnx import helper

        self.graph.node.insert(place, helper.make_node(op, inputs, [output], f"{output}/{op}"))
