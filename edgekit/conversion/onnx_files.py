"""Making .onnx files with tf2onnx and ONNX Runtime's quantizer."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Set
from itertools import chain, count
from pathlib import Path
from typing import Any

from edgekit.conversion.graph import FloatGraph
from edgekit.conversion.noise import converter
from edgekit.conversion.ranges import Ranges
from edgekit.conversion.runners import import_onnxruntime
from edgekit.conversion.target import Target
from edgekit.inspection import Inspection

OPSET = 17
_ROLES = {1: "weights", 2: "bias"}  # of the inputs of the operators below
_WEIGHTED = ("Conv", "ConvTranspose", "Gemm", "MatMul")
# Where 8-bit products are summed in pairs of 16 bits (AVX2's vpmaddubsw), full-range weights saturate;
# 7-bit weights cannot. VNNI's and Arm's instructions sum in 32 bits and lose nothing.
REDUCED_RANGE: dict[Target, bool] = {
    "portable": True,
    "x86-avx2": True,
    "x86-vnni": False,
    "arm64": False,
}


def float32_onnx(graph: FloatGraph) -> bytes:
    """Convert to float32 and fold what follows or precedes a convolution: batch norm, bias, padding.

    Raises:
        ModelError: An operator has no ONNX counterpart.
    """
    import tf2onnx

    with converter("a float32 ONNX file"):
        model, _ = tf2onnx.convert.from_graph_def(
            graph.graph_def, input_names=[graph.input], output_names=list(graph.outputs), opset=OPSET
        )
        model = _fold(model)
        _rename(model, {graph.input: "input", **dict(zip(graph.outputs, graph.names, strict=True))})
        return bytes(model.SerializeToString(deterministic=True))


def int8_onnx(
    float_file: bytes, ranges: Ranges, target: Target, float_layers: Set[str] = frozenset()
) -> bytes:
    """Quantize a float32 file: signed 8-bit weights per channel and activations by the ranges given.

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
        model = onnx.shape_inference.infer_shapes(onnx.load_model_from_string(float_file))
        limits = {name: (np.float32(low), np.float32(high)) for name, (low, high) in ranges.items()}
        excluded = [
            node.name
            for node in model.graph.node
            if node.op_type == "Softmax" or not float_layers.isdisjoint(node.output)
        ]
        quantizer = QDQQuantizer(
            model,
            per_channel=True,
            reduce_range=REDUCED_RANGE[target],
            weight_qType=QuantType.QInt8,
            activation_qType=QuantType.QInt8,
            tensors_range=TensorsData(CalibrationMethod.MinMax, limits),
            nodes_to_quantize=[],
            nodes_to_exclude=excluded,
            op_types_to_quantize=sorted({node.op_type for node in model.graph.node}),
            extra_options={},
        )
        quantizer.quantize_model()
        quantizer.model.topological_sort()
        return bytes(quantizer.model.model.SerializeToString(deterministic=True))


def onnx_note(found: Inspection, target: Target) -> str:
    """How an int8 file was quantized."""
    bits = 7 if REDUCED_RANGE[target] else 8
    softmax = ", softmax in float32" if "Softmax" in found.ops else ""
    return f"{bits}-bit weights per channel, 8-bit activations{softmax}"


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
    return onnx.shape_inference.infer_shapes(folded)


def _rename(model: Any, names: dict[str, str]) -> None:
    """Give tensors and nodes names that do not depend on chance.

    The converter numbers activations (`…/depthwise__146:0`) by a counter that runs on, and keeps an
    arbitrary one of the names of equal constants; the same model would give another file every time.
    Here an activation keeps its name without the number, a constant is named after its first use.
    """
    graph = model.graph
    constants = {tensor.name for tensor in graph.initializer}
    outputs = [name for node in graph.node for name in node.output if name not in names]
    readers = {name: node.output[0] for node in reversed(graph.node) for name in node.input}
    for name in sorted(outputs, key=lambda name: "__" in name):  # numbered ones must not take another's name
        base = re.sub(r"__\d+|:0$", "", name)
        reader = names.get(readers.get(name, ""))
        # `Conv__167` alone says nothing: name it after the operator that reads it
        names[name] = _unique(f"{reader}/{base}" if reader and "/" not in base else base, names)
    for node in graph.node:
        node.name = names[node.output[0]]
        for index, name in enumerate(node.input):
            if name in constants and name not in names:
                role = _ROLES.get(index, index) if node.op_type in _WEIGHTED else index
                names[name] = _unique(f"{node.name}/{role}", names)
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names[name] for name in node.output]
    for value in (*graph.input, *graph.output, *graph.value_info, *graph.initializer):
        value.name = names.get(value.name, value.name)
    for entries in (graph.initializer, graph.value_info):
        ordered = sorted(entries, key=lambda entry: str(entry.name))
        del entries[:]
        entries.extend(ordered)


def _unique(name: str, taken: dict[str, str]) -> str:
    used = set(taken.values())
    candidates = chain((name,), (f"{name}_{i}" for i in count(2)))
    return next(candidate for candidate in candidates if candidate not in used)
