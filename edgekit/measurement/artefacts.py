"""The files to measure: those of the artefact sets that were named, and any others."""

from __future__ import annotations

import shlex
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath

from edgekit.artefact import MANIFEST, ArtefactFile, ArtefactSet, check_files, read_set
from edgekit.device import Payload
from edgekit.errors import DataError, UsageError
from edgekit.inspection import is_model_file
from edgekit.measurement.loose import Asked, loose
from edgekit.measurement.subject import Given, Images, Subject
from edgekit.results import LOOSE, Evaluation, Reference

_KERAS = (".keras", ".h5", ".hdf5")


def subjects(paths: Sequence[Path], asked: Asked = Asked()) -> tuple[Subject, ...]:  # noqa: B008 - frozen
    """Return every file named, directly or through its set, once and in order.

    Args:
        paths: Artefact sets, files of a set, or any other .tflite and .onnx files.
        asked: What the last ones are given.

    Raises:
        RecordError: A set's files are not those that were converted.
        UsageError: A path is neither a set nor a model file, or an input is given that no file has.
        ModelError: A file cannot be read.
    """
    found: dict[Path, Subject] = {}
    models: dict[Path, str] = {}
    for path in paths:
        _check(path)
        artefacts = _set_of(path)
        if artefacts is None:
            found.setdefault(path.parent.resolve() / path.name, loose(path, asked))
            continue
        models[artefacts.folder] = artefacts.manifest.model.name
        for file in artefacts.manifest.files:
            if path.is_dir() or path.name in (file.name, MANIFEST):
                found.setdefault(artefacts.folder.resolve() / file.name, _of_set(artefacts, file))
    asked.check_used([subject for subject in found.values() if subject.loose])
    named = {folder.resolve(): name for folder, name in set_names(models).items()} if models else {}
    apart = _loose_sets([path for path, subject in found.items() if subject.loose])
    return tuple(
        replace(subject, set=apart[path] if subject.loose else named[path.parent])
        for path, subject in found.items()
    )


def _check(path: Path) -> None:
    """Raise a UsageError if nothing can be measured there."""
    if not path.exists():
        wanted = is_model_file(path)
        hint = "Check the path." if wanted else "Make an artefact set with `edgekit convert`, or name a file."
        raise UsageError(f"{path} does not exist.", hint)
    if path.suffix.lower() in _KERAS:
        name = shlex.quote(str(path))
        raise UsageError(f"{path} is a Keras model, not an artefact.", f"edgekit convert {name}")


def _set_of(path: Path) -> ArtefactSet | None:
    """Return the set that a path belongs to, checked; None: it is a file that belongs to none."""
    folder = path if path.is_dir() else path.parent
    if path.is_file() and not (folder / MANIFEST).is_file():
        return None
    artefacts = read_set(folder)
    names = [MANIFEST, *(file.name for file in artefacts.manifest.files)]
    if path.is_file() and path.name not in names:
        return None
    check_files(artefacts)
    return artefacts


def _of_set(artefacts: ArtefactSet, file: ArtefactFile) -> Subject:
    manifest = artefacts.manifest
    return Subject(
        path=artefacts.path(file),
        sha256=file.sha256,
        bytes=file.bytes,
        format=file.format,
        precision=file.precision,
        set=manifest.model.name,
        inputs=(Given(scale=file.input.scale or 0.0, zero_point=file.input.zero_point or 0),),
        contract=file.preprocessing or manifest.preprocessing,
        output_shape=file.output.shape,
        output_scale=file.output.scale or 0.0,
        output_zero_point=file.output.zero_point or 0,
        images=None if manifest.head.kind == "none" else _images(artefacts),
        reference=Reference(
            file.sha256, file.quality.accuracy, manifest.keras_accuracy, file.target, manifest.model
        ),
    )


def _images(artefacts: ArtefactSet) -> Images:
    manifest = artefacts.manifest
    return Images(
        artefacts.folder / manifest.evaluation_file,
        manifest.evaluation_sha256,
        manifest.dataset.evaluation.n,
        manifest.head,
        len(manifest.labels),
        labelled=manifest.keras_accuracy is not None,
    )


def _loose_sets(paths: Sequence[Path]) -> dict[Path, str]:
    """Name what takes the place of a set: one name for all files; where some share theirs, their folders."""
    names = [path.name for path in paths]
    if len(set(names)) == len(names):
        return dict.fromkeys(paths, LOOSE)
    folders = set_names(dict.fromkeys((path.parent for path in paths), LOOSE))
    return {path: folders[path.parent] for path in paths}


def set_names(models: Mapping[Path, str]) -> dict[Path, str]:
    """Name each set after its model; those that share one, after enough of their folders to tell them apart.

    Args:
        models: The model's name by the set's folder.
    """
    shared = list(models.values())
    for depth in range(1, max(len(folder.parts) for folder in models)):
        names = {
            folder: PurePath(*folder.parts[-depth:]).as_posix() if shared.count(model) > 1 else model
            for folder, model in models.items()
        }
        if len(set(names.values())) == len(names):
            return names
    return {folder: folder.as_posix() for folder in models}


def payloads(files: Sequence[Subject], *, evaluation: bool) -> list[Payload]:
    """Return what has to be on the device: models, inputs and, for the accuracy pass, evaluation images."""
    needed = [file.payload for file in files]
    needed += [given.payload for file in files for given in file.inputs if given.payload]
    for images in (file.images for file in files if evaluation):
        if images:
            needed.append(Payload(images.path, images.sha256, images.path.stat().st_size))
    return needed


def read_evaluation(images: Images) -> Evaluation:
    """Read what the predictions on evaluation images are judged against; the images are not read.

    Raises:
        DataError: The evaluation file is damaged.
    """
    import numpy as np

    try:
        with np.load(images.path, allow_pickle=False) as arrays:
            labels = tuple(arrays["labels"].tolist())
            keras = tuple(arrays["keras"].tolist()) if "keras" in arrays.files else ()
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"{images.path} cannot be read: {error}.", "Run `edgekit convert` again.") from error
    return Evaluation(images.sha256, labels, keras, images.head, images.classes)
