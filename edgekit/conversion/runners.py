"""Running model files on the converting host, with the runtimes of edgekit's own environment."""

from __future__ import annotations

import os
from typing import Any, Protocol

import numpy as np

from edgekit.data.dataset import Float32


class Runner(Protocol):
    """A model file, loaded."""

    def outputs(self, image: Float32) -> tuple[Float32, ...]:
        """Return the real-valued outputs [1, …] for one float32 image [1, H, W, 3]."""


class TfliteRunner:
    """A TFLite file in LiteRT's interpreter, on one thread. Its fast kernels compute as the others do."""

    def __init__(self, data: bytes, _optimise: bool = True) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._interpreter = Interpreter(model_content=data, num_threads=1)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]
        self._outputs = self._interpreter.get_output_details()

    def outputs(self, image: Float32) -> tuple[Float32, ...]:
        """Return the real-valued outputs [1, …] for one float32 image [1, H, W, 3]."""
        self._interpreter.set_tensor(self._input["index"], stored(image, self._input))
        self._interpreter.invoke()
        return tuple(real(self._interpreter.get_tensor(o["index"]), o) for o in self._outputs)


class OnnxRunner:
    """An ONNX file in ONNX Runtime on the CPU, on one thread; executed node by node unless optimised."""

    def __init__(self, data: bytes, optimise: bool = True) -> None:
        self._session = onnx_session(data, optimise)
        self._input = self._session.get_inputs()[0].name

    def outputs(self, image: Float32) -> tuple[Float32, ...]:
        """Return the real-valued outputs [1, …] for one float32 image [1, H, W, 3]."""
        return tuple(np.asarray(x, dtype=np.float32) for x in self._session.run(None, {self._input: image}))


def import_onnxruntime() -> Any:
    """Return the `onnxruntime` module, set not to report its use over the network before it loads."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    return onnxruntime


def onnx_session(data: bytes, optimise: bool) -> Any:
    """Load an ONNX file on the CPU and one thread, with every optimization or none."""
    onnxruntime = import_onnxruntime()
    levels = onnxruntime.GraphOptimizationLevel
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3  # errors
    options.graph_optimization_level = levels.ORT_ENABLE_ALL if optimise else levels.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def stored(values: Float32, detail: dict[str, Any]) -> Any:
    """Turn real values into a tensor's stored ones: rint(real / scale) + zero point, as on the device."""
    dtype = detail["dtype"]
    if dtype == np.float32:
        return values
    scale, zero_point = detail["quantization"]
    limits = np.iinfo(dtype)
    return np.clip(np.rint(values / np.float32(scale)) + zero_point, limits.min, limits.max).astype(dtype)


def real(values: Any, detail: dict[str, Any]) -> Float32:
    """Turn a tensor's stored values into real ones: scale × (stored − zero point)."""
    scale, zero_point = detail["quantization"]
    if values.dtype == np.float32 or not scale:
        return np.asarray(values, dtype=np.float32)
    return np.asarray((values.astype(np.float32) - zero_point) * np.float32(scale), dtype=np.float32)
