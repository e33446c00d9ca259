"""Reading .onnx: a protocol buffer; shapes come from ONNX' own inference."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import prod
from typing import Any

from msgspec import structs

from edgekit.errors import ModelError
from edgekit.inspection.external import data_names
from edgekit.inspection.onnx_metadata import onnx_usage
from edgekit.inspection.record import Inspection, Layer, Quantization, TensorInfo, check_elements
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
_CONVERSIONS = ("QuantizeLinear", "DequantizeLinear")


def read_onnx(data: bytes, name: str) -> Inspection:
    """Walk an ONNX file's graph.

    Files that hold its weights are named and not read.

    Raises:
        ModelError: Not ONNX, truncated or damaged; or it would have files read that are not next to it.
    """
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load_model_from_string(data)
        if not model.graph.node or not model.opset_import:
            raise ValueError("it holds no graph")
        tensors = list(_tensors(model))
        names = data_names(name, tensors)
        _check_tensors(name, model, tensors)
        if not names:  # else the checker would read the files
            onnx.checker.check_model(model)
        model = onnx.shape_inference.infer_shapes(model)
        return _Walk(model).inspection(name, len(data), names)
    except (
        DecodeError,
        onnx.checker.ValidationError,
        onnx.shape_inference.InferenceError,
        ValueError,
        KeyError,
        IndexError,
    ) as error:
        if missing := re.search(r"No Op registered for (\S+) with domain_version of (\d+)", str(error)):
            raise _no_operator(name, missing[1], int(missing[2])) from error
        raise ModelError(
            f"{name} is a damaged ONNX file ({len(data)} bytes): {first_line(error)}",
            "Convert or copy it again.",
        ) from error


def _no_operator(name: str, operator: str, opset: int) -> ModelError:
    """Say that the operator set a file names lacks an operator, and which has it, as ONNX itself knows."""
    import onnx

    what = f"{name} uses the operator {operator}, which ONNX' operator set {opset} does not have."
    schemas = onnx.defs.get_all_schemas_with_history()
    since = [each.since_version for each in schemas if (each.domain, each.name) == ("", operator)]
    if since:
        return ModelError(
            what, f"It came with operator set {min(since)}: export the model with that or later."
        )
    return ModelError(what, "It is an operator of another tool's: export the model with standard ones.")


def _tensors(message: Any) -> Iterator[Any]:
    """Yield every stored tensor of a model, wherever it is: subgraphs, attributes and functions included."""
    from onnx import TensorProto

    for field, value in message.ListFields():
        if field.message_type is not None:
            for each in value if field.is_repeated else [value]:
                if isinstance(each, TensorProto):
                    yield each
                elif hasattr(each, "ListFields"):
                    yield from _tensors(each)


def _check_tensors(name: str, model: Any, tensors: list[Any]) -> None:
    """Refuse names that lead out of a folder, should a tool write a file by them, and impossible sizes."""
    graph = model.graph
    for tensor in (*tensors, *graph.input, *graph.output):
        if not isinstance(tensor.name, str):
            raise ValueError(f"a tensor's name is not text: {tensor.name!r}")
        if ".." in re.split(r"[/\\]", tensor.name) or "\0" in tensor.name:
            raise ModelError(
                f"{name} has a tensor whose name is a path out of its folder: {tensor.name!r}.",
                "Rename it, or get the file from where you trust it.",
            )
    for tensor in tensors:
        check_elements(name, tensor.name, tensor.dims)
        if min(tensor.dims, default=0) < 0:
            raise ValueError(f"the tensor {tensor.name!r} has the shape {list(tensor.dims)}")


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
        self.kept: dict[str, int] = {}

    def inspection(self, name: str, size: int, data: tuple[str, ...]) -> Inspection:
        graph = self.graph
        for value in self.values:
            check_elements(name, value, self.shape(value))
        opset = max(entry.version for entry in self.model.opset_import if entry.domain in ("", "ai.onnx"))
        return Inspection(
            name=name,
            format="onnx",
            bytes=size,
            opset=opset,
            inputs=tuple(self.end(i.name) for i in graph.input if i.name not in self.constants),
            outputs=tuple(self.end(o.name) for o in graph.output),
            layers=tuple(self.layer(node) for node in self.computed()),
            stored=self.kept,
            usage=onnx_usage({entry.key: entry.value for entry in self.model.metadata_props}),
            data=data,
        )

    def computed(self) -> Iterator[Any]:
        """The nodes that a runtime does not compute once for all when it loads the file."""
        known = set(self.constants)
        for node in self.graph.node:
            given = [name for name in node.input if name]
            if given and known.issuperset(given) and node.op_type not in _CONVERSIONS:
                known.update(node.output)
            else:
                yield node

    def layer(self, node: Any) -> Layer:
        output = self.tensor(node.output[0])
        in_conversion = node.op_type in _CONVERSIONS
        constants = [] if in_conversion else [name for name in node.input if self.is_parameter(name)]
        fresh = [name for name in constants if name not in self.counted]
        self.counted.update(fresh)
        for constant in fresh:
            dtype = _dtype(self.stored(constant).data_type)
            self.kept[dtype] = self.kept.get(dtype, 0) + prod(self.shape(constant))
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
        if node.op_type in _CONVERSIONS:
            return self.quantization(node)
        consumer = self.quantize.get(node.output[0])
        return self.quantization(consumer) if consumer is not None else None

    def quantization(self, node: Any) -> Quantization | None:
        """The parameters of a QuantizeLinear or DequantizeLinear node; None: computed, or in another file."""
        from onnx import TensorProto, numpy_helper

        scale = self.constants.get(node.input[1])
        zero = self.constants.get(node.input[2]) if len(node.input) > 2 else None
        if scale is None or TensorProto.EXTERNAL in (scale.data_location, getattr(zero, "data_location", 0)):
            return None
        scales = numpy_helper.to_array(scale).ravel()
        zeros = numpy_helper.to_array(zero).ravel() if zero is not None else [0] * len(scales)
        axis = next((a.i for a in node.attribute if a.name == "axis"), 1)  # 1 is the operator's default
        return Quantization(
            dtype=_dtype(zero.data_type) if zero is not None else "uint8",
            scales=tuple(float(scale) for scale in scales),
            zero_points=tuple(int(point) for point in zeros),
            axis=axis if len(scales) > 1 else None,
        )

    def end(self, name: str) -> TensorInfo:
        """An input or output; a quantized one is known by the operator next to it."""
        for node in self.graph.node:
            if (node.op_type == "DequantizeLinear" and node.input[0] == name) or (
                node.op_type == "QuantizeLinear" and node.output[0] == name
            ):
                return structs.replace(self.tensor(name), quantization=self.quantization(node))
        return self.tensor(name)

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
