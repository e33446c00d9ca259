"""Model files made by hand, so that every number is known."""

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from onnx import TensorProto, helper, numpy_helper

CHANNELS = 4
SCALES = [0.5, 0.25, 0.125, 0.0625]


def _tensor(name, shape, dtype, buffer, scales=None, zero_points=None, axis=0):
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.type, tensor.buffer = name.encode(), shape, dtype, buffer
    if scales is not None:
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale, tensor.quantization.zeroPoint = scales, zero_points
        tensor.quantization.quantizedDimension = axis
    return tensor


def _buffer(array=None):
    buffer = schema.BufferT()
    if array is not None:
        buffer.data = np.frombuffer(array.tobytes(), np.uint8)
    return buffer


@pytest.fixture(scope="session")
def tflite() -> bytes:
    """int8 [1, 8, 8, 3] → 3 × 3 convolution with stride 2 and 4 filters → int8 [1, 4, 4, 4]."""
    kind = schema.TensorType
    graph = schema.SubGraphT()
    graph.tensors = [
        _tensor("input", [1, 8, 8, 3], kind.INT8, 0, [1.0], [-128]),
        _tensor("weights", [CHANNELS, 3, 3, 3], kind.INT8, 1, SCALES, [0] * CHANNELS, 0),
        _tensor("bias", [CHANNELS], kind.INT32, 2, SCALES, [0] * CHANNELS, 0),
        _tensor("relu;conv;bias", [1, 4, 4, CHANNELS], kind.INT8, 0, [0.1], [-5]),
    ]
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = 0, [0, 1, 2], [3]
    operator.builtinOptionsType = schema.BuiltinOptions.Conv2DOptions
    operator.builtinOptions = schema.Conv2DOptionsT()
    operator.builtinOptions.strideH = operator.builtinOptions.strideW = 2
    graph.operators, graph.inputs, graph.outputs = [operator], [0], [3]
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CONV_2D
    code.version = 3
    model = schema.ModelT()
    model.version, model.subgraphs, model.operatorCodes = 3, [graph], [code]
    model.buffers = [
        _buffer(),
        _buffer(np.arange(CHANNELS * 27, dtype=np.int8)),
        _buffer(np.arange(CHANNELS, dtype=np.int32)),
    ]
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _quantized(name, values, scales, axis):
    """Initializers of a stored int8 tensor, and the node that makes it real."""
    initializers = [
        numpy_helper.from_array(values, f"{name}_stored"),
        numpy_helper.from_array(np.array(scales, np.float32), f"{name}_scale"),
        numpy_helper.from_array(np.zeros(len(scales), values.dtype), f"{name}_zero"),
    ]
    names = [tensor.name for tensor in initializers]
    return initializers, helper.make_node("DequantizeLinear", names, [name], axis=axis)


@pytest.fixture(scope="session")
def onnx_file() -> bytes:
    """float32 [1, 4, 8, 8] → grouped 3 × 3 convolution, int8 weights → ReLU → Gemm → float32 [1, 10]."""
    weights, weight_node = _quantized("weights", np.ones((CHANNELS, 2, 3, 3), np.int8), SCALES, 0)
    dense = np.ones((CHANNELS * 36, 10), np.float32)
    nodes = [
        weight_node,
        helper.make_node("Conv", ["input", "weights"], ["conv"], name="convolution", group=2),
        helper.make_node("Relu", ["conv"], ["relu"]),
        helper.make_node("QuantizeLinear", ["relu", "relu_scale", "relu_zero"], ["relu_stored"]),
        helper.make_node("DequantizeLinear", ["relu_stored", "relu_scale", "relu_zero"], ["relu_real"]),
        helper.make_node("Flatten", ["relu_real"], ["flat"]),
        helper.make_node("Gemm", ["flat", "dense", "dense_bias"], ["output"], name="classifier"),
    ]
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 4, 8, 8])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 10])],
        [
            *weights,
            numpy_helper.from_array(np.array(0.1, np.float32), "relu_scale"),
            numpy_helper.from_array(np.array(-128, np.int8), "relu_zero"),
            numpy_helper.from_array(dense, "dense"),
            numpy_helper.from_array(np.zeros(10, np.float32), "dense_bias"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    return bytes(model.SerializeToString())
