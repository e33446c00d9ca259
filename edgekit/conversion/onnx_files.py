"""Making .onnx files with tf2onnx and ONNX Runtime's quantizer."""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edgekit.conversion.graph import FloatGraph
from edgekit.conversion.noise import converter
from edgekit.conversion.onnx_naming import rename, shorten
from edgekit.conversion.onnx_rewrites import (
    multiply_steps,
    numbers_of_products,
    stay_in_float,
    usual_operators,
)
from edgekit.conversion.onnx_trimming import leave_out_idle_work, leave_out_known_numbers
from edgekit.conversion.ranges import Ranges
from edgekit.conversion.runners import import_onnxruntime
from edgekit.conversion.target import LARGEST_SAFE_WEIGHT, Target
from edgekit.inspection import Inspection

OPSET = 17  # of what is made here, and what an older file is upgraded to
SMALLEST_OPSET = 13  # the first with QuantizeLinear per channel
# Parts of layer norms, GELU and the like for which ONNX Runtime has no 8-bit kernel: between 8-bit tensors
# it would convert to float32 and back around each of them, which costs accuracy and saves no time.
FLOAT_OPS = frozenset(
    "Abs Cos Div Elu Erf Exp Gelu HardSigmoid HardSwish InstanceNormalization LayerNormalization Log "  # noqa: SIM905
    "LogSoftmax Mish Neg Pow PRelu Reciprocal ReduceMax ReduceMean ReduceSum Selu Sin Softplus Sqrt Sub "
    "Tanh".split()
)
# Where 8-bit products are summed in pairs of 16 bits (AVX2's vpmaddubsw), full-range weights saturate;
# 7-bit weights cannot. VNNI's and Arm's instructions sum in 32 bits and lose nothing.
REDUCED_RANGE: dict[Target, bool] = {
    "portable": True,
    "x86-avx2": True,
    "x86-vnni": False,
    "arm64": False,
}
# On x86 ONNX Runtime computes with unsigned activations. It turns signed ones when it loads a file, but not a
# tensor that two nodes read: behind each residual sum a convolution and the next sum would stay in float32.
SIGNED: frozenset[Target] = frozenset({"arm64"})


def float32_onnx(graph: FloatGraph) -> bytes:
    """Convert to float32 and fold what follows or precedes a convolution: batch norm, bias, padding.

    Raises:
        ModelError: An operator has no ONNX counterpart.
    """
    import tf2onnx

    with converter("a float32 ONNX file"), _collected_at_once():
        model, _ = tf2onnx.convert.from_graph_def(
            _known(graph.graph_def),
            input_names=[graph.input],
            output_names=list(graph.outputs),
            opset=OPSET,
        )
        model = _fold(model)
        rename(model, {graph.input: "input", **dict(zip(graph.outputs, graph.names, strict=True))})
        return bytes(model.SerializeToString(deterministic=True))


def fit_onnx(data: bytes) -> bytes:
    """Fold a float32 file of other origin in the same way; its inputs and outputs keep their names.

    Raises:
        ModelError: ONNX Runtime cannot run it.
    """
    import onnx

    with converter("a float32 ONNX file"):
        model = _fold(onnx.load_model_from_string(data))
        ends = (*model.graph.input, *model.graph.output)
        rename(model, {value.name: value.name for value in ends})
        model.graph.name, model.doc_string = "model", ""
        return bytes(model.SerializeToString(deterministic=True))


def onnx_of_tflite(data: bytes) -> bytes:
    """A float32 TFLite file as ONNX, to be calibrated: its weights are the same, its operators are not all.

    Raises:
        ModelError: An operator has no ONNX counterpart.
    """
    import tf2onnx

    with converter("a float32 ONNX file"), tempfile.TemporaryDirectory(prefix="edgekit-") as folder:
        path = Path(folder) / "float32.tflite"
        path.write_bytes(data)
        model, _ = tf2onnx.convert.from_tflite(str(path), opset=OPSET)
        return fit_onnx(bytes(model.SerializeToString()))


@contextmanager
def _collected_at_once() -> Iterator[None]:
    """Free what tf2onnx leaves behind while it works, not once it is done.

    Each of its passes copies the graph with all weights, and graphs refer to themselves. Python looks for
    such garbage once there is a quarter more of everything, and TensorFlow alone is much: ResNet-50 took
    7.6 GB.
    What was there before is not looked through.
    """
    thresholds = gc.get_threshold()
    gc.freeze()
    gc.collect()  # counts what is left: nothing
    gc.set_threshold(700, 10, 1)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.collect()
        gc.unfreeze()


def _known(graph_def: Any) -> Any:
    """Write what tf2onnx cannot work with as what it can.

    It does not know erfc(x), as in GELU: 1 − erf(x). It gives up moving transpositions, of a whole model, at
    a number added to a convolution's result, as in hard-swish: it takes one number for each channel, or [1].
    """
    consts = {node.name: node for node in graph_def.node if node.op == "Const"}
    for node in graph_def.node:
        for name in node.input if node.op in ("Add", "AddV2") else ():
            if name in consts and not (tensor := consts[name].attr["value"].tensor).tensor_shape.dim:
                tensor.tensor_shape.dim.add(size=1)
    for node in list(graph_def.node):
        if node.op == "Erfc":
            one = graph_def.node.add(name=f"{node.name}/one", op="Const")
            one.attr["dtype"].CopyFrom(node.attr["T"])
            one.attr["value"].tensor.dtype = node.attr["T"].type
            one.attr["value"].tensor.tensor_shape.SetInParent()
            one.attr["value"].tensor.float_val.append(1.0)
            erf = graph_def.node.add(name=f"{node.name}/erf", op="Erf", input=node.input)
            erf.attr["T"].CopyFrom(node.attr["T"])
            node.op, node.input[:] = "Sub", [one.name, erf.name]
    return graph_def


def int8_onnx(
    float_file: bytes, ranges: Ranges, target: Target, float_layers: Set[str] = frozenset()
) -> bytes:
    """Quantize a float32 file: signed 8-bit weights per channel, 8-bit activations by the ranges given.

    The file keeps a float32 input and output, as ONNX Runtime's users expect. Softmax stays in float32:
    it is a handful of values, and its int8 form cannot tell apart probabilities closer than 1/256.

    Args:
        float_file: What `float32_onnx` returned.
        ranges: (lowest, highest) real value of every activation, by tensor name.
        target: CPUs whose arithmetic the weights must suit.
        float_layers: Output tensors of nodes to leave in float32.

    Raises:
        ModelError: The quantizer cannot quantize this model.
    """
    import numpy as np
    import onnx

    import_onnxruntime()
    from onnxruntime.quantization import CalibrationMethod, QDQQuantizer, QuantType
    from onnxruntime.quantization.calibrate import TensorsData

    with converter("an int8 ONNX file"):
        real = onnx.load_model_from_string(float_file)
        model = onnx.shape_inference.infer_shapes(real)
        leave_out_idle_work(model)
        numbers = numbers_of_products(model)
        levels = LARGEST_SAFE_WEIGHT if REDUCED_RANGE[target] else 127
        limits = {name: (np.float32(low), np.float32(high)) for name, (low, high) in ranges.items()}
        excluded = [
            node.name
            for node in model.graph.node
            if node.op_type in (*FLOAT_OPS, "Softmax") or not float_layers.isdisjoint(node.output)
        ]
        quantizer = QDQQuantizer(
            model,
            per_channel=True,
            reduce_range=REDUCED_RANGE[target],
            weight_qType=QuantType.QInt8,
            activation_qType=QuantType.QInt8 if target in SIGNED else QuantType.QUInt8,
            tensors_range=TensorsData(CalibrationMethod.MinMax, limits),
            nodes_to_quantize=[],
            nodes_to_exclude=excluded,
            op_types_to_quantize=sorted({node.op_type for node in model.graph.node}),
            extra_options={"TensorQuantOverrides": _weight_steps(model.graph, levels)},
        )
        quantizer.quantize_model()
        quantizer.model.topological_sort()
        made = quantizer.model.model
        multiply_steps(made, numbers)
        stay_in_float(made, [node for node in made.graph.node if not float_layers.isdisjoint(node.output)])
        leave_out_known_numbers(made)
        shorten(made, real)
        return bytes(made.SerializeToString(deterministic=True))


def _weight_steps(graph: Any, levels: int) -> dict[str, list[dict[str, Any]]]:
    """The step of each channel of the convolutions' weights, as the quantizer itself finds it.

    It finds one after the other, which is more than half of its time.
    """
    import numpy as np
    from onnx import numpy_helper

    convolutions = {node.input[1] for node in graph.node if node.op_type == "Conv"}
    found: dict[str, list[dict[str, Any]]] = {}
    for tensor in graph.initializer:
        if tensor.name in convolutions:
            values = numpy_helper.to_array(tensor)
            largest = np.abs(values.reshape(len(values), -1)).max(axis=1, initial=0.0)
            steps = ((2 * largest).astype(np.float64) / (2 * levels)).astype(np.float32)
            steps[steps < np.finfo(np.float32).tiny] = 1.0
            zero = np.array(0, np.int8)
            found[tensor.name] = [{"axis": 0, "scale": step, "zero_point": zero} for step in steps]
    return found


def onnx_note(found: Inspection, target: Target) -> str:
    """How an int8 file was quantized."""
    bits = 7 if REDUCED_RANGE[target] else 8
    softmax = ", softmax in float32" if "Softmax" in found.ops else ""
    return f"{bits}-bit weights per channel, 8-bit activations{softmax}"


def may_overflow(data: bytes, found: Inspection) -> bool:
    """Whether sums of two products can leave 16 bits: some factors on both sides have more than 7 bits.

    That is so of full-range weights, and in attention, which multiplies activations with each other.
    """
    import numpy as np
    import onnx

    if any(layer.multiply_adds and not layer.parameters for layer in found.layers):
        return True
    weights = (
        onnx.numpy_helper.to_array(tensor)
        for tensor in onnx.load_model_from_string(data).graph.initializer
        if tensor.data_type == onnx.TensorProto.INT8 and len(tensor.dims) > 1
    )
    return any(np.abs(tensor.astype(np.int16)).max(initial=0) > LARGEST_SAFE_WEIGHT for tensor in weights)


def _fold(model: Any) -> Any:
    """Let ONNX Runtime apply its hardware-independent optimizations, and keep what it then holds."""
    import onnx

    onnxruntime = import_onnxruntime()
    with tempfile.TemporaryDirectory(prefix="edgekit-") as folder:
        path = Path(folder) / "folded.onnx"
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(path)
        onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        folded = onnx.load(path)
    used = {node.domain for node in folded.graph.node}
    opsets = [entry for entry in folded.opset_import if entry.domain in used]
    del folded.opset_import[:]
    folded.opset_import.extend(opsets)
    folded = onnx.shape_inference.infer_shapes(folded)
    usual_operators(folded)
    return onnx.shape_inference.infer_shapes(folded)
