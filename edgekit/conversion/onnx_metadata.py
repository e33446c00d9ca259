"""Writing into an .onnx file how it is used."""

from __future__ import annotations

from edgekit.inspection.onnx_metadata import onnx_properties
from edgekit.inspection.usage import Usage

# ONNX' words (docs/TypeDenotation.md and docs/DimensionDenotation.md in github.com/onnx/onnx)
_IMAGE = "IMAGE"
_AXES = {
    "N": "DATA_BATCH",
    "C": "DATA_CHANNEL",
    "H": "DATA_FEATURE",
    "W": "DATA_FEATURE",
}


def with_onnx_metadata(data: bytes, usage: Usage) -> bytes:
    """Write how a file is used into it; what was said of that before is replaced.

    Args:
        data: An .onnx file.
        usage: What is to be said.
    """
    import onnx

    model = onnx.load_model_from_string(data)
    onnx.helper.set_model_props(
        model, {entry.key: entry.value for entry in model.metadata_props} | onnx_properties(usage)
    )
    kind = model.graph.input[0].type
    kind.denotation = _IMAGE
    for dim, axis in zip(kind.tensor_type.shape.dim, usage.preprocessing.layout, strict=True):
        dim.denotation = _AXES[axis]
    return bytes(model.SerializeToString(deterministic=True))
