"""A Keras model as a graph without variables, that computes in float32 with channels last."""

from __future__ import annotations

from typing import Any

from edgekit.quiet import import_tensorflow
from edgekit.zoo.float32 import leaves

_FIRST = b"NCHW"
_TO_LAST, _TO_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)  # axes of a transposition


def traced(model: Any, *inputs: Any) -> Any:
    """Trace a model for inference; return a concrete function. What Keras compiles for layers is inlined.

    Args:
        model: Keras model.
        inputs: A TensorSpec for each of its inputs.
    """
    tf = import_tensorflow()

    def run(*images: Any) -> Any:
        return model(images[0] if len(images) == 1 else list(images), training=False)

    eagerly = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    try:
        return tf.function(run, autograph=False).get_concrete_function(*inputs)
    finally:
        tf.config.run_functions_eagerly(eagerly)


def frozen(model: Any, *inputs: Any) -> Any:
    """Trace a model for inference; return a concrete function whose variables are constants.

    Functions that Keras compiles for some layers, and those of a SavedModel, are inlined: ONNX has no word
    for a call, and work is counted operation by operation. What computes in half precision or on bytes is
    made float32, what has channels first is turned round: converters and TensorFlow's CPU know no other.

    Args:
        model: Keras model.
        inputs: A TensorSpec for each of its inputs.
    """
    import_tensorflow()
    # TensorFlow has no public name for this function; its own converters use it too
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    function = convert_variables_to_constants_v2(traced(model, *inputs))
    graph = function.graph.as_graph_def()
    if _others(graph):
        _retype(graph)
        function = _function(graph, function)
    if any(map(_has_channels_first, graph.node)):
        _turn_round(graph)
        function = _function(graph, function)
    return function


def runs_as_it_is(model: Any) -> bool:
    """Whether TensorFlow runs a model on a CPU, in float32, without what `frozen` changes."""
    return not any(
        type(layer).__name__ == "TFSMLayer" or getattr(layer, "data_format", None) == "channels_first"
        for layer in leaves(model)
    )


def _has_channels_first(node: Any) -> bool:
    return "data_format" in node.attr and node.attr["data_format"].s == _FIRST


def _types() -> set[int]:
    """The types that become float32."""
    tf = import_tensorflow()
    return {kind.as_datatype_enum for kind in (tf.float16, tf.bfloat16, tf.uint8)}


def _others(graph: Any) -> bool:
    types = _types()
    return any(attr.type in types for node in graph.node for attr in node.attr.values())


def _retype(graph: Any) -> None:
    """Make every tensor of half precision or of bytes float32, constants included."""
    tf = import_tensorflow()
    types, real = _types(), tf.float32.as_datatype_enum
    for node in graph.node:
        for attr in node.attr.values():
            if attr.type in types:
                attr.type = real
            for index, kind in enumerate(attr.list.type):
                attr.list.type[index] = real if kind in types else kind
            if attr.tensor.dtype in types:
                attr.tensor.CopyFrom(tf.make_tensor_proto(tf.make_ndarray(attr.tensor), tf.float32))
        if node.op == "Cast" and node.attr["SrcT"].type == node.attr["DstT"].type == real:
            node.op = "Identity"
            for name in list(node.attr):
                del node.attr[name]
            node.attr["T"].type = real


def _turn_round(graph: Any) -> None:
    """Give every operation that has channels first its image with channels last, and turn back its result.

    The converters leave out transpositions that undo each other.
    """
    for node in list(filter(_has_channels_first, graph.node)):
        name, node.name = node.name, f"{node.name}/channels_last"
        _transpose(graph, f"{name}/image", node.input[0], _TO_LAST)
        node.input[0] = f"{name}/image"
        _transpose(graph, name, node.name, _TO_FIRST)
        node.attr["data_format"].s = b"NHWC"
        for key in {"strides", "ksize", "dilations", "explicit_paddings"} & set(node.attr):
            sizes = list(node.attr[key].list.i)
            each = len(sizes) // 4  # numbers for each axis: paddings have two, or are not there at all
            node.attr[key].list.i[:] = [n for axis in _TO_LAST for n in sizes[each * axis :][:each]]


def _transpose(graph: Any, name: str, source: str, axes: tuple[int, ...]) -> None:
    tf = import_tensorflow()
    order, turned = graph.node.add(), graph.node.add()
    order.op, order.name = "Const", f"{name}/axes"
    order.attr["dtype"].type = tf.int32.as_datatype_enum
    order.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(axes, tf.int32))
    turned.op, turned.name = "Transpose", name
    turned.input.extend([source, order.name])
    turned.attr["T"].type = tf.float32.as_datatype_enum
    turned.attr["Tperm"].type = tf.int32.as_datatype_enum


def _function(graph: Any, like: Any) -> Any:
    """Return a graph as a function with the inputs and outputs of another."""
    tf = import_tensorflow()
    specs = [tf.TensorSpec(x.shape, tf.float32, name=x.op.name) for x in like.inputs]
    taken = {x.op.name for x in like.inputs}
    body = type(graph)(node=[node for node in graph.node if node.name not in taken], versions=graph.versions)

    def run(*images: Any) -> Any:
        given = {x.name: image for x, image in zip(like.inputs, images, strict=True)}
        return tf.import_graph_def(body, given, [x.name for x in like.outputs], name="")

    return tf.function(run, autograph=False).get_concrete_function(*specs)
