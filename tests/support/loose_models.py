"""Model files of no artefact set, made by hand: tiny, and of the kinds that people bring.

two_inputs.onnx      image float32 [n, 3, h, w] and ids int64 [n, 5] → scores float32 [n, 8]
three_outputs.tflite float32 [1, 8, 8, 3] → two float32 outputs and one of whole numbers
free.onnx            float32 [n, 3, h, w] → float32 [n, 4, h, w]; its weights are in free.onnx.data
float16.onnx         float16 [1, 3, 8, 8] → float16 [1, 4]
int8.tflite          int8 [1, 8, 8, 3] → int8 [1, 3]
detector.onnx        images float32 [1, 3, h, w] → float32 boxes [1, k, 4] and scores [1, k, 6], count int64
"""

from __future__ import annotations

import shutil
from pathlib import Path

import flatbuffers
import numpy as np
import onnx
from ai_edge_litert import schema_py_generated as schema
from onnx import TensorProto, helper, numpy_helper

from support.artefact_sets import MODELS

NAMES = (
    "two_inputs.onnx",
    "three_outputs.tflite",
    "free.onnx",
    "float16.onnx",
    "int8.tflite",
    "detector.onnx",
)
SHAPES = {"image": (1, 3, 8, 8), "x": (1, 3, 8, 12), "images": (1, 3, 16, 16)}
_KIND = TensorProto


def write_all(folder: Path) -> None:
    """Write one of each."""
    random = np.random.default_rng(3)
    _two_inputs(folder / "two_inputs.onnx", random)
    _three_outputs(folder / "three_outputs.tflite")
    _free(folder / "free.onnx", random)
    _float16(folder / "float16.onnx", random)
    _detector(folder / "detector.onnx", random)
    shutil.copy(MODELS / "int8.tflite", folder / "int8.tflite")


def save(path: Path, nodes, inputs, outputs, constants=(), opset=17, ir=8) -> Path:
    """Write an ONNX file; inputs and outputs are (name, type, shape)."""
    graph = helper.make_graph(
        list(nodes),
        "graph",
        [helper.make_tensor_value_info(*each) for each in inputs],
        [helper.make_tensor_value_info(*each) for each in outputs],
        [numpy_helper.from_array(array, name) for name, array in dict(constants).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir)
    path.write_bytes(model.SerializeToString())
    return path


def _two_inputs(path, random):
    node = helper.make_node
    save(
        path,
        [
            node("Conv", ["image", "w"], ["c"], pads=[1, 1, 1, 1]),
            node("GlobalAveragePool", ["c"], ["p"]),
            node("Flatten", ["p"], ["f"]),
            node("Gather", ["table", "ids"], ["g"]),
            node("ReduceMean", ["g"], ["m"], axes=[1], keepdims=0),
            node("Add", ["f", "m"], ["scores"]),
        ],
        [("image", _KIND.FLOAT, ["n", 3, "h", "w"]), ("ids", _KIND.INT64, ["n", 5])],
        [("scores", _KIND.FLOAT, ["n", 8])],
        {"w": _normal(random, 8, 3, 3, 3), "table": _normal(random, 10, 8)},
    )


def _free(path, random):
    made = save(
        path,
        [helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 1, 1, 1])],
        [("x", _KIND.FLOAT, ["n", 3, "h", "w"])],
        [("y", _KIND.FLOAT, ["n", 4, "h", "w"])],
        {"w": _normal(random, 4, 3, 3, 3)},
    )
    external(made, f"{path.name}.data")


def external(path: Path, location: str, *, write: bool = True) -> None:
    """Move an ONNX file's weights to another file."""
    model = onnx.load(path)
    (tensor,) = model.graph.initializer
    if write:
        (path.parent / location).write_bytes(tensor.raw_data)
    onnx.external_data_helper.set_external_data(tensor, location)
    tensor.ClearField("raw_data")
    path.write_bytes(model.SerializeToString())


def _float16(path, random):
    save(
        path,
        [
            helper.make_node("Conv", ["x16", "w"], ["c"]),
            helper.make_node("GlobalAveragePool", ["c"], ["p"]),
            helper.make_node("Flatten", ["p"], ["y"]),
        ],
        [("x16", _KIND.FLOAT16, [1, 3, 8, 8])],
        [("y", _KIND.FLOAT16, [1, 4])],
        {"w": _normal(random, 4, 3, 3, 3).astype(np.float16)},
    )


def _detector(path, random):
    node = helper.make_node
    save(
        path,
        [
            node("Conv", ["images", "w"], ["c"], strides=[4, 4]),  # [1, 10, h / 4, w / 4]
            node("Reshape", ["c", "flat"], ["r"]),
            node("Transpose", ["r"], ["t"], perm=[0, 2, 1]),
            node("Split", ["t", "parts"], ["boxes", "logits"], axis=2),
            node("Sigmoid", ["logits"], ["scores"]),
            node("Greater", ["scores", "half"], ["above"]),
            node("Cast", ["above"], ["whole"], to=_KIND.INT64),
            node("ReduceSum", ["whole"], ["count"], keepdims=0),
        ],
        [("images", _KIND.FLOAT, [1, 3, "h", "w"])],
        [
            ("boxes", _KIND.FLOAT, [1, "k", 4]),
            ("scores", _KIND.FLOAT, [1, "k", 6]),
            ("count", _KIND.INT64, []),
        ],
        {
            "w": _normal(random, 10, 3, 4, 4),
            "flat": np.array([1, 10, -1]),
            "parts": np.array([4, 6]),
            "half": np.float32(0.5).reshape(()),
        },
    )


def _normal(random, *shape):
    return random.normal(size=shape).astype(np.float32)


def tflite(tensors, operators, inputs, outputs) -> bytes:
    """Return a TFLite file.

    Args:
        tensors: (name, shape, type, signature or None) of each.
        operators: (code, version, inputs, outputs, options or None) of each; a code may be a name, of an
            operator that is not the format's own.
        inputs: Tensors that are inputs.
        outputs: Tensors that are outputs.
    """
    graph, model = schema.SubGraphT(), schema.ModelT()
    graph.tensors, graph.operators = [], []
    model.operatorCodes, model.version, model.buffers = [], 3, [schema.BufferT()]
    for name, shape, kind, signature in tensors:
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type, tensor.buffer = name.encode(), shape, kind, 0
        tensor.shapeSignature = signature
        graph.tensors.append(tensor)
    for place, (which, version, taken, given, options) in enumerate(operators):
        code, operator = schema.OperatorCodeT(), schema.OperatorT()
        custom = isinstance(which, str)
        builtin = schema.BuiltinOperator.CUSTOM if custom else which
        code.builtinCode, code.deprecatedBuiltinCode, code.version = builtin, min(builtin, 127), version
        code.customCode = which.encode() if custom else None
        operator.opcodeIndex, operator.inputs, operator.outputs = place, taken, given
        if options is not None:
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, type(options).__name__[:-1])
            operator.builtinOptions = options
        model.operatorCodes.append(code)
        graph.operators.append(operator)
    graph.inputs, graph.outputs, model.subgraphs = inputs, outputs, [graph]
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _three_outputs(path):
    kind, code = schema.TensorType, schema.BuiltinOperator
    shape, free = [1, 8, 8, 3], [-1, 8, 8, 3]
    cast = schema.CastOptionsT()
    cast.inDataType, cast.outDataType = kind.FLOAT32, kind.INT32
    data = tflite(
        [
            ("frame", shape, kind.FLOAT32, free),
            ("tanh", shape, kind.FLOAT32, free),
            ("squared", shape, kind.FLOAT32, free),
            ("whole", shape, kind.INT32, free),
        ],
        [
            (code.TANH, 1, [0], [1], None),
            (code.MUL, 1, [0, 0], [2], schema.MulOptionsT()),
            (code.CAST, 1, [0], [3], cast),
        ],
        [0],
        [1, 2, 3],
    )
    path.write_bytes(data)


if __name__ == "__main__":
    import sys

    write_all(Path(sys.argv[1]))
    for each in Path(sys.argv[1]).glob("*.onnx"):
        onnx.checker.check_model(each)
