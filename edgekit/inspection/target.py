"""What `edgekit inspect` was pointed at, and what there is to say about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from edgekit.artefact import MANIFEST, ArtefactSet, read_set
from edgekit.errors import RecordError, UsageError
from edgekit.inspection.file import inspect_file, is_model_file
from edgekit.inspection.record import Inspection
from edgekit.progress import SILENT, Progress
from edgekit.results import Result, read_result
from edgekit.zoo import FAMILIES
from edgekit.zoo.cost import Cost, cost
from edgekit.zoo.spec import model_spec


@dataclass(frozen=True)
class ModelCost:
    """A Keras model's name and cost."""

    name: str
    cost: Cost


Inspected = ModelCost | Inspection | ArtefactSet | Result


def inspect_target(
    target: str,
    *,
    alpha: float | None = None,
    resolution: int | None = None,
    classes: int | None = None,
    progress: Progress = SILENT,
) -> Inspected:
    """Look at whatever the target is: a record, a model file, or a model.

    Args:
        target: A path, a checkpoint's name, or a model family.
        alpha: Width multiplier of a family's model; None: as in the family's paper.
        resolution: Pixels; None: as in the family's paper.
        classes: Number of classes; None: ImageNet's.
        progress: Receives what is being done.

    Raises:
        UsageError: There is nothing of that name, or an option does not belong to it.
    """
    path = Path(target)
    is_file = is_model_file(path) or path.suffix == ".json" or (path / MANIFEST).is_file()
    if not is_file:
        return _model(target, alpha, resolution, classes, progress)
    if (alpha, resolution, classes) != (None, None, None):
        raise UsageError(
            f"--alpha, --resolution and --classes describe a family; {target} is a file.", "Leave them out."
        )
    if is_model_file(path):
        return inspect_file(path)
    if path.name == MANIFEST or path.is_dir():
        return read_set(path)
    return _record(path)


def _record(path: Path) -> Inspected:
    try:
        header = msgspec.json.decode(path.read_bytes(), type=dict[str, msgspec.Raw]).get(
            "schema", msgspec.Raw(b"")
        )
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return read_result(path)  # says what is wrong with it
    if b"edgekit.manifest/" in bytes(header):
        raise RecordError(
            f"{path} is a manifest that was renamed.", f"A set's manifest is called {MANIFEST}."
        )
    return read_result(path)


def _model(
    target: str, alpha: float | None, resolution: int | None, classes: int | None, progress: Progress
) -> ModelCost:
    from edgekit.zoo.build import build
    from edgekit.zoo.source import resolve

    if target in FAMILIES:
        widths = FAMILIES[target].widths
        spec = model_spec(
            target, widths.published if alpha is None and widths else alpha, resolution, classes
        )
        progress.step("Building the model")
        width = "" if spec.alpha is None else f"alpha {spec.alpha}, "
        return ModelCost(f"{target}, {width}{spec.resolution} px, {spec.classes} classes", cost(build(spec)))
    source = resolve(target, alpha=alpha, resolution=resolution, classes=classes, progress=progress)
    if source.file.is_dir() and not (source.file / "saved_model.pb").is_file():
        raise UsageError(
            f"{target} is a folder without saved_model.pb or {MANIFEST}.",
            "edgekit inspect takes a model, an artefact or an artefact set.",
        )
    progress.step("Loading the model")
    return ModelCost(source.name, cost(source.load().model))


def as_record(found: Inspected) -> object:
    """Return what `--json` prints: the record itself, with the totals that it computes."""
    if not isinstance(found, Inspection):
        return found
    totals = {"parameters": found.parameters, "multiply_adds": found.multiply_adds, "ops": found.ops}
    return {**msgspec.structs.asdict(found), **totals}
