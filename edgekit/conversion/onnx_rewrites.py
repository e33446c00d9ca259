"""Writing parts of an ONNX graph as others that compute the same, for better kernels of ONNX Runtime."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from edgekit.conversion.onnx_editing import Editor
from edgekit.conversion.onnx_reading import attributes

HUGE = 1e30  # beyond every activation: a clip to it changes nothing
_ROUNDING = 1e-6  # relative, of a number that was divided or multiplied in float32


def usual_operators(model: Any) -> None:
    """Write as sums, products, clips and pools, which have 8-bit kernels, what can be written so.

    Args:
        model: With the shapes of its tensors; changed in place.
    """
    editor = Editor(model.graph)
    _leave_out_idle_reshapes(editor)
    _number_by_sums_and_products(editor)
    _hard_activations_by_clips(editor)
    _pool_by_global_average(editor)
    editor.drop_unread()


def fastest_in_float(data: bytes) -> bytes:
    """Return a file of `usual_operators` with hard sigmoids as one operator, which has no 8-bit kernel.

    The file must hold the shapes of its tensors. ONNX Runtime then computes a hard-swish within the
    convolution before it.
    """
    import onnx

    model = onnx.load_model_from_string(data)
    editor = Editor(model.graph)
    for node in editor.nodes:
        _hard_sigmoid_by_one(editor, node)
    editor.drop_unread()
    return bytes(model.SerializeToString(deterministic=True))


def numbers_of_products(model: Any) -> dict[str, float]:
    """By which positive number each product of a tensor and a number multiplies, by its result.

    Args:
        model: With the shapes of its tensors: a number that is repeated may make a tensor larger.
    """
    editor = Editor(model.graph)
    found: dict[str, float] = {}
    for node in editor.nodes:
        number, other = _number_and_other(editor, node, "Mul")
        if number is not None and number > 0 and editor.shape(other) == editor.shape(node.output[0]):
            found[node.output[0]] = number
    return found


def multiply_steps(model: Any, numbers: Mapping[str, float]) -> None:
    """Multiply the step of an 8-bit tensor by a number instead of its values: nothing is rounded again.

    Args:
        model: A quantized one; changed in place.
        numbers: What `numbers_of_products` found in the float32 model.
    """
    editor = Editor(model.graph)
    for node in editor.nodes:
        number = numbers.get(node.output[0]) if node.op_type == "Mul" else None
        if number is None:
            continue
        quantize = editor.only_reader(node.output[0])
        if quantize is None or quantize.op_type != "QuantizeLinear":
            continue
        given = [editor.writer(name) for name in node.input]
        sources = [each for each in given if each is not None and editor.writer(each.input[0]) is not None]
        ends = editor.readers(quantize.output[0])
        if len(sources) != 1 or sources[0].op_type != "DequantizeLinear":
            continue
        if any(end.op_type != "DequantizeLinear" or end.output[0] in editor.outputs for end in ends):
            continue
        values, step, *zero_point = sources[0].input
        scaled = np.asarray(editor.constant(step)) * np.float32(number)
        step = editor.add_constant(f"{node.output[0]}/step", np.asarray(scaled))
        for end in ends:
            editor.remove(end, instead=node.output[0])
        editor.remove(quantize)
        editor.become(node, "DequantizeLinear", [values, step, *zero_point])
        for each in given:
            if each is not None and not editor.readers(each.output[0]):
                editor.remove(each)
    editor.drop_unread()


def stay_in_float(model: Any, nodes: Iterable[Any]) -> None:
    """Put a clip that changes nothing in front of nodes of a quantized model.

    Between int8 tensors ONNX Runtime quantizes float32 weights itself when it loads a file, from its basic
    optimizations on; it does not see through a clip.

    Args:
        model: Changed in place.
        nodes: Of the model, those with float32 weights.
    """
    editor = Editor(model.graph)
    limits: list[str] = []
    for node in nodes:
        limits = limits or [
            editor.add_constant(name, np.array(end, np.float32))
            for name, end in (("float_low", -HUGE), ("float_high", HUGE))
        ]
        inputs = [node.input[0], *limits]
        node.input[0] = f"{node.output[0]}_as_float"
        editor.insert_before(node, "Clip", inputs, node.input[0], f"{node.name}/Clip")


def _leave_out_idle_reshapes(editor: Editor) -> None:
    """A tensor that is given the shape it has is left as it is."""
    for node in editor.nodes:
        if node.op_type == "Reshape" and node.output[0] not in editor.outputs:
            before, after = (editor.shape(name) for name in (node.input[0], node.output[0]))
            if before == after and all(before) and before:
                editor.remove(node, instead=node.input[0])


def _number_by_sums_and_products(editor: Editor) -> None:
    """x − c becomes x + (−c), and x / c becomes x · (1 / c), for one number c: 8 bits would round several."""
    for node in editor.nodes:
        number = editor.number(node.input[1]) if node.op_type in ("Sub", "Div") else None
        if number is None or editor.constant(node.input[0]) is not None:
            continue
        values = np.asarray(editor.constant(node.input[1]))
        if node.op_type == "Sub":
            turned = editor.add_constant(f"{node.output[0]}_constant", -values)
            editor.become(node, "Add", [node.input[0], turned])
        elif number != 0.0:
            turned = editor.add_constant(f"{node.output[0]}_constant", 1 / values)
            editor.become(node, "Mul", [node.input[0], turned])


def _hard_activations_by_clips(editor: Editor) -> None:
    """A hard sigmoid, min(1, max(0, s · x + o)), becomes s · min(1 / s, max(0, x + o / s))."""
    for node in editor.nodes:
        given = attributes(node) if node.op_type in ("HardSigmoid", "HardSwish") else {"alpha": 0.0}
        swish = node.op_type == "HardSwish"
        slope, offset = given.get("alpha", 1 / 6 if swish else 0.2), given.get("beta", 0.5)
        if slope <= 0:
            continue
        source, name = node.input[0], node.output[0].removesuffix("_output_0")
        shift, low, high, factor = (
            editor.add_constant(f"{name}/{what}", np.array(value, np.float32))
            for what, value in {"shift": offset / slope, "low": 0, "high": 1 / slope, "slope": slope}.items()
        )
        shifted = editor.insert_before(node, "Add", [source, shift], f"{name}/Add")
        clipped = editor.insert_before(node, "Clip", [shifted, low, high], f"{name}/Clip")
        if swish:
            gate = editor.insert_before(node, "Mul", [clipped, factor], f"{name}/HardSigmoid")
            editor.become(node, "Mul", [source, gate])
        else:
            editor.become(node, "Mul", [clipped, factor])


def _hard_sigmoid_by_one(editor: Editor, product: Any) -> None:
    """The other way round."""
    slope, clipped = _number_and_other(editor, product, "Mul")
    clip = editor.writer(clipped)
    if slope is None or clip is None or clip.op_type != "Clip" or len(clip.input) < 3:
        return
    low, high = (editor.number(name) for name in clip.input[1:3])
    total = editor.writer(clip.input[0])
    shift, source = _number_and_other(editor, total, "Add")
    if low != 0.0 or high is None or shift is None or abs(slope * high - 1) > _ROUNDING:
        return
    alone = all(editor.only_reader(each.output[0]) is not None for each in (total, clip))
    if alone and editor.shape(source) == editor.shape(product.output[0]):
        editor.become(product, "HardSigmoid", [source], alpha=slope, beta=slope * shift)
        editor.remove(clip)
        editor.remove(total)


def _number_and_other(editor: Editor, node: Any, op: str) -> tuple[float | None, str]:
    """A sum's or product's number, and its other operand's name."""
    if node is not None and node.op_type == op:
        for other, number in (node.input, reversed(node.input)):
            if editor.number(number) is not None:
                return editor.number(number), other
    return None, ""


def _pool_by_global_average(editor: Editor) -> None:
    """The mean over height and width becomes GlobalAveragePool."""
    for node in editor.nodes:
        if node.op_type != "ReduceMean" or len(editor.shape(node.input[0])) != 4:
            continue
        given = attributes(node)
        axes = given.get("axes")
        if len(node.input) > 1 and (stored := editor.constant(node.input[1])) is not None:
            axes = stored
        if axes is None or sorted(int(axis) % 4 for axis in axes) != [2, 3] or not given.get("keepdims", 1):
            continue
        editor.become(node, "GlobalAveragePool", node.input[:1])
