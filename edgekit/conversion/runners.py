"""Running model files on the converting host, with the runtimes of edgekit's own environment."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Any, Protocol

import numpy as np

from edgekit.data.dataset import Float32
from edgekit.inspection import TensorInfo, inspect_bytes
from edgekit.parallel import in_threads

_AT_A_TIME = 8  # images that a thread runs


class Runner(Protocol):
    """A model file, loaded."""

    def outputs(self, image: Float32) -> tuple[Float32, ...]:
        """Return the real-valued outputs [1, …] for one float32 image [1, H, W, 3]."""


class Runners:
    """A model file, loaded for every thread that runs it: a runner is for one.

    Args:
        load: Loads the file.
    """

    def __init__(self, load: Callable[[], Runner]) -> None:
        self._load = load
        self._idle: SimpleQueue[Runner] = SimpleQueue()
        self._one_at_a_time = Lock()  # what keeps libraries quiet meanwhile is for one thread

    def warm(self) -> None:
        """Load it for one thread, before it is needed."""
        self._idle.put(self._load())

    def over(self, images: Iterable[Float32]) -> Iterator[tuple[Float32, ...]]:
        """Yield the outputs for one image [1, H, W, 3] after the other, computed on all processors."""
        for found in in_threads(self._run, _few(images)):
            yield from found

    def _run(self, few: Sequence[Float32]) -> list[tuple[Float32, ...]]:
        try:
            runner = self._idle.get_nowait()
        except Empty:
            with self._one_at_a_time:
                runner = self._load()
        found = [runner.outputs(image) for image in few]
        self._idle.put(runner)
        return found


def _few(images: Iterable[Float32]) -> Iterator[list[Float32]]:
    """Yield several at a time, so that threads seldom wait for each other."""
    rest = iter(images)
    while few := list(islice(rest, _AT_A_TIME)):
        yield few


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
        inputs, self._outputs = onnx_ends(self._session, data)
        self._input = inputs[0]

    def outputs(self, image: Float32) -> tuple[Float32, ...]:
        """Return the real-valued outputs [1, …] for one float32 image [1, H, W, 3]."""
        given = {self._input["name"]: stored(image, self._input)}
        return tuple(map(real, self._session.run(None, given), self._outputs))


def import_onnxruntime() -> Any:
    """Return the `onnxruntime` module, set not to report its use over the network before it loads."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    return onnxruntime


def onnx_session(data: bytes, optimise: bool, *, keep_memory: bool = True) -> Any:
    """Load an ONNX file on the CPU and one thread.

    Args:
        data: The file.
        optimise: With every optimization, or none.
        keep_memory: Keep what a run took for the next one, which is faster.
    """
    onnxruntime = import_onnxruntime()
    levels = onnxruntime.GraphOptimizationLevel
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.enable_cpu_mem_arena = keep_memory
    options.log_severity_level = 3  # errors
    options.graph_optimization_level = levels.ORT_ENABLE_ALL if optimise else levels.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def onnx_ends(session: Any, data: bytes) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return what `stored` and `real` have to know of an ONNX file's inputs and outputs.

    Args:
        session: It, loaded.
        data: It.
    """
    ends: Sequence[Sequence[Any]] = (session.get_inputs(), session.get_outputs())
    if all(each.type == "tensor(float)" for side in ends for each in side):
        ends = [[TensorInfo(each.name, (), "float32") for each in side] for side in ends]
    else:
        found = inspect_bytes(data, "model.onnx")
        ends = [found.inputs, found.outputs]
    inputs, outputs = ([_detail(each) for each in side] for side in ends)
    return inputs, outputs


def _detail(tensor: TensorInfo) -> dict[str, Any]:
    known = tensor.quantization
    scale = (known.scales[0], known.zero_points[0]) if known else (0.0, 0)
    return {"name": tensor.name, "dtype": np.dtype(tensor.dtype).type, "quantization": scale}


def stored(values: Float32, detail: dict[str, Any]) -> Any:
    """Turn real values into a tensor's stored ones: rint(real / scale) + zero point, as on the device."""
    dtype = detail["dtype"]
    if np.issubdtype(dtype, np.floating):
        return values.astype(dtype, copy=False)
    scale, zero_point = detail["quantization"]
    limits = np.iinfo(dtype)
    return np.clip(np.rint(values / np.float32(scale or 1)) + zero_point, limits.min, limits.max).astype(
        dtype
    )


def real(values: Any, detail: dict[str, Any]) -> Float32:
    """Turn a tensor's stored values into real ones: scale × (stored − zero point)."""
    scale, zero_point = detail["quantization"]
    if values.dtype == np.float32 or not scale:
        return np.asarray(values, dtype=np.float32)
    return np.asarray((values.astype(np.float32) - zero_point) * np.float32(scale), dtype=np.float32)
