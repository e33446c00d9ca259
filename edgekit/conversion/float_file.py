"""A float .onnx or .tflite file in place of a Keras model: made fit for quantization, and the reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgekit.artefact import USUAL_CHANNELS, Layout, Preprocessing
from edgekit.conversion.noise import converter
from edgekit.conversion.onnx_files import OPSET, SMALLEST_OPSET
from edgekit.conversion.runners import OnnxRunner, TfliteRunner
from edgekit.data.dataset import Float32
from edgekit.errors import ModelError, UsageError
from edgekit.inspection import Inspection, data_files, inspect_bytes, inspect_file
from edgekit.words import listed
from edgekit.zoo.input import Size, shown, size_of
from edgekit.zoo.source import LoadedModel, Source

_QUANTIZED = ("Quantize", "QLinear", "Integer")  # parts of the names of ONNX operators


@dataclass(frozen=True)
class FloatFile:
    """A float32 model file for one image, every size known; nothing of it is in other files."""

    data: bytes
    found: Inspection

    @property
    def names(self) -> tuple[str, ...]:
        """The outputs' names."""
        return tuple(output.name for output in self.found.outputs)

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The outputs' shapes, the batch's size first."""
        return tuple(output.shape for output in self.found.outputs)

    @property
    def last_operation(self) -> str:
        """The type of the last operation that changes values, as TensorFlow calls it."""
        return self.found.last_operation

    def outputs(self) -> Callable[[Float32], tuple[Float32, ...]]:
        """Return the file as a function, float32 [n, *input_shape] → its outputs [n, …]: the reference."""
        kind = OnnxRunner if self.found.format == "onnx" else TfliteRunner
        runner = kind(self.data, False)

        def run(images: Float32) -> tuple[Float32, ...]:
            rows = [runner.outputs(image[None]) for image in images]
            return tuple(np.concatenate(row) for row in zip(*rows, strict=True))

        return run


def load_float_file(source: Source) -> tuple[LoadedModel, FloatFile]:
    """Read a float model file, and make it fit: one image at a time, of a known size.

    Raises:
        ModelError: It is damaged, unsafe, quantized already, not float32, or does not take an image.
        UsageError: It has another size or number of classes than asked for.
    """
    path = source.file
    found = inspect_file(path)
    _check_float(path, found)
    contract = _contract(path, found, source.resolution)
    prepare = {"onnx": _fit_onnx, "tflite": _fit_tflite}[found.format]
    data = prepare(path, found, contract)
    file = FloatFile(data, inspect_bytes(data, path.name))
    classes = _classes(file)
    if source.classes not in (None, classes):
        raise UsageError(f"{path} has classes {classes}, not {source.classes}.", "Leave out --classes.")
    return LoadedModel(file, contract, classes, reference=path.name), file


def _check_float(path: Path, found: Inspection) -> None:
    quantized = [layer.op for layer in found.layers if _is_quantized(found.format, layer.op)]
    if quantized or any(layer.weights is not None for layer in found.layers):
        raise ModelError(
            f"{path} is quantized already.",
            f"Convert its float original; as it is, `edgekit bench {path}` measures it.",
        )
    if len(found.inputs) != 1:
        raise ModelError(
            f"{path} has {len(found.inputs)} inputs; edgekit converts models of one.",
            f"As it is, `edgekit bench {path}` measures it.",
        )
    types = {found.inputs[0].dtype, *(layer.dtype for layer in found.layers)}
    if other := sorted(types & {"float16", "bfloat16", "float64", "uint8", "int8"}):
        raise ModelError(
            f"{path} computes in {listed(other)}; edgekit converts float32 models.",
            f"Export it in float32, with a float32 input; as it is, `edgekit bench {path}` measures it.",
        )


def _is_quantized(format: str, op: str) -> bool:
    if format == "tflite":
        return op in ("QUANTIZE", "DEQUANTIZE")
    return any(part in op for part in _QUANTIZED)


def _contract(path: Path, found: Inspection, asked: Size | None) -> Preprocessing:
    """How images reach the file: of its own size or the one asked for, and scaled as is usual."""
    shape = found.inputs[0].shape
    layouts: list[tuple[Layout, int]] = [("NHWC", 3), ("NCHW", 1)]
    if found.format == "onnx":  # where both fit, as its other tools export it
        layouts.reverse()
    fitting = [layout for layout, axis in layouts if len(shape) == 4 and shape[axis] in USUAL_CHANNELS]
    if not fitting:
        raise ModelError(
            f"{path} takes {_written(shape)}, not images of 1, 3 or 4 channels.",
            f"edgekit converts image classifiers only; `edgekit bench {path}` measures any file.",
        )
    if shape[0] > 1:
        raise ModelError(
            f"{path} takes exactly {shape[0]} images at a time.",
            f"Export it for any number; as it is, `edgekit bench {path}` measures it.",
        )
    layout = fitting[0]
    depth, own = (shape[3], shape[1:3]) if layout == "NHWC" else (shape[1], shape[2:])
    if asked is None and min(own) < 0:
        raise ModelError(
            f"{path} takes images of any size: {_written(shape)}.",
            "Choose one with --resolution 224, or --resolution 192x256 for height and width.",
        )
    height, width = own if asked is None else size_of(asked)
    if any(have not in (-1, want) for have, want in zip(own, (height, width), strict=True)):
        raise UsageError(
            f"{path} takes images of {own[0]} × {own[1]} pixels, not {shown((height, width))}.",
            "Leave out --resolution.",
        )
    half = (127.5,) * depth
    return Preprocessing(
        height=height, width=width, channels=USUAL_CHANNELS[depth], layout=layout, mean=half, std=half
    )


def _fit_onnx(path: Path, found: Inspection, contract: Preprocessing) -> bytes:
    """Fix the input's size, fetch weights from files next to it, and raise the operator set if it is old."""
    import onnx
    from onnx import external_data_helper, version_converter

    with converter("one for a single image"):
        model = onnx.load_model_from_string(path.read_bytes())
        if found.data:
            data_files(path, found.data)
            external_data_helper.load_external_data_for_model(model, str(path.parent))
        graph = model.graph
        stored = {tensor.name for tensor in graph.initializer}
        inputs = [value for value in graph.input if value.name not in stored]
        del graph.input[:], graph.value_info[:]
        graph.input.extend(inputs)
        dims = graph.input[0].type.tensor_type.shape.dim
        for dim, size in zip(dims, (1, *contract.input_shape), strict=True):
            dim.dim_value = size
        for output in graph.output:  # found anew, of the size that is known now
            output.type.tensor_type.ClearField("shape")
        if (found.opset or OPSET) < SMALLEST_OPSET:
            model = version_converter.convert_version(model, OPSET)
        model = onnx.shape_inference.infer_shapes(model, data_prop=True)
        return bytes(model.SerializeToString(deterministic=True))


def _fit_tflite(path: Path, found: Inspection, contract: Preprocessing) -> bytes:
    """A TFLite file has one size, whatever else it allows; it is the one for which it is run."""
    if min(found.inputs[0].shape[1:]) < 0:
        raise ModelError(
            f"{path} takes images of any size: {_written(found.inputs[0].shape)}.",
            f"Export it for images of {shown((contract.height, contract.width))} pixels.",
        )
    return path.read_bytes()


def _classes(file: FloatFile) -> int:
    """How many classes or labels are scored; 0: several outputs, or one that is not a row of scores."""
    sizes = [size for size in file.shapes[0][1:] if size != 1]
    if len(file.shapes) > 1 or len(sizes) > 1 or any(size < 0 for size in sizes):
        return 0
    return sizes[0] if sizes else 2


def _written(shape: Sequence[Any]) -> str:
    return str([size if size >= 0 else "any" for size in shape])
