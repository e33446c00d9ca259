"""Reading .onnx: a protocol buffer; shapes come from ONNX' own inference."""

from __future__ import annotations

from math import prod
from typing import Any

from edgekit.errors import ModelError
from edgekit.inspection.record import Inspection, Layer, Quantization, TensorInfo
from edgekit.words import first_line

# Where the operators that multiply and add have their second factor: a convolution's weights, a matrix.
_SECOND = {
    "Conv": 1,
    "ConvInteger": 1,
    "QLinearConv": 3,
    "ConvTranspose": 1,
    "Gemm": 1,
    "MatMul": 1,
    "MatMulInteger": 1,
    "QLinearMatMul": 3,
}


def read_onnx(data: bytes, name: str) -> Inspection:
    """Walk an ONNX file's graph.

    Raises:
        ModelError: Not ONNX, truncated or damaged.
    """
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load_model_from_string(data)
        if not model.graph.node or not model.opset_import:
            raise ValueError("it holds no graph")
        onnx.checker.check_model(model)
        model = onnx.shape_inference.infer_shapes(model)
        return _Walk(model).inspection(name, len(data))
    except (DecodeError, onnx.checker.ValidationError, ValueError, KeyError, IndexError) as error:
        raise ModelError(
            f"{name} is a damaged ONNX file ({len(data)} bytes): {first_line(error)}",
            "Convert or copy it again.",
        ) from error


class _Walk:
    """One pass over the nodes of the graph."""

    def __init__(self, model: Any) -> None:
        graph = model.graph
        self.model, self.graph = model, graph
        self.constants = {tensor.name: tensor for tensor in graph.initializer}
        self.values = {value.name: value for value in (*graph.input, *graph.output, *graph.value_info)}
        self.dequantize = {node.output[0]: node for node in graph.node if node.op_type == "DequantizeLinear"}
        self.quantize = {node.input[0]: node for node in graph.node if node.op_type == "QuantizeLinear"}
        self.counted: set[str] = set()  # constants shared by several nodes count once

    def inspection(self, name: str, size: int) -> Inspection:
        graph = self.graph
        opset = max(entry.version for entry in self.model.opset_import if entry.domain in ("", "ai.onnx"))
        return Inspection(
            name=name,
            format="onnx",
            bytes=size,
            opset=opset,
            inputs=tuple(self.tensor(i.name) for i in graph.input if i.name not in self.constants),
            outputs=tuple(self.tensor(o.name) for o in graph.output),
            layers=tuple(self.layer(node) for node in graph.node),
        )

    def layer(self, node: Any) -> Layer:
        output = self.tensor(node.output[0])
        in_conversion = node.op_type in ("QuantizeLinear", "DequantizeLinear")
        constants = [] if in_conversion else [name for name in node.input if self.is_parameter(name)]
        fresh = [name for name in constants if name not in self.counted]
        self.counted.update(fresh)
        return Layer(
            op=node.op_type,
            name=node.name or output.name,
            tensor=output.name,
            shape=output.shape,
            dtype=output.dtype,
            multiply_adds=self.multiply_adds(node),
            parameters=sum(prod(self.shape(name)) for name in fresh),
            output=self.output_quantization(node),
            weights=self.weight_quantization(constants[0]) if constants else None,
        )

    def stored(self, name: str) -> Any:
        """The initializer behind a name, directly or through its DequantizeLinear; None otherwise."""
        node = self.dequantize.get(name)
        return self.constants.get(node.input[0] if node is not None else name)

    def is_parameter(self, name: str) -> bool:
        """Whether a name is a stored weight or bias; shapes (int64) and bounds (scalars) are not."""
        from onnx import TensorProto

        tensor = self.stored(name)
        return tensor is not None and len(tensor.dims) > 0 and tensor.data_type != TensorProto.INT64

    def weight_quantization(self, name: str) -> Quantization | None:
        node = self.dequantize.get(name)
        return self.quantization(node) if node is not None else None

    def output_quantization(self, node: Any) -> Quantization | None:
        if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            return self.quantization(node)
        consumer = self.quantize.get(node.output[0])
        return self.quantization(consumer) if consumer is not None else None

    def quantization(self, node: Any) -> Quantization | None:
        """The parameters of a QuantizeLinear or DequantizeLinear node; None when they are computed."""
        from onnx import numpy_helper

        if node.input[1] not in self.constants:
            return None
        scales = numpy_helper.to_array(self.constants[node.input[1]]).ravel()
        zero = self.constants.get(node.input[2]) if len(node.input) > 2 else None
        zeros = numpy_helper.to_array(zero).ravel() if zero is not None else [0] * len(scales)
        axis = next((a.i for a in node.attribute if a.name == "axis"), 1)  # 1 is the operator's default
        return Quantization(
            dtype=_dtype(zero.data_type) if zero is not None else "uint8",
            scales=tuple(float(scale) for scale in scales),
            zero_points=tuple(int(point) for point in zeros),
            axis=axis if len(scales) > 1 else None,
        )

    def tensor(self, name: str) -> TensorInfo:
        value = self.values.get(name)
        if value is None:
            return TensorInfo(name, (), "unknown")
        return TensorInfo(name, self.shape(name), _dtype(value.type.tensor_type.elem_type))

    def shape(self, name: str) -> tuple[int, ...]:
        tensor = self.stored(name)
        if tensor is not None:
            return tuple(tensor.dims)
        value = self.values.get(name)
        if value is None:
            return ()
        dims = value.type.tensor_type.shape.dim
        return tuple(dim.dim_value if dim.HasField("dim_value") else -1 for dim in dims)

    def multiply_adds(self, node: Any) -> int:
        """Weights: Conv [out, in, h, w]; ConvTranspose [in, out, h, w]; products by their inner size.

        A size that is only known when the file runs, such as the batch's, counts as 1; where a tensor's
        rank is unknown, the node counts 0.
        """
        index = _SECOND.get(node.op_type)
        if index is None:
            return 0
        names = (node.input[0], node.input[index], node.output[0])
        first, second, output = (tuple(x if x >= 0 else 1 for x in self.shape(name)) for name in names)
        if not (first and second and output):
            return 0
        if node.op_type == "ConvTranspose":
            return prod(first) * prod(second[1:])
        if node.op_type.endswith(("Conv", "ConvInteger")):
            return prod(output) * prod(second[1:])
        transposed = any(a.name == "transA" and a.i for a in node.attribute)
        return prod(output) * first[0 if transposed else -1]


def _dtype(code: int) -> str:
    from onnx import TensorProto

    name = str(TensorProto.DataType.Name(code)).lower()
    return {"float": "float32", "double": "float64"}.get(name, name)
