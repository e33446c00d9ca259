"""A file to measure that is of no artefact set: any .tflite or .onnx, with what its inputs are given."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgekit.device import Payload
from edgekit.errors import DataError, UsageError
from edgekit.files import sha256_bytes, sha256_file
from edgekit.inspection import Inspection, TensorInfo, data_files, inspect_file
from edgekit.inspection.record import check_elements
from edgekit.measurement.subject import Given, Subject
from edgekit.results import LOOSE

if TYPE_CHECKING:
    import numpy as np

_USUAL = {4: 224, 3: 16, 2: 16}  # a size to suggest where a file leaves it open, by the number of sizes


@dataclass(frozen=True)
class Inputs:
    """What inputs are given, by their names."""

    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)  # .npy
    work: Path | None = None  # a folder of this session's, for what has to be made

    @property
    def folder(self) -> Path:
        """Where to make something."""
        assert self.work  # noqa: S101 - a session always has one
        return self.work

    def check_used(self, subjects: Sequence[Subject]) -> None:
        """Refuse what is given to an input that no file has.

        Raises:
            UsageError: It is.
        """
        if not (self.shapes or self.files):
            return
        if not subjects:
            what = "--shape and --input are for files that are of no artefact set, and none is named."
            raise UsageError(what, "A set says what its files take: leave them out.")
        there = {tensor.name: tensor for each in subjects for tensor in inspect_file(each.path).inputs}
        for name in (*self.shapes, *self.files):
            if name not in there:
                raise UsageError(
                    f"No file has an input {name!r}.",
                    f"There is {', '.join(map(described, there.values()))}.",
                )


def described(tensor: TensorInfo) -> str:
    """Return `images float32 [1, 3, ?, ?]`."""
    sizes = ", ".join("?" if size < 1 else str(size) for size in tensor.shape)
    return f"{tensor.name} {tensor.dtype} [{sizes}]"


def loose(path: Path, inputs: Inputs) -> Subject:
    """Look into a file, and decide what its inputs are given.

    Raises:
        ModelError: It is not a model, is damaged, or would have files read that are not next to it.
        UsageError: A shape does not fit.
        DataError: Values cannot be read or do not fit.
    """
    inspection = inspect_file(path)
    given = tuple(_given(path, inspection, tensor, inputs) for tensor in inspection.inputs)
    chosen = {**inputs.shapes, **inputs.files}
    unknown = [tensor for tensor in inspection.inputs if _is_free(tensor) and tensor.name not in chosen]
    digest, size = sha256_file(path), path.stat().st_size
    subject = Subject(
        path=path,
        sha256=digest,
        bytes=size,
        format=inspection.format,
        precision=inspection.precision,
        set=LOOSE,
        inputs=given,
        free=" ".join(f"--shape {tensor.name}={_suggested(tensor)}" for tensor in unknown),
    )
    return _with_data(subject, data_files(path, inspection.data), inputs) if inspection.data else subject


def _with_data(subject: Subject, files: Sequence[Path], inputs: Inputs) -> Subject:
    """Return a subject that goes to the device as a folder, with the files that hold its weights."""
    from dataclasses import replace

    data = tuple((file.name, sha256_file(file)) for file in files)
    seal = sha256_bytes("\n".join((subject.sha256, *(f"{digest} {name}" for name, digest in data))).encode())
    folder = inputs.folder / seal
    folder.mkdir(exist_ok=True)
    for file in (subject.path, *files):
        _bring(file.resolve(), folder / file.name)
    size = subject.bytes + sum(file.stat().st_size for file in files)
    return replace(
        subject,
        sha256=seal,
        bytes=size,
        folder=Payload(folder, seal, size),
        data=data,
        own_sha256=subject.sha256,
    )


def _bring(source: Path, target: Path) -> None:
    """Have a file at another place, without a copy where the file system allows it."""
    if target.exists():
        return
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _is_free(tensor: TensorInfo) -> bool:
    return any(size < 1 for size in tensor.shape)


def _suggested(tensor: TensorInfo) -> str:
    usual = _USUAL.get(len(tensor.shape), 1)
    sizes = (size if size > 0 else 1 if place == 0 else usual for place, size in enumerate(tensor.shape))
    return ",".join(map(str, sizes))


def _given(path: Path, inspection: Inspection, tensor: TensorInfo, inputs: Inputs) -> Given:
    values = _values(inputs.files[tensor.name], tensor) if tensor.name in inputs.files else None
    asked = inputs.shapes.get(tensor.name)
    if values is not None and asked is not None and values.shape != asked:
        raise UsageError(
            f"--shape gives {tensor.name} {list(asked)}, --input values of {list(values.shape)}.",
            "Leave out --shape.",
        )
    shape = values.shape if values is not None else asked
    if shape is None:
        shape = tuple(max(size, 1) for size in tensor.shape)
        return Given(shape if _is_free(tensor) else ())
    _check_shape(path, inspection, tensor, shape)
    return Given(shape, _payload(values, inputs) if values is not None else None)


def _check_shape(path: Path, inspection: Inspection, tensor: TensorInfo, shape: tuple[int, ...]) -> None:
    """Refuse a shape that a file cannot take; TFLite's interpreter may change sizes that are fixed, too."""
    fixed = inspection.format != "tflite"
    fits = len(shape) == len(tensor.shape) and not any(
        fixed and size > 0 and size != asked for size, asked in zip(tensor.shape, shape, strict=True)
    )
    if not fits or min(shape, default=1) < 1:
        raise UsageError(
            f"{path} takes {described(tensor)}; {list(shape)} does not fit.",
            f"Such as --shape {tensor.name}={_suggested(tensor)}",
        )
    check_elements(str(path), tensor.name, shape)


def _values(file: Path, tensor: TensorInfo) -> np.ndarray[Any, Any]:
    """Read values in the type that an input takes.

    Raises:
        DataError: They cannot be read, or change by being given that type.
    """
    import numpy as np

    try:
        values = np.load(file, allow_pickle=False)
        wanted = np.dtype(tensor.dtype)
    except (OSError, ValueError, EOFError, TypeError) as error:
        raise DataError(
            f"{file} cannot be read as values of {described(tensor)}: {error}.",
            f"Write one array: np.save({str(file)!r}, values)",
        ) from error
    if not isinstance(values, np.ndarray):
        raise DataError(
            f"{file} holds several arrays.", f"Write one array: np.save({file.stem + '.npy'!r}, values)"
        )
    with np.errstate(over="ignore", invalid="ignore"):
        taken = values.astype(wanted) if values.dtype.kind in "biuf" else values
    floating = values.dtype.kind == wanted.kind == "f"
    if taken.dtype != wanted or not (floating or np.array_equal(taken, values)):
        raise DataError(
            f"{tensor.name} takes {wanted.name}; the {values.dtype.name} values of {file} would change.",
            f"Write it as {wanted.name}: np.save({str(file)!r}, values.astype({wanted.name!r}))",
        )
    return np.ascontiguousarray(taken)


def _payload(values: np.ndarray[Any, Any], inputs: Inputs) -> Payload:
    import numpy as np

    digest = sha256_bytes(str((values.dtype, values.shape)).encode() + values.tobytes())
    file = inputs.folder / f"{digest}.npy"
    np.save(file, values)
    return Payload(file, sha256_file(file), file.stat().st_size)
