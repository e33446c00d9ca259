"""Looking inside model files: every activation's real values, image by image."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from typing import Any, Protocol

import numpy as np

from edgekit.conversion.onnx_editing import Editor
from edgekit.conversion.ranges import Activations
from edgekit.conversion.runners import onnx_session, real, stored
from edgekit.data.dataset import Float32
from edgekit.inspection import inspect_bytes


class Probe(Protocol):
    """A model file whose inner values can be read."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Tensors that hold the image itself, whatever their layout."""

    @property
    def names(self) -> Set[str]:
        """The activations."""

    def activations(self, image: Float32, only: Set[str] | None = None) -> Activations:
        """Return the real values of every activation, or only of some, for one float32 image [1, H, W, 3]."""


def watch(probe: Probe, images: Iterable[Float32]) -> Iterator[Activations]:
    """Yield the activations of one image after the other."""
    for image in images:
        yield probe.activations(image)


class TfliteProbe:
    """A TFLite file without delegates, every tensor kept."""

    def __init__(self, data: bytes) -> None:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        self._interpreter = Interpreter(
            model_content=data,
            num_threads=1,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
            experimental_preserve_all_tensors=True,
        )
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]
        found = inspect_bytes(data, "model.tflite")
        self.inputs: tuple[str, ...] = (found.inputs[0].name,)
        written = {*self.inputs, *(layer.tensor for layer in found.layers)}
        self._kept = {
            detail["name"]: detail
            for detail in self._interpreter.get_tensor_details()
            if detail["name"] in written and detail["dtype"] in (np.float32, np.int8, np.uint8)
        }

    @property
    def names(self) -> Set[str]:
        """The activations."""
        return self._kept.keys()

    def activations(self, image: Float32, only: Set[str] | None = None) -> Activations:
        """Return the real values of every activation, or only of some, for one float32 image [1, H, W, 3]."""
        self._interpreter.set_tensor(self._input["index"], stored(image, self._input))
        self._interpreter.invoke()
        wanted = self._kept if only is None else {name: self._kept[name] for name in only}
        return {name: real(self._interpreter.get_tensor(d["index"]), d) for name, d in wanted.items()}


class OnnxProbe:
    """An ONNX file whose every float32 tensor was made an output; executed literally."""

    def __init__(self, data: bytes) -> None:
        import onnx

        model = onnx.shape_inference.infer_shapes(onnx.load_model_from_string(data))
        editor = Editor(model.graph)
        quantized = {n.output[0]: n for n in editor.nodes if n.op_type == "QuantizeLinear"}
        # a quantized tensor's real values are those its DequantizeLinear returns; one with another step
        # returns those of another tensor, under its own name
        meant = {
            quantized[node.input[0]].input[0]: node.output[0]
            for node in editor.nodes
            if node.op_type == "DequantizeLinear"
            and node.input[0] in quantized
            and _step(editor, node) == _step(editor, quantized[node.input[0]])
        }
        outputs = {output.name for output in model.graph.output}
        written = {name for node in model.graph.node for name in node.output}
        for value in model.graph.value_info:
            is_float = value.type.tensor_type.elem_type == onnx.TensorProto.FLOAT
            if is_float and value.name in written - outputs:
                model.graph.output.append(value)
        self._session = onnx_session(model.SerializeToString(), optimise=False, keep_memory=False)
        self._input = self._session.get_inputs()[0].name
        known = {output.name for output in self._session.get_outputs()}
        self._outputs = {name: name for name in known} | {
            name: output for name, output in meant.items() if output in known
        }
        self.inputs: tuple[str, ...] = image_tensors(model, self._input)

    @property
    def names(self) -> Set[str]:
        """The activations."""
        return {self._input, *self._outputs}

    def activations(self, image: Float32, only: Set[str] | None = None) -> Activations:
        """Return the real values of every activation, or only of some, for one float32 image [1, H, W, 3]."""
        wanted = self.names if only is None else only
        sources = {name: self._outputs[name] for name in wanted if name != self._input}
        asked = list(dict.fromkeys(sources.values()))
        # asked for none, ONNX Runtime returns every output
        found = self._session.run(asked, {self._input: image}) if asked else []
        values = dict(zip(asked, found, strict=True))
        own = {self._input: image} if self._input in wanted else {}
        return {**own, **{name: values[source] for name, source in sources.items()}}


def _step(editor: Editor, node: Any) -> list[list[Any] | None]:
    """The scale and zero point that a node quantizes with."""
    values = (editor.constant(name) for name in node.input[1:])
    return [None if each is None else each.ravel().tolist() for each in values]


def image_tensors(model: Any, name: str) -> tuple[str, ...]:
    """An ONNX model's input of that name and what is only a rearrangement of it."""
    same = {name}
    for node in model.graph.node:
        if node.op_type in ("Transpose", "Reshape", "Identity") and node.input[0] in same:
            same.update(node.output)
    return tuple(sorted(same))
