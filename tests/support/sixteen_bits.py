"""A reference of x86 without VNNI: which sums of two 8-bit products leave 16 bits, in exact integers.

Its instruction (vpmaddubsw) multiplies unsigned activations with signed weights and adds neighbouring
products in 16 bits, where the sum saturates. ONNX Runtime lays out what a convolution reads by kernel
position, then by channel.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from edgekit.conversion.runners import onnx_session

LOWEST, HIGHEST = -(2**15), 2**15 - 1


def overflowing(data: bytes, images: Iterable[Any]) -> dict[str, tuple[int, int]]:
    """Execute an int8 file literally; count the pairs of each convolution that leave 16 bits.

    Args:
        data: The file, with QuantizeLinear and DequantizeLinear; its activations unsigned.
        images: Float32 [1, …] each.

    Returns:
        By the convolution's output: how many pairs overflow, and how many were looked at one by one. None
        are where the largest products of any two inputs, in whatever order, stay within 16 bits.
    """
    model = onnx.load_model_from_string(data)
    graph = model.graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    made = {node.output[0]: node for node in graph.node}
    layers = [node for node in graph.node if node.op_type == "Conv"]
    reads = {node.output[0]: made[node.input[0]].input for node in layers}
    present = {output.name for output in graph.output}
    wanted = sorted({names[0] for names in reads.values()} - present)
    graph.output.extend(helper.make_tensor_value_info(n, onnx.TensorProto.UINT8, None) for n in wanted)
    session = onnx_session(model.SerializeToString(), optimise=False)
    found = dict.fromkeys(reads, (0, 0))
    for image in images:
        values = dict(zip(wanted, session.run(wanted, {graph.input[0].name: image}), strict=True))
        for node in layers:
            name, _, zero = reads[node.output[0]]
            weights = constants[made[node.input[1]].input[0]].astype(np.int32)
            read = values[name].astype(np.int32)
            lost, of = _pairs(node, read, weights, int(constants[zero]))
            before = found[node.output[0]]
            found[node.output[0]] = (before[0] + lost, before[1] + of)
    return found


def _pairs(node: Any, read: Any, weights: Any, zero: int) -> tuple[int, int]:
    given = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    top, left, bottom, right = given.get("pads", (0, 0, 0, 0))
    padded = np.pad(read, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=zero)
    if 2 * int(padded.max()) * int(np.abs(weights).max()) <= HIGHEST:
        return 0, 0
    windows = np.lib.stride_tricks.sliding_window_view(padded, weights.shape[2:], axis=(2, 3))
    across, down = given.get("strides", (1, 1))
    windows = windows[0, :, ::across, ::down]  # [channels, height, width, *kernel]
    groups = given.get("group", 1)
    per_group, outputs = weights.shape[1], len(weights) // groups
    lost = of = 0
    for group in range(groups):
        inputs = windows[group * per_group : (group + 1) * per_group]
        rows = weights[group * outputs : (group + 1) * outputs].transpose(0, 2, 3, 1).reshape(outputs, -1)
        inputs = inputs.transpose(1, 2, 3, 4, 0).reshape(-1, rows.shape[1])
        ends = np.stack([rows * inputs.min(axis=0), rows * inputs.max(axis=0)])
        low, high = np.sort(ends.min(axis=0), axis=1), np.sort(ends.max(axis=0), axis=1)
        if low[:, :2].sum(axis=1).min() >= LOWEST and high[:, -2:].sum(axis=1).max() <= HIGHEST:
            continue
        if rows.shape[1] % 2:
            inputs, rows = (np.pad(x, ((0, 0), (0, 1))) for x in (inputs, rows))
        for row in rows:
            products = (inputs * row).reshape(len(inputs), -1, 2).sum(axis=2)
            lost += int(np.sum((products < LOWEST) | (products > HIGHEST)))
            of += products.size
    return lost, of
