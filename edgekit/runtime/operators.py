"""Operators that a runtime lacks, and which version of which runtime has them.

The tables were found by loading, in each version, a file that names one operator set or one operator in one
version. They hold what differs: an operator that is in none of them is the same in all versions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from edgekit.errors import ModelError
from edgekit.runtime.catalogue import KINDS, Kind
from edgekit.runtime.store import Bundle

# the highest version of each operator in three versions of TFLite's runtimes; 0: it has none
_TFLITE = ("tflite-runtime 2.14.0", "litert 2.1.0", "litert 2.3.0")
_TFLITE_OPERATORS = (
    "ADD 5 5 6, BROADCAST_TO 3 3 4, CAST 5 8 9, CONCATENATION 4 4 7, CONV_2D 7 8 8, COS 1 1 2, DEQUANTIZE "
    "5 7 9, DILATE 0 1 1, DYNAMIC_UPDATE_SLICE 1 4 6, EMBEDDING_LOOKUP 3 4 5, EQUAL 4 5 5, FILL 4 4 5, "
    "FULLY_CONNECTED 10 14 14, GATHER 6 7 8, GATHER_ND 4 5 6, GELU 2 2 3, LOG 1 2 2, MUL 7 7 8, NOT_EQUAL "
    "3 4 4, PACK 4 4 5, PAD 4 5 6, PADV2 4 5 6, QUANTIZE 3 4 6, REDUCE_WINDOW 0 1 1, REVERSE_V2 3 3 4, "
    "RSQRT 2 3 3, SIN 1 1 2, SLICE 6 7 8, SOFTMAX 3 3 4, SPLIT 4 4 5, SPLIT_V 2 2 3, SQRT 1 2 2, "
    "STABLEHLO_ADD 0 1 1, STABLEHLO_AND 0 1 1, STABLEHLO_CASE 0 1 1, STABLEHLO_COMPOSITE 0 1 1, "
    "STABLEHLO_GATHER 0 1 1, STABLEHLO_MAXIMUM 0 1 1, STABLEHLO_MINIMUM 0 1 1, STABLEHLO_MULTIPLY 0 1 1, "
    "STABLEHLO_PAD 0 1 1, STABLEHLO_REDUCE_WINDOW 0 1 1, STABLEHLO_RNG_BIT_GENERATOR 0 1 1, "
    "STABLEHLO_SCATTER 0 1 1, STABLEHLO_SHIFT_LEFT 0 1 1, TRANSPOSE 6 7 9, TRANSPOSE_CONV 4 5 5, UNPACK 4 "
    "4 6 "
)
# ONNX Runtime's version: the newest operator set and the newest file format (IR) that it takes
_ONNX: dict[str, tuple[int, int]] = {"1.19.2": (21, 10), "1.23.2": (23, 11), "1.31.1": (26, 13)}


def explained(error: ModelError, bundle: Bundle, file: str) -> ModelError:
    """Return what says which operator a runtime lacks, if that is what went wrong; else the error itself.

    Args:
        error: What the runtime says, as the guest passes it on.
        bundle: The runtime.
        file: The model file's name.
    """
    runtime = f"{bundle.record.runtime} {bundle.record.version}"
    for pattern, explain in _CAUSES:
        if found := re.search(pattern, error.what):
            lacks, others, hint = explain(*found.groups())
            having = [other for other in others if other != runtime]
            known = runtime in _TFLITE or bundle.record.version in _ONNX
            return ModelError(f"{runtime} {lacks} that {file} needs.", hint or _where(having, certain=known))
    return error


def _where(having: Iterable[str], *, certain: bool) -> str:
    """Say which version has it, the newest that does."""
    *_, newest = ("", *having)
    if not newest and not certain:
        return "Try the usual version: leave the version out of --runtime."
    if not newest:
        return "No version of a runtime that edgekit knows has it: export the model without it."
    name, version = newest.split()
    return f"{newest} has it{_for_python(KINDS[name], version)}: --runtime {name}=={version}"


def _for_python(kind: Kind, version: str) -> str:
    lowest = next((python for python, known in kind.versions.items() if known == version), "")
    return f", for Python {lowest} and newer" if lowest else ""


_Explained = tuple[str, list[str], str]  # what it lacks; runtimes that have it; what to do instead


def _tflite(operator: str, version: str) -> _Explained:
    words = (entry.split() for entry in _TFLITE_OPERATORS.split(", "))
    known = {name: [int(count) for count in counts] for name, *counts in words}
    highest = dict(zip(_TFLITE, known.get(operator, [0] * len(_TFLITE)), strict=True))
    having = [runtime for runtime, count in highest.items() if count >= int(version)]
    return f"lacks the operator {operator}, version {version},", having, ""


def _custom(own: str | None, flex: str | None) -> _Explained:
    operator = own or flex or ""
    if operator.startswith("Flex"):
        hint = "Convert the model with TFLite's own operators only (no SELECT_TF_OPS)."
        return f"lacks TensorFlow's operator {operator.removeprefix('Flex')}", [], hint
    hint = "Custom operators are part of an application; edgekit's runtimes have none. Export without it."
    return f"lacks the custom operator {operator}", [], hint


def _opset(number: str) -> _Explained:
    having = [f"onnxruntime {version}" for version, (opset, _) in _ONNX.items() if opset >= int(number)]
    hint = "" if having else f"Export the model with operator set {max(o for o, _ in _ONNX.values())}."
    return f"lacks the operator set {number}", having, hint


def _ir(number: str) -> _Explained:
    having = [f"onnxruntime {version}" for version, (_, ir) in _ONNX.items() if ir >= int(number)]
    hint = "" if having else f"Save it with ir_version = {max(ir for _, ir in _ONNX.values())} or lower."
    return f"does not read the file format (IR) {number}", having, hint


def _domain(domain: str, operator: str) -> _Explained:
    return f"lacks the operator {operator} of {domain}", [], "Export the model with standard operators."


def _kernel(operator: str, opset: str) -> _Explained:
    hint = "Export the model in float32, or with other types."
    return f"executes {operator} (operator set {opset}) not in the types", [], hint


_CAUSES: tuple[tuple[str, Callable[..., _Explained]], ...] = (
    (r"builtin opcode '(\w+)' version '(\d+)'", _tflite),
    (r"unresolved custom op: (\w+)|\((Flex\w+)\) failed to prepare", _custom),
    (r"Opset (\d+) is under development", _opset),
    (r"Unsupported model IR version: (\d+)", _ir),
    (r"Fatal error: ([\w.]+):(\w+)\(-?\d+\) is not a registered", _domain),
    (r"Could not find an implementation for (\w+)\((\d+)\)", _kernel),
)
