"""Running a float32 ONNX file over many images at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

import numpy as np

from edgekit.conversion.runners import import_onnxruntime
from edgekit.data.dataset import Float32
from edgekit.memory import give_back
from edgekit.parallel import in_threads, processors

_BYTES = 1 << 26  # that the tensors of a batch hold
_HELD = 1 << 28  # that those of all batches hold that are computed at a time, if these are more than two
_MOST = 32  # images
_ALIKE = 1e-3  # of the largest value: how far an image alone may differ from one among others

T = TypeVar("T")


class Batches:
    """A file for one image that takes several, where its reshapes allow it.

    Args:
        data: The file.
        names: Tensors to return.
        numbers: How many its tensors hold for one image; 0: it is not known.
        several: Whether to take several images at a time.
    """

    def __init__(self, data: bytes, names: Iterable[str], numbers: int, *, several: bool) -> None:
        import onnx

        model = onnx.load_model_from_string(data)
        graph = model.graph
        self._input = graph.input[0].name
        self._names = [name for name in names if name != self._input]
        known = {value.name: value for value in graph.value_info}
        present = {output.name for output in graph.output}
        graph.output.extend(known[name] for name in self._names if name not in present)
        self.size = min(_MOST, _BYTES // (4 * numbers)) if several else 1
        fitting = _HELD // (4 * numbers * self.size) if numbers else 0
        self._threads = min(processors(), max(2, fitting))
        if several:
            _free_batch(graph)
        self._session = _session(model.SerializeToString())

    def __call__(self, images: Float32) -> dict[str, Float32]:
        """Return tensors by name, [n, …], for images [n, *input_shape]."""
        # asked for none, ONNX Runtime returns every output
        found = self._session.run(self._names, {self._input: images}) if self._names else []
        return {**dict(zip(self._names, found, strict=True)), self._input: images}

    def over(self, images: Iterable[Float32], look: Callable[[int, dict[str, Float32]], T]) -> Iterator[T]:
        """Go through images in batches, several batches at a time.

        Args:
            images: Single ones, [1, *input_shape].
            look: Called in threads, with a batch's number and its tensors [n, …]. These are valid until it
                returns, since others are written in their place: to take memory for them anew would take as
                long as to compute them.

        Yields:
            What `look` made of each batch, in their order.
        """
        idle: deque[dict[str, Float32]] = deque()

        def found(numbered: tuple[int, Float32]) -> T:
            number, batch = numbered
            try:
                here = idle.pop()
            except IndexError:
                here = self._empty(batch)
            if here and len(here[self._input]) == len(batch):
                self._renew(here, batch)
            else:
                here = self(batch)
            try:
                return look(number, here)
            finally:
                idle.append(here)

        yield from in_threads(found, enumerate(self._batches(images)), threads=self._threads)
        idle.clear()
        give_back()

    def _batches(self, images: Iterable[Float32]) -> Iterator[Float32]:
        rest = iter(images)
        while held := list(islice(rest, self.size)):
            yield np.concatenate(held)

    def _empty(self, images: Float32) -> dict[str, Float32]:
        """Return places for tensors, whose sizes are known where one image is taken at a time; else none."""
        shapes = {output.name: output.shape for output in self._session.get_outputs()}
        if self.size > 1 or not all(isinstance(size, int) for name in self._names for size in shapes[name]):
            return {}
        return {**{name: np.empty(shapes[name], np.float32) for name in self._names}, self._input: images}

    def _renew(self, found: dict[str, Float32], images: Float32) -> None:
        """Write the tensors of other images in the place of those that were found."""
        found[self._input] = images
        if not self._names:
            return
        binding = self._session.io_binding()
        binding.bind_cpu_input(self._input, images)
        for name in self._names:
            place = found[name]
            binding.bind_output(name, "cpu", 0, place.dtype, place.shape, place.ctypes.data)
        self._session.run_with_iobinding(binding)


def room_for_several(numbers: int) -> bool:
    """Whether the tensors of two images, so many numbers each, may be held at a time; 0: it is not known."""
    return 0 < 4 * numbers <= _BYTES // 2


def takes_several(data: bytes, names: Sequence[str], numbers: int, images: Float32) -> bool:
    """Whether two images at a time give the same as one after the other."""
    alone = Batches(data, names, numbers, several=False)
    try:
        both = Batches(data, names, numbers, several=True)(images)
    except Exception:  # ONNX Runtime has no error that one could name
        return False
    singles = [alone(image[None]) for image in images]
    return all(_same(both[name], np.concatenate([each[name] for each in singles])) for name in both)


def _same(here: Float32, there: Float32) -> bool:
    largest = _ALIKE * float(np.abs(there).max(initial=1e-30))
    return here.shape == there.shape and float(np.abs(here - there).max(initial=0.0)) <= largest


def _free_batch(graph: Any) -> None:
    """Let the first size of every tensor be any, and reshapes keep it."""
    from onnx import numpy_helper

    for value in (*graph.input, *graph.output):
        if len(value.type.tensor_type.shape.dim):
            value.type.tensor_type.shape.dim[0].dim_param = "n"
    del graph.value_info[:]
    targets = {node.input[1] for node in graph.node if node.op_type == "Reshape"}
    for tensor in graph.initializer:
        shape = numpy_helper.to_array(tensor).copy() if tensor.name in targets else np.zeros(0)
        if shape.size and shape[0] == 1:
            shape[0] = 0  # as it comes
            tensor.CopyFrom(numpy_helper.from_array(shape, tensor.name))


def _session(data: bytes) -> Any:
    onnxruntime = import_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # fatal: whether it works is found out
    options.intra_op_num_threads = 1  # for each batch, of which several are computed at a time
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
