"""Several models next to each other: what each costs, and how that compares with the first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from edgekit.artefact import ArtefactSet
from edgekit.errors import UsageError
from edgekit.inspection.file import inspect_file
from edgekit.inspection.record import Inspection
from edgekit.inspection.target import Inspected, ModelCost

FLOAT_BYTES = 4  # of a parameter of a model that is not converted


class Costs(msgspec.Struct, frozen=True):
    """What one model costs. Ratios are to the first one's; None: the first has nothing of it."""

    name: str
    multiply_adds: int  # for one image
    parameters: int
    bytes: int  # of the file; of a Keras model 4 for each parameter
    multiply_adds_ratio: float | None = None
    parameters_ratio: float | None = None
    bytes_ratio: float | None = None


def side_by_side(found: Sequence[Inspected]) -> tuple[Costs, ...]:
    """Return a record for each model and each file of a set, in order.

    Raises:
        UsageError: A result is among them.
        ModelError: A set's file cannot be read.
    """
    rows = [row for each in found for row in _rows(each)]
    return tuple(_compared(row, rows[0]) for row in rows)


def _rows(found: Inspected) -> Iterator[Costs]:
    if isinstance(found, ModelCost):
        parameters = found.cost.parameters
        yield Costs(found.name, found.cost.multiply_adds, parameters, FLOAT_BYTES * parameters)
    elif isinstance(found, Inspection):
        yield Costs(found.name, found.multiply_adds, found.parameters, found.bytes)
    elif isinstance(found, ArtefactSet):
        for file in found.manifest.files:
            inside = inspect_file(found.path(file))
            name = f"{found.manifest.model.name}/{file.name}"
            yield Costs(name, inside.multiply_adds, inside.parameters, inside.bytes)
    else:
        raise UsageError(
            "A result is not a model; `edgekit inspect` puts models next to each other.",
            "For results: edgekit report RESULT RESULT",
        )


def _compared(row: Costs, first: Costs) -> Costs:
    def ratio(mine: int, theirs: int) -> float | None:
        return mine / theirs if theirs else None

    return msgspec.structs.replace(
        row,
        multiply_adds_ratio=ratio(row.multiply_adds, first.multiply_adds),
        parameters_ratio=ratio(row.parameters, first.parameters),
        bytes_ratio=ratio(row.bytes, first.bytes),
    )
