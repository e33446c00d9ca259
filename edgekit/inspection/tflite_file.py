"""Reading .tflite: a flatbuffer, walked with the schema that LiteRT ships."""

from __future__ import annotations

import struct
from collections.abc import Callable
from math import prod
from typing import Any

from edgekit.errors import ModelError
from edgekit.inspection.record import Inspection, Layer, Quantization, TensorInfo, check_elements
from edgekit.inspection.tflite_metadata import NAME, scale_of, usage_of

_IDENTIFIER = b"TFL3"  # bytes 4 to 8, fixed by the format's schema
# what the flatbuffer reader raises when an offset or a length points outside the file
_DAMAGE = (struct.error, IndexError, ValueError, TypeError, AttributeError, OverflowError, KeyError)


def is_tflite(data: bytes) -> bool:
    """Whether a file has the identifier of TFLite."""
    return data[4:8] == _IDENTIFIER


def read_tflite(data: bytes, name: str) -> Inspection:
    """Walk a TFLite file's first subgraph.

    Raises:
        ModelError: Truncated or damaged.
    """
    from ai_edge_litert import schema_py_generated as schema

    try:
        model = schema.Model.GetRootAs(data, 0)
        _check_buffers(model)
        return _Walk(schema, model).inspection(name, data)
    except _DAMAGE as error:
        raise ModelError(
            f"{name} is a damaged TFLite file: its {len(data)} bytes contradict themselves or end too soon.",
            "Convert or copy it again.",
        ) from error


def _check_buffers(model: Any) -> None:
    """Touch the end of every weight buffer, so that a truncated file does not pass for whole."""
    if model.SubgraphsLength() < 1:
        raise ValueError("it has no subgraph")
    for index in range(model.BuffersLength()):
        model.Buffers(index).DataAsNumpy()


class _Walk:
    """One pass over the operators of the main subgraph."""

    def __init__(self, schema: Any, model: Any) -> None:
        self.model = model
        self.graph = model.Subgraphs(0)
        self.ops = {value: key for key, value in vars(schema.BuiltinOperator).items() if key.isupper()}
        self.dtypes = {value: key.lower() for key, value in vars(schema.TensorType).items() if key.isupper()}
        self.counted: set[int] = set()  # constants shared by several operators count once
        self.stored: dict[str, int] = {}

    def inspection(self, name: str, data: bytes) -> Inspection:
        graph, metadata = self.graph, self.metadata()
        for index in range(graph.TensorsLength()):
            check_elements(name, self.tensor(index).name, self.shape(index))
        return Inspection(
            name=name,
            format="tflite",
            bytes=len(data),
            opset=None,
            inputs=tuple(self.free(graph.Inputs(i)) for i in range(graph.InputsLength())),
            outputs=tuple(self.tensor(graph.Outputs(i)) for i in range(graph.OutputsLength())),
            layers=tuple(self.layer(graph.Operators(i)) for i in range(graph.OperatorsLength())),
            stored=self.stored,
            scale=scale_of(metadata),
            usage=usage_of(metadata, data),
        )

    def metadata(self) -> bytes:
        """What the file says of itself; empty: nothing."""
        entries = (self.model.Metadata(i) for i in range(self.model.MetadataLength()))
        found = next((entry.Buffer() for entry in entries if entry.Name() == NAME), None)
        if found is None or self.model.Buffers(found).DataIsNone():
            return b""
        return bytes(self.model.Buffers(found).DataAsNumpy().tobytes())

    def layer(self, operator: Any) -> Layer:
        op = self.op_name(self.model.OperatorCodes(operator.OpcodeIndex()))
        inputs = [operator.Inputs(i) for i in range(operator.InputsLength())]
        output = self.tensor(operator.Outputs(0))
        constants = [i for i in inputs if i >= 0 and self.is_parameter(i)]
        weights = self.tensor(constants[0]) if constants else None
        fresh = [i for i in constants if i not in self.counted]
        self.counted.update(fresh)
        for index in fresh:
            dtype = self.tensor(index).dtype
            self.stored[dtype] = self.stored.get(dtype, 0) + prod(self.shape(index))
        return Layer(
            op=op,
            name=output.name.partition(";")[0],  # a fused operator lists every name it came from
            tensor=output.name,
            shape=output.shape,
            dtype=output.dtype,
            multiply_adds=_multiply_adds(op, [self.shape(i) if i >= 0 else () for i in inputs], output.shape),
            parameters=sum(prod(self.shape(i)) for i in fresh),
            output=output.quantization,
            weights=weights.quantization if weights else None,
        )

    def op_name(self, code: Any) -> str:
        builtin = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())  # the schema's own rule
        name = str(self.ops[builtin])
        return bytes(code.CustomCode()).decode("utf-8", "replace") if name == "CUSTOM" else name

    def is_parameter(self, index: int) -> bool:
        """Whether a tensor is a stored weight or bias; shapes, axes and paddings are not."""
        tensor = self.graph.Tensors(index)
        stored = self.model.Buffers(tensor.Buffer())
        if stored.DataLength() == 0 and stored.Size() == 0:
            return False
        plain_integer = self.dtypes[tensor.Type()] in ("int32", "int64") and self.quantization(index) is None
        return tensor.ShapeLength() > 0 and not plain_integer

    def tensor(self, index: int) -> TensorInfo:
        tensor = self.graph.Tensors(index)
        name = bytes(tensor.Name() or b"").decode("utf-8", "replace")
        return TensorInfo(name, self.shape(index), self.dtypes[tensor.Type()], self.quantization(index))

    def free(self, index: int) -> TensorInfo:
        """An input, whose signature says which of its sizes may be chosen."""
        tensor, found = self.graph.Tensors(index), self.tensor(index)
        signature = tuple(int(tensor.ShapeSignature(i)) for i in range(tensor.ShapeSignatureLength()))
        if len(signature) != len(found.shape):
            return found
        return TensorInfo(found.name, signature, found.dtype, found.quantization)

    def shape(self, index: int) -> tuple[int, ...]:
        tensor = self.graph.Tensors(index)
        return tuple(int(tensor.Shape(i)) for i in range(tensor.ShapeLength()))

    def quantization(self, index: int) -> Quantization | None:
        tensor = self.graph.Tensors(index)
        found = tensor.Quantization()
        if found is None or found.ScaleLength() == 0:
            return None
        return Quantization(
            dtype=self.dtypes[tensor.Type()],
            # whole: one by one, a thousand channels take longer to read than all the rest of a file
            scales=tuple(found.ScaleAsNumpy().tolist()),
            zero_points=tuple(found.ZeroPointAsNumpy().tolist()) if found.ZeroPointLength() else (),
            axis=int(found.QuantizedDimension()) if found.ScaleLength() > 1 else None,
        )


Shapes = list[tuple[int, ...]]
# weights: CONV_2D [out, h, w, in], DEPTHWISE_CONV_2D [1, h, w, out], FULLY_CONNECTED [out, in],
# TRANSPOSE_CONV [out, h, w, in] with the image as its third input
_WORK: dict[str, Callable[[Shapes, tuple[int, ...]], int]] = {
    "CONV_2D": lambda inputs, output: prod(output) * prod(inputs[1][1:]),
    "DEPTHWISE_CONV_2D": lambda inputs, output: prod(output) * prod(inputs[1][1:3]),
    "FULLY_CONNECTED": lambda inputs, output: prod(output) * inputs[1][1],
    "TRANSPOSE_CONV": lambda inputs, output: prod(inputs[2]) * prod(inputs[1][:3]),
    "BATCH_MATMUL": lambda inputs, output: prod(output) * inputs[0][-1],
}


def _multiply_adds(op: str, inputs: Shapes, output: tuple[int, ...]) -> int:
    return _WORK[op](inputs, output) if op in _WORK else 0
