"""The artefact set on disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias, get_args

from edgekit import __version__, artefact
from edgekit.artefact import (
    MANIFEST,
    SCHEMA,
    ArtefactFile,
    ArtefactSet,
    Manifest,
    Missing,
    Model,
    Precision,
    Quality,
    Tensor,
)
from edgekit.conversion.float_file import FloatFile
from edgekit.conversion.formats import FORMATS
from edgekit.conversion.load import Inputs
from edgekit.conversion.quality import Reference
from edgekit.conversion.request import ConvertRequest
from edgekit.data.evaluation import Packing
from edgekit.errors import EdgekitError, InvalidError, ModelError, UsageError
from edgekit.files import OUTPUT, new_folder, sha256_bytes, storage_errors, try_writing, write_atomic
from edgekit.inspection import Inspection, TensorInfo
from edgekit.schema import now, write_record

LABELS = "labels.txt"
EVALUATION = "evaluation.npz"
Made: TypeAlias = tuple[ArtefactFile, bytes]
_TOOLS = ("tensorflow", "keras", "tf2onnx", "onnx", "onnxruntime", "ai-edge-litert", "numpy")


@dataclass
class Outcome:
    """The files that were made, and those that could not be."""

    made: list[Made] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    errors: list[EdgekitError] = field(default_factory=list)
    names: dict[str, dict[str, str]] = field(default_factory=dict)  # by format, as in the manifest
    calibration_fault: str | None = None

    def attempt(self, make: Callable[[], Made], *names: str) -> Made | None:
        """Make a file; if that fails, remember which ones this prevents, and why."""
        try:
            self.made.append(make())
        except (ModelError, InvalidError) as error:
            self.errors.append(error)
            self.missing += [Missing(name, error.what) for name in names]
            return None
        return self.made[-1]


def check_output(folder: Path) -> None:
    """Make sure, before any work, that the set can be written and that nothing but a set is replaced.

    Raises:
        UsageError: Something else is there, or it is the current folder.
        StorageError: The place cannot be written.
    """
    with storage_errors(folder, OUTPUT):
        if folder.resolve() == Path.cwd():
            raise UsageError(
                f"{folder} is the current folder, which cannot be replaced by the set.",
                "Name another folder with --output.",
            )
        if folder.is_dir():
            _check_replaceable(folder)
        elif folder.exists():
            raise UsageError(f"{folder} is a file.", "Name a folder with --output.")
        try_writing(folder.absolute().parent)


def _check_replaceable(folder: Path) -> None:
    found = {path.name for path in folder.iterdir()}
    known = {f"{precision}.{format}" for precision in get_args(Precision) for format in FORMATS}
    others = sorted(found - known - {MANIFEST, LABELS, EVALUATION})
    if others or (found and MANIFEST not in found):
        what = f"holds {others[0]}" if others else "is not empty and holds no artefact set"
        raise UsageError(
            f"{folder} {what}; it would be replaced as a whole.", "Name another folder with --output."
        )


def describe(
    found: Inspection,
    data: bytes,
    precision: Precision,
    quality: Quality,
    *,
    recipe: tuple[str, ...],
    faults: Sequence[str],
    target: str,
) -> ArtefactFile:
    """The record of one file."""
    return ArtefactFile(
        name=found.name,
        format=found.format,
        precision=precision,
        sha256=sha256_bytes(data),
        bytes=len(data),
        inputs=tuple(map(_tensor, found.inputs)),
        outputs=tuple(map(_tensor, found.outputs)),
        ops=found.ops,
        quality=quality,
        target=target,
        recipe=recipe,
        faults=tuple(faults),
    )


def write_set(
    output: Path,
    request: ConvertRequest,
    inputs: Inputs,
    reference: Reference,
    outcome: Outcome,
    *,
    evaluation: Packing,
) -> ArtefactSet:
    """Write every file, and the manifest last.

    Raises:
        StorageError: The folder cannot be written or the disk is full; no trace is left.
    """
    with new_folder(output, OUTPUT) as staging:
        for file, data in outcome.made:
            write_atomic(staging / file.name, data)
        write_atomic(staging / LABELS, "".join(f"{x}\n" for x in inputs.dataset.labels).encode())
        digest = evaluation.save(staging / EVALUATION)
        manifest = _manifest(request, inputs, reference, outcome, digest)
        write_record(staging / MANIFEST, manifest)
    return ArtefactSet(output, manifest)


def _manifest(
    request: ConvertRequest,
    inputs: Inputs,
    reference: Reference,
    outcome: Outcome,
    evaluation_sha256: str,
) -> Manifest:
    dataset, contract = inputs.dataset, inputs.loaded.preprocessing
    return Manifest(
        schema=SCHEMA,
        created=now(),
        edgekit=__version__,
        command=request.command,
        model=_model(inputs),
        dataset=artefact.Dataset(
            name=dataset.name,
            calibrated_on=request.calibrate_on,
            calibration=inputs.calibration.record(),
            evaluation=dataset.evaluation.record(),
            calibration_fault=outcome.calibration_fault,
            overlap=len(set(inputs.calibration.hashes) & set(dataset.evaluation.hashes)),
        ),
        preprocessing=contract,
        preprocessing_sha256=contract.sha256,
        labels=dataset.labels,
        evaluation_file=EVALUATION,
        evaluation_sha256=evaluation_sha256,
        keras_accuracy=reference.accuracy,
        files=tuple(file for file, _ in outcome.made),
        tools={name: version(name) for name in _TOOLS},
        head=reference.head,
        missing=tuple(outcome.missing),
        names=outcome.names,
    )


def _model(inputs: Inputs) -> Model:
    from edgekit.zoo.cost import cost

    source, contract = inputs.source, inputs.loaded.preprocessing
    graph = inputs.graph
    counted = graph.found if isinstance(graph, FloatFile) else cost(inputs.loaded.model, graph.function)
    return Model(
        name=source.name,
        source=source.origin,
        sha256=source.sha256,
        parameters=counted.parameters,
        multiply_adds=counted.multiply_adds,
        family=source.family,
        alpha=source.alpha,
        resolution=contract.height if contract.height == contract.width else None,
        reference=inputs.loaded.reference,
    )


def _tensor(found: TensorInfo) -> Tensor:
    quantization = found.quantization
    return Tensor(
        name=found.name,
        shape=found.shape,
        dtype=found.dtype,
        scale=quantization.scales[0] if quantization else None,
        zero_point=quantization.zero_points[0] if quantization else None,
    )
