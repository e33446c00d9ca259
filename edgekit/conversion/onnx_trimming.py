"""What an int8 .onnx file can do without: work that changes nothing, and numbers that others tell."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.conversion.onnx_editing import Editor
from edgekit.conversion.onnx_naming import ROLES
from edgekit.conversion.onnx_reading import attributes, convolution

_POOLS = ("GlobalAveragePool", "GlobalMaxPool")
_FLATTENING = ("Flatten", "Reshape", "Squeeze")
_WEIGHTED = ("Conv", "Gemm")
_USUAL = {"strides": 1, "dilations": 1, "pads": 0}  # by default, along every axis


def leave_out_idle_work(model: Any) -> None:
    """Leave out what small images have no use for, and what moves values from place to place.

    Args:
        model: A float32 one with the shapes of its tensors; changed in place.
    """
    editor = Editor(model.graph)
    for node in editor.nodes:
        if node.op_type == "Conv":
            _cut_idle_taps(editor, node)
        elif node.op_type in _POOLS and node.output[0] not in editor.outputs:
            size = editor.shape(node.input[0])[2:]
            if size and all(each == 1 for each in size):
                editor.remove(node, instead=node.input[0])
        elif node.op_type in _FLATTENING:
            _flatten_channels_last(editor, node)
    editor.drop_unread()


def leave_out_known_numbers(model: Any) -> None:
    """Leave out what other numbers of a quantized file tell, and attributes that are as they are by default.

    The step of a bias is that of the input times that of the weights, channel by channel: a runtime computes
    it when it loads the file. A bias is symmetric, so its zero points are 0.

    Args:
        model: Changed in place.
    """
    editor = Editor(model.graph)
    opset = next(each.version for each in model.opset_import if each.domain in ("", "ai.onnx"))
    for node in editor.nodes:
        if node.op_type in _WEIGHTED and len(node.input) > len(ROLES):
            _tell_bias_step(editor, node)
        _drop_defaults(node, opset)
    editor.drop_unread()


def _cut_idle_taps(editor: Editor, node: Any) -> None:
    """Cut from a kernel what meets padding alone."""
    weights, sizes = editor.constant(node.input[1]), editor.shape(node.input[0])[2:]
    layer = None if weights is None or not sizes else convolution(node, weights)
    if layer is None or editor.only_reader(node.input[1]) is None:
        return
    read = layer.taps_read(sizes)
    kept, kernel = layer.weights[read], read[2:]
    before = [each.start for each in kernel]
    behind = np.subtract(layer.weights.shape[2:], [each.stop for each in kernel])
    pads = np.subtract(layer.pads, np.multiply([*before, *behind], layer.dilations * 2))
    if kept.shape == layer.weights.shape or min(pads) < 0:
        return
    name = editor.add_constant(f"{node.input[1]}_read", np.ascontiguousarray(kept))
    given = {**attributes(node), "kernel_shape": kept.shape[2:], "pads": pads.tolist()}
    editor.become(node, "Conv", [node.input[0], name, *node.input[2:]], **given)


def _flatten_channels_last(editor: Editor, node: Any) -> None:
    """Write that the values of one pixel are given in the order in which ONNX Runtime has them already.

    It computes 8 bits with channels last, and would put them first for a reshape to a row. Two
    transpositions that undo each other vanish when the file is loaded.
    """
    before, after = editor.shape(node.input[0]), editor.shape(node.output[0])
    if len(before) != 4 or before[2:] != (1, 1) or before[:2] != after or not all(before):
        return
    last = f"{node.input[0]}_last"
    editor.insert_before(
        node, "Transpose", [node.input[0]], last, f"{node.name}/Transpose", perm=(0, 2, 3, 1)
    )
    row = editor.add_constant(f"{last}_row", np.array(after, np.int64))
    editor.become(node, "Reshape", [last, row])


def _tell_bias_step(editor: Editor, node: Any) -> None:
    conversions = [editor.writer(name) for name in node.input[:3]]
    if any(each is None or each.op_type != "DequantizeLinear" for each in conversions):
        return
    source, weights, bias = conversions
    step, of_weights, of_bias = (editor.constant(each.input[1]) for each in conversions)
    if step is None or of_weights is None or of_bias is None or of_weights.size == 1:
        return
    if editor.only_reader(bias.output[0]) is None or not np.array_equal(step * of_weights, of_bias):
        return
    product = f"{bias.output[0]}/step"
    editor.insert_before(bias, "Mul", [source.input[1], weights.input[1]], product)
    zeros = editor.constant(bias.input[2]) if len(bias.input) > 2 else None
    told = zeros is None or not zeros.any()
    bias.input[:] = [bias.input[0], product, *([] if told else bias.input[2:])]


def _drop_defaults(node: Any, opset: int) -> None:
    """Drop attributes that say what an operator does anyhow."""
    import onnx

    if node.domain not in ("", "ai.onnx") or not node.attribute:
        return
    known = onnx.defs.get_schema(node.op_type, opset, "").attributes
    given = attributes(node)
    usual = {name: onnx.helper.get_attribute_value(each.default_value) for name, each in known.items()}
    usual.update({name: [value] * len(given.get(name, ())) for name, value in _USUAL.items()})
    kept = [each for each in node.attribute if given[each.name] != usual.get(each.name)]
    del node.attribute[:]
    node.attribute.extend(kept)
