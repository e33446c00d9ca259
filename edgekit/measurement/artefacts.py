"""The files to measure, out of the artefact sets that were named."""

from __future__ import annotations

import shlex
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from edgekit.artefact import MANIFEST, ArtefactFile, ArtefactSet, check_files, read_set
from edgekit.device import Payload
from edgekit.errors import DataError, UsageError
from edgekit.inspection import is_model_file
from edgekit.results import Artefact, Evaluation, Reference

_KERAS = (".keras", ".h5", ".hdf5")


@dataclass(frozen=True)
class Subject:
    """One file to measure and the set it belongs to."""

    artefacts: ArtefactSet
    file: ArtefactFile
    set: str  # the set's name, which no other set of the session has

    @property
    def path(self) -> Path:
        """Where the file is on this computer."""
        return self.artefacts.path(self.file)

    @property
    def evaluation(self) -> Path:
        """Where the set's evaluation images are on this computer."""
        return self.artefacts.folder / self.artefacts.manifest.evaluation_file

    def record(self) -> Artefact:
        """What a result says about the file."""
        file = self.file
        return Artefact(self.set, file.name, file.sha256, file.bytes, file.format, file.precision)

    def reference(self) -> Reference:
        """What the computer that converted the file said about it."""
        manifest, file = self.artefacts.manifest, self.file
        return Reference(file.sha256, file.quality.accuracy, manifest.keras_accuracy, file.target)


def subjects(paths: Sequence[Path]) -> tuple[Subject, ...]:
    """Return every file named, directly or through its set, once and in order.

    Raises:
        RecordError: A folder is not an artefact set, or its files are not those that were converted.
        UsageError: A path does not name a file of a set.
    """
    found: dict[tuple[Path, str], Subject] = {}
    for path in paths:
        folder = path if path.is_dir() else path.parent
        if not path.exists():
            raise UsageError(f"{path} does not exist.", "Make an artefact set with `edgekit convert`.")
        if path.is_file():
            _check_in_set(path)
        artefacts = read_set(folder)
        check_files(artefacts)
        chosen = [
            file for file in artefacts.manifest.files if path.is_dir() or path.name in (file.name, MANIFEST)
        ]
        if not chosen:
            names = ", ".join(file.name for file in artefacts.manifest.files)
            raise UsageError(f"{path} is not a model of its artefact set.", f"The set has {names}.")
        for file in chosen:
            subject = Subject(artefacts, file, artefacts.manifest.model.name)
            found.setdefault((folder.resolve(), file.name), subject)
    named = set_names({folder: subject.set for (folder, _), subject in found.items()})
    return tuple(replace(subject, set=named[folder]) for (folder, _), subject in found.items())


def _check_in_set(path: Path) -> None:
    """Raise a UsageError if a file cannot be one of an artefact set."""
    name = shlex.quote(str(path))
    if path.suffix.lower() in _KERAS:
        raise UsageError(f"{path} is a Keras model, not an artefact.", f"edgekit convert {name}")
    if not (path.parent / MANIFEST).is_file():
        what = f"{path} is not in an artefact set: there is no {MANIFEST} next to it."
        hint = "Name a folder that `edgekit convert` wrote, or a file in one."
        if is_model_file(path):
            hint += f" For instructions alone: edgekit explain {name}"
        raise UsageError(what, hint)


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
    """Return what has to be on the device: the models and, for the accuracy pass, the evaluation images."""
    needed = [Payload(file.path, file.file.sha256, file.file.bytes) for file in files]
    for file in files if evaluation else ():
        digest = file.artefacts.manifest.evaluation_sha256
        needed.append(Payload(file.evaluation, digest, file.evaluation.stat().st_size))
    return needed


def read_evaluation(subject: Subject) -> Evaluation:
    """Read what the predictions on a set's images are judged against; the images are not read.

    Raises:
        DataError: The evaluation file is damaged.
    """
    import numpy as np

    try:
        with np.load(subject.evaluation, allow_pickle=False) as arrays:
            labels = tuple(arrays["labels"].tolist())
            keras = tuple(arrays["keras"].tolist()) if "keras" in arrays.files else ()
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{subject.evaluation} cannot be read: {error}.", "Run `edgekit convert` again."
        ) from error
    manifest = subject.artefacts.manifest
    return Evaluation(manifest.evaluation_sha256, labels, keras, manifest.head, len(manifest.labels))
