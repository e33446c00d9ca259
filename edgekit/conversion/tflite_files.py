"""Making .tflite files with TensorFlow's own converter and quantizer."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any, Literal

from edgekit.conversion.graph import FloatGraph
from edgekit.conversion.noise import converter
from edgekit.conversion.ranges import Ranges
from edgekit.quiet import import_tensorflow

IO = Literal["int8", "uint8", "float32"]
_IDENTIFIER = b"TFL3"
_ALIGNED = 16  # bytes
_SIGNATURE = "serving_default"  # TensorFlow's name for the only one


def float32_tflite(graph: FloatGraph) -> bytes:
    """Convert to float32; batch norms and paddings are folded into the convolutions.

    Raises:
        ModelError: An operator has no TFLite counterpart.
    """
    return _convert(graph, "a float32 TFLite file", half=False)


def float16_tflite(graph: FloatGraph) -> bytes:
    """Convert with weights stored as float16; inputs, outputs and arithmetic stay float32."""
    return _convert(graph, "a float16 TFLite file", half=True)


def fit_tflite(data: bytes) -> bytes:
    """Give a float32 file of other origin one size, and names for its input and output if it has none."""
    from ai_edge_litert import schema_py_generated as schema

    with converter("a float32 TFLite file"):
        model: Any = schema.ModelT.InitFromPackedBuf(data, 0)
        for tensor in model.subgraphs[0].tensors:
            tensor.shapeSignature = None
        fitted = packed(model, len(data))
        if model.signatureDefs:
            return fitted
        count = len(model.subgraphs[0].outputs)
        return _with_signature(fitted, ["output"] if count == 1 else [f"output_{i}" for i in range(count)])


def int8_tflite(float_file: bytes, ranges: Ranges, io: IO, float_layers: Set[str] = frozenset()) -> bytes:
    """Quantize a float32 file: int8 weights per channel, int8 activations by the ranges given.

    Args:
        float_file: What `float32_tflite` returned.
        ranges: (lowest, highest) real value of every activation, by tensor name.
        io: Type of the file's input and output.
        float_layers: Output tensors of operators to leave in float32.

    Raises:
        ModelError: The quantizer cannot quantize this model.
    """
    tf = import_tensorflow()
    # The steps of TFLiteConverter's own post-training quantization, taken one by one: in one go it
    # neither accepts ranges from elsewhere nor leaves operators out.
    from tensorflow.lite.python.convert import mlir_quantize

    dtype = getattr(tf, io)
    with converter("an int8 TFLite file"):
        return bytes(
            mlir_quantize(
                _with_ranges(float_file, ranges),
                input_data_type=dtype,
                output_data_type=dtype,
                denylisted_nodes=set(float_layers) or None,
            )
        )


def _convert(graph: FloatGraph, what: str, half: bool) -> bytes:
    tf = import_tensorflow()
    with converter(what):
        tool = tf.lite.TFLiteConverter.from_concrete_functions([graph.function])
        if half:
            tool.optimizations = [tf.lite.Optimize.DEFAULT]
            tool.target_spec.supported_types = [tf.float16]
        return _with_signature(bytes(tool.convert()), graph.names)


def _with_signature(file: bytes, outputs: Sequence[str]) -> bytes:
    """Name the input `input` and the outputs as given, for callers that ask by name."""
    from ai_edge_litert import schema_py_generated as schema

    model: Any = schema.ModelT.InitFromPackedBuf(file, 0)
    graph = model.subgraphs[0]
    signature = schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = _SIGNATURE, 0
    signature.inputs, signature.outputs = [], []
    for name, index, entries in (
        ("input", graph.inputs[0], signature.inputs),
        *((name, index, signature.outputs) for name, index in zip(outputs, graph.outputs, strict=True)),
    ):
        entry = schema.TensorMapT()
        entry.name, entry.tensorIndex = name, index
        entries.append(entry)
        graph.tensors[index].name = name
    model.signatureDefs = [signature]
    return packed(model, len(file))


def _with_ranges(float_file: bytes, ranges: Ranges) -> bytes:
    """Write the ranges where the quantizer reads them: each tensor's quantization record."""
    from ai_edge_litert import schema_py_generated as schema

    model: Any = schema.ModelT.InitFromPackedBuf(float_file, 0)
    for tensor in model.subgraphs[0].tensors:
        known = ranges.get(tensor.name.decode())
        if known is not None:
            tensor.quantization = tensor.quantization or schema.QuantizationParametersT()
            tensor.quantization.min, tensor.quantization.max = [known[0]], [known[1]]
    return packed(model, len(float_file))


def packed(model: Any, size: int) -> bytes:
    """Serialise a TFLite model, its buffers at multiples of 16 as the schema's `force_align` has it."""
    import flatbuffers
    import numpy as np

    class Aligning(flatbuffers.Builder):  # type: ignore[misc]  # has no types
        """The generated code in Python forgets what the schema says of alignment."""

        def CreateNumpyVector(self, x: Any) -> Any:  # noqa: N802 - flatbuffers' name
            if x.dtype == np.uint8:  # a buffer
                self.Prep(_ALIGNED, x.nbytes)
            return super().CreateNumpyVector(x)

    builder = Aligning(size)
    builder.Finish(model.Pack(builder), file_identifier=_IDENTIFIER)
    return bytes(builder.Output())
