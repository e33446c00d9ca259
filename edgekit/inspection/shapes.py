"""The sizes of a file's inputs: which it leaves open, and whether those that are chosen fit."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from edgekit.errors import UsageError
from edgekit.inspection.record import Inspection, TensorInfo, check_elements

_USUAL = {4: 224, 3: 16, 2: 16}  # a size to suggest where a file leaves it open, by the number of sizes


def described(tensor: TensorInfo) -> str:
    """Return `images float32 [1, 3, ?, ?]`."""
    sizes = ", ".join("?" if size < 1 else str(size) for size in tensor.shape)
    return f"{tensor.name} {tensor.dtype} [{sizes}]"


def is_free(tensor: TensorInfo) -> bool:
    """Whether an input leaves sizes open."""
    return any(size < 1 for size in tensor.shape)


def suggested(tensor: TensorInfo) -> str:
    """Return a shape that fits, as --shape takes it: `1,3,224,224`."""
    usual = _USUAL.get(len(tensor.shape), 1)
    sizes = (size if size > 0 else 1 if place == 0 else usual for place, size in enumerate(tensor.shape))
    return ",".join(map(str, sizes))


def check_names(names: Iterable[str], inspections: Iterable[Inspection]) -> None:
    """Refuse what is meant for an input that no file has.

    Raises:
        UsageError: With the inputs that there are.
    """
    there = {tensor.name: tensor for inspection in inspections for tensor in inspection.inputs}
    for name in names:
        if name not in there:
            known = ", ".join(map(described, there.values()))
            raise UsageError(f"No file has an input {name!r}.", f"There is {known}.")


def check_shape(path: Path, inspection: Inspection, tensor: TensorInfo, shape: tuple[int, ...]) -> None:
    """Refuse a shape that a file cannot take; TFLite's interpreter may change sizes that are fixed, too.

    Raises:
        UsageError: It does not fit.
        ModelError: No runtime can hold it.
    """
    fixed = inspection.format != "tflite"
    fits = len(shape) == len(tensor.shape) and not any(
        fixed and size > 0 and size != asked for size, asked in zip(tensor.shape, shape, strict=True)
    )
    if not fits or min(shape, default=1) < 1:
        raise UsageError(
            f"{path} takes {described(tensor)}; {list(shape)} does not fit.",
            f"Such as --shape {tensor.name}={suggested(tensor)}",
        )
    check_elements(str(path), tensor.name, shape)
