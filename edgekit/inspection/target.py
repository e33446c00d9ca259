"""What `edgekit inspect` was pointed at, and what there is to say about it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from edgekit.artefact import MANIFEST, ArtefactSet, read_set
from edgekit.errors import RecordError, UsageError
from edgekit.inspection.file import inspect_file, is_model_file
from edgekit.inspection.noise import NoiseByLayer
from edgekit.inspection.record import Inspection
from edgekit.progress import SILENT, Progress
from edgekit.results import Result, read_result
from edgekit.zoo import FAMILIES
from edgekit.zoo.cost import Cost, cost
from edgekit.zoo.spec import ModelSpec, model_spec


@dataclass(frozen=True)
class ModelCost:
    """A Keras model's name and cost."""

    name: str
    cost: Cost
    spec: ModelSpec | None = None  # of a model that was built from its family


Inspected = ModelCost | Inspection | ArtefactSet | Result | NoiseByLayer


def inspect_target(
    target: str,
    *,
    alpha: float | None = None,
    resolution: int | None = None,
    classes: int | None = None,
    only: str | None = None,
    progress: Progress = SILENT,
) -> Inspected:
    """Look at whatever the target is: a record, a model file, or a model.

    Args:
        target: A path, a checkpoint's name, or a model family, also with width and size as the names of
            checkpoints have them: `mobilenet_v1_0.75_160`.
        alpha: Width multiplier of a family's model; None: as in the family's paper.
        resolution: Pixels; None: as in the family's paper.
        classes: Number of classes; None: ImageNet's.
        only: Leave out layers whose names do not match this pattern, as shells have them: `conv_*`.
        progress: Receives what is being done.

    Raises:
        UsageError: There is nothing of that name, or an option does not belong to it.
    """
    found = _found(target, alpha, resolution, classes, progress)
    return found if only is None else _only(found, only, target)


def _found(
    target: str, alpha: float | None, resolution: int | None, classes: int | None, progress: Progress
) -> Inspected:
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

    if (spec := _spec(target, alpha, resolution, classes)) is not None:
        progress.step(f"Building {target}")
        width = "" if spec.alpha is None else f"alpha {spec.alpha}, "
        name = f"{spec.family}, {width}{spec.resolution} px, {spec.classes} classes"
        return ModelCost(name, cost(build(spec)), spec)
    source = resolve(target, alpha=alpha, resolution=resolution, classes=classes, progress=progress)
    if source.file.is_dir() and not (source.file / "saved_model.pb").is_file():
        raise UsageError(
            f"{target} is a folder without saved_model.pb or {MANIFEST}.",
            "edgekit inspect takes a model, an artefact or an artefact set.",
        )
    progress.step("Loading the model")
    return ModelCost(source.name, cost(source.load().model))


def _spec(target: str, alpha: float | None, resolution: int | None, classes: int | None) -> ModelSpec | None:
    """Return the model of a family that is meant, or None if the target does not name one."""
    named = re.fullmatch(r"(.+?)(?:_(\d*\.\d+))?(?:_(\d+))?", target)
    if target in FAMILIES:
        family = target
    elif named is not None and named[1] in FAMILIES:
        family = named[1]
        for option, given, own in (("alpha", alpha, named[2]), ("resolution", resolution, named[3])):
            if given is not None and own is not None:
                raise UsageError(f"{target} names its {option} itself.", f"Leave out --{option}.")
        alpha = alpha if named[2] is None else float(named[2])
        resolution = resolution if named[3] is None else int(named[3])
    else:
        return None
    widths = FAMILIES[family].widths
    return model_spec(family, widths.published if alpha is None and widths else alpha, resolution, classes)


def _only(found: Inspected, pattern: str, target: str) -> Inspected:
    """Return what was found with those of its layers whose names match."""
    if isinstance(found, ModelCost):
        layers = tuple(layer for layer in found.cost.layers if fnmatchcase(layer.name, pattern))
        parameters, work = (sum(getattr(x, what) for x in layers) for what in ("parameters", "multiply_adds"))
        rest: Inspected = replace(found, cost=Cost(parameters, work, layers))
    elif isinstance(found, Inspection):
        operators = tuple(layer for layer in found.layers if fnmatchcase(layer.name, pattern))
        layers, rest = operators, msgspec.structs.replace(found, layers=operators)  # type: ignore[assignment]
    else:
        raise UsageError(f"--only chooses layers of a model; {target} has none.", "Leave it out.")
    if not layers:
        raise UsageError(f"No layer of {target} matches {pattern!r}.", f"See them: edgekit inspect {target}")
    return rest


def as_record(found: Inspected) -> object:
    """Return what `--json` prints: the record itself, with the totals that it computes."""
    if isinstance(found, NoiseByLayer):
        layers = [{**msgspec.structs.asdict(each), "sqnr_db": each.sqnr_db} for each in found.layers]
        return {**msgspec.structs.asdict(found), "layers": layers}
    if not isinstance(found, Inspection):
        return found
    totals = {"parameters": found.parameters, "multiply_adds": found.multiply_adds, "ops": found.ops}
    return {**msgspec.structs.asdict(found), **totals}
