"""What must hold of an int8 file whatever its accuracy, read from the file itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from edgekit.conversion.formats import FORMATS, Format
from edgekit.conversion.onnx_files import SMALLEST_OPSET
from edgekit.errors import InvalidError
from edgekit.inspection import Inspection, Layer
from edgekit.words import listed
from edgekit.zoo import FAMILIES

_BORDERS = ("QUANTIZE", "DEQUANTIZE", "QuantizeLinear", "DequantizeLinear")
_CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D", "Conv")
# TFLite has no asymmetric padding but SAME, which is Keras' own only for even sizes: a PAD before a
# convolution of stride 2 and an odd input is right.
_FOLDED = ("BatchNormalization", "Mul", "Add", "Pad", "MUL", "ADD")
_MOST_TRANSPOSES = 2
_NAMED = 4  # layers that a note names one by one


def check_int8(found: Inspection, family: str | None) -> tuple[str, ...]:
    """Check a file that was quantized to int8.

    Returns:
        What the user should know, such as operators that stay in float32; one sentence each.

    Raises:
        InvalidError: The quantizer did not do what was asked of it.
    """
    format = FORMATS[found.format]
    faults = [*_weight_faults(found, format), *_graph_faults(found, family)]
    if faults:
        raise InvalidError(
            f"{found.name} is not what was to be made: {'; '.join(faults)}.",
            "This is a fault of edgekit or of a converter's version, not of your model: please report it.",
        )
    kept = [layer for layer in found.layers if layer.op not in _BORDERS and format.is_float(layer)]
    return (f"{found.name} keeps in float32: {_kept(kept)}.",) if kept else ()


def _kept(layers: Sequence[Layer]) -> str:
    """Layers by name; of many how often each operator occurs, and the first by name."""
    if len(layers) <= _NAMED:
        return ", ".join(f"{layer.op} ({layer.name})" for layer in layers)
    counts = Counter(layer.op for layer in layers)
    every = listed(f"{count} {op}" for op, count in counts.most_common())
    return f"{every}, beginning with {layers[0].name}"


def _weight_faults(found: Inspection, format: Format) -> list[str]:
    faults = []
    for layer in found.layers:
        if layer.op.startswith("Flex"):
            faults.append(f"{layer.op} needs TensorFlow on the device")
        if layer.weights is None or layer.op not in _CONVOLUTIONS:
            continue
        channels = layer.shape[format.channels]
        if len(layer.weights.scales) != channels:
            faults.append(f"{layer.name} has {len(layer.weights.scales)} scales for {channels} channels")
        if any(layer.weights.zero_points):
            faults.append(f"{layer.name} has weight zero points other than 0")
    return faults


def _graph_faults(found: Inspection, family: str | None) -> list[str]:
    faults = []
    if found.opset is not None and found.opset < SMALLEST_OPSET:
        faults.append(f"opset {found.opset} is below {SMALLEST_OPSET}")
    if (known := FAMILIES.get(family or "")) is not None:
        convolutions = sum(found.ops.get(op, 0) for op in _CONVOLUTIONS)
        if known.convolutions not in (None, convolutions):
            faults.append(f"it has {convolutions} convolutions instead of {known.convolutions}")
        left = [op for op in _FOLDED if op in found.ops and op not in known.own_ops]
        faults += [f"{found.ops[op]} {op} were not folded" for op in left]
        if found.ops.get("Transpose", 0) > _MOST_TRANSPOSES:
            faults.append(f"it has {found.ops['Transpose']} Transposes")
    return faults
