"""A file to measure that is of no artefact set: any .tflite or .onnx, with what its inputs are given."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgekit.artefact import Preprocessing
from edgekit.device import Payload
from edgekit.errors import DataError, UsageError
from edgekit.files import sha256_bytes, sha256_file
from edgekit.inspection import Inspection, TensorInfo, data_files, inspect_file
from edgekit.inspection.shapes import check_names, check_shape, described, is_free, suggested
from edgekit.measurement.subject import Given, Images, Subject
from edgekit.results import LOOSE

if TYPE_CHECKING:
    import numpy as np

    from edgekit.measurement.classifier import Reading


@dataclass(frozen=True)
class Asked:
    """What was asked for that concerns files of no set; inputs by their names."""

    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)  # .npy files, or arrays
    reading: Reading | None = None
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
        if not (self.shapes or self.values or self.reading):
            return
        if not subjects:
            what = "--shape, --input and --dataset are for files outside an artefact set, and none is named."
            raise UsageError(what, "A set has what it needs: leave them out.")
        check_names((*self.shapes, *self.values), [inspect_file(each.path) for each in subjects])


def loose(path: Path, asked: Asked) -> Subject:
    """Look into a file, and decide what its inputs are given.

    Raises:
        ModelError: It is not a model, is damaged, or would have files read that are not next to it.
        UsageError: A shape does not fit.
        DataError: Values cannot be read or do not fit.
    """
    inspection = inspect_file(path)
    given = tuple(_given(path, inspection, tensor, asked) for tensor in inspection.inputs)
    chosen = {**asked.shapes, **asked.values}
    unknown = [tensor for tensor in inspection.inputs if is_free(tensor) and tensor.name not in chosen]
    digest, size = sha256_file(path), path.stat().st_size
    contract, images = _classified(path, inspection, given, asked)
    subject = Subject(
        path=path,
        sha256=digest,
        bytes=size,
        format=inspection.format,
        precision=inspection.precision,
        set=LOOSE,
        inputs=given,
        contract=contract,
        images=images,
        free=" ".join(f"--shape {tensor.name}={suggested(tensor)}" for tensor in unknown),
    )
    return _with_data(subject, data_files(path, inspection.data), asked) if inspection.data else subject


def _classified(
    path: Path, inspection: Inspection, given: Sequence[Given], asked: Asked
) -> tuple[Preprocessing | None, Images | None]:
    """Return how a file reads images and those to answer, if a dataset is named."""
    if asked.reading is None:
        return None, None
    from edgekit.measurement.classifier import contract_of, images_of

    shape = (given[0].shape or inspection.inputs[0].shape) if given else ()
    contract = contract_of(path, inspection, shape, asked.reading)
    return contract, images_of(path, inspection, contract, asked.reading, asked.folder)


def _with_data(subject: Subject, files: Sequence[Path], asked: Asked) -> Subject:
    """Return a subject that goes to the device as a folder, with the files that hold its weights."""
    from dataclasses import replace

    data = tuple((file.name, sha256_file(file)) for file in files)
    seal = sha256_bytes("\n".join((subject.sha256, *(f"{digest} {name}" for name, digest in data))).encode())
    folder = asked.folder / seal
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


def _given(path: Path, inspection: Inspection, tensor: TensorInfo, asked: Asked) -> Given:
    values = _values(asked.values[tensor.name], tensor) if tensor.name in asked.values else None
    wanted = asked.shapes.get(tensor.name)
    if values is not None and wanted is not None and values.shape != wanted:
        raise UsageError(
            f"--shape gives {tensor.name} {list(wanted)}, --input values of {list(values.shape)}.",
            "Leave out --shape.",
        )
    shape = values.shape if values is not None else wanted
    if shape is None:
        shape = tuple(max(size, 1) for size in tensor.shape)
        return Given(shape if is_free(tensor) else ())
    check_shape(path, inspection, tensor, shape)
    return Given(shape, _payload(values, asked) if values is not None else None)


def _values(given: Any, tensor: TensorInfo) -> np.ndarray[Any, Any]:
    """Read values in the type that an input takes.

    Raises:
        DataError: They cannot be read, or change by being given that type.
    """
    import numpy as np

    file = "the array" if isinstance(given, np.ndarray) else given
    try:
        values = given if isinstance(given, np.ndarray) else np.load(given, allow_pickle=False)
        wanted = np.dtype(tensor.dtype)
    except (OSError, ValueError, EOFError, TypeError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{file} cannot be read as values of {described(tensor)}: {error}.",
            "Write one array: np.save('values.npy', values)",
        ) from error
    if not isinstance(values, np.ndarray):
        raise DataError(f"{file} holds several arrays.", "Write one array: np.save('values.npy', values)")
    with np.errstate(over="ignore", invalid="ignore"):
        taken = values.astype(wanted) if values.dtype.kind in "biuf" else values
    floating = values.dtype.kind == wanted.kind == "f"
    if taken.dtype != wanted or not (floating or np.array_equal(taken, values)):
        raise DataError(
            f"{tensor.name} takes {wanted.name}; the {values.dtype.name} values of {file} would change.",
            f"Write it as {wanted.name}: np.save('values.npy', values.astype({wanted.name!r}))",
        )
    return np.asarray(taken, order="C")  # a scalar stays one


def _payload(values: np.ndarray[Any, Any], asked: Asked) -> Payload:
    import numpy as np

    digest = sha256_bytes(str((values.dtype, values.shape)).encode() + values.tobytes())
    file = asked.folder / f"{digest}.npy"
    np.save(file, values)
    return Payload(file, sha256_file(file), file.stat().st_size)
