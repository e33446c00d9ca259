"""Parts of a TFLite file, each a model of its own, without copying the file.

A flatbuffer's tables and vectors are found by offsets, so that a few bytes make another model of a file:
fewer operators, and other inputs and outputs, whose lists are added at its end. Weights and quantization
parameters stay where they are.

The format: https://flatbuffers.dev/internals and LiteRT's schema.fbs.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import chain
from typing import Any

from edgekit.errors import ModelError

Edit = tuple[int, str]  # offset, and the bytes to be there, in hexadecimal

# the fields of a SubGraph, as offsets in its vtable: 4 + 2 × the field's number in the schema
_INPUTS, _OUTPUTS, _OPERATORS = 6, 8, 10


class Parts:
    """A TFLite file and what can be cut out of it."""

    def __init__(self, data: bytes, name: str) -> None:
        """Read the graph.

        Args:
            data: The file, which was inspected before.
            name: What errors call it.

        Raises:
            ModelError: Its graph is not one that can be cut.
        """
        from ai_edge_litert import schema_py_generated as schema

        model = schema.Model.GetRootAs(data, 0)
        graph = model.Subgraphs(0)
        if model.SubgraphsLength() != 1:
            raise ModelError(
                f"{name} has {model.SubgraphsLength()} graphs; operators are counted in files that have one.",
                "Count the whole file with `edgekit bench`.",
            )
        self._data, self._table = data, graph._tab
        operators = [graph.Operators(i) for i in range(graph.OperatorsLength())]
        self._used = [_values(op.InputsLength(), op.Inputs) for op in operators]
        self._made = [_values(op.OutputsLength(), op.Outputs) for op in operators]
        self._inputs = _values(graph.InputsLength(), graph.Inputs)
        self._outputs = _values(graph.OutputsLength(), graph.Outputs)

    def __len__(self) -> int:
        return len(self._made)

    def empty(self) -> list[Edit]:
        """Return the model without operators: its outputs are its inputs."""
        return self._edits(0, 0, self._inputs, self._inputs)

    def part(self, start: int, stop: int) -> list[Edit]:
        """Return the model of the operators from `start` up to but not including `stop`."""
        before = {*self._inputs, *chain(*self._made[:start])}
        needed = set(chain(*self._used[start:stop]))
        later = {*self._outputs, *chain(*self._used[stop:])}
        made = list(chain(*self._made[start:stop]))
        return self._edits(
            start, stop, sorted(before & needed), [tensor for tensor in made if tensor in later]
        )

    def _edits(self, start: int, stop: int, inputs: Sequence[int], outputs: Sequence[int]) -> list[Edit]:
        count = self._field(_OPERATORS)
        count += _u32(self._data, count)  # the vector: its length, then where each operator is
        edits = [(count, _hex(stop - start))]
        for slot, index in enumerate(range(start, stop)):
            old, new = count + 4 + 4 * index, count + 4 + 4 * slot
            edits.append((new, _hex(old + _u32(self._data, old) - new)))
        end = len(self._data) + -len(self._data) % 4
        lists = {_INPUTS: _vector(inputs), _OUTPUTS: _vector(outputs)}
        at = end
        for field, vector in lists.items():
            edits.append((self._field(field), _hex(at - self._field(field))))
            at += len(vector)
        padding = bytes(end - len(self._data))
        return [*edits, (len(self._data), (padding + b"".join(lists.values())).hex())]

    def _field(self, slot: int) -> int:
        return int(self._table.Pos + self._table.Offset(slot))


def _values(length: int, value: Any) -> list[int]:
    """Return a list of tensors; −1 stands for an optional one that is left out."""
    return [int(value(i)) for i in range(length) if value(i) >= 0]


def _u32(data: bytes, at: int) -> int:
    return int(struct.unpack_from("<I", data, at)[0])


def _hex(value: int) -> str:
    return struct.pack("<I", value).hex()


def _vector(values: Sequence[int]) -> bytes:
    return struct.pack(f"<{1 + len(values)}i", len(values), *values)
