"""Small artefact sets to measure, out of the models in `models/`."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import numpy as np

from edgekit.artefact import (
    MANIFEST,
    SCHEMA,
    ArtefactFile,
    Dataset,
    Manifest,
    Model,
    Preprocessing,
    Quality,
    Split,
    Tensor,
    read_set,
)
from edgekit.files import sha256_file
from edgekit.schema import write_record

MODELS = Path(__file__).parent / "models"
FILES = ("float32.tflite", "float16.tflite", "int8.tflite", "float32.onnx", "int8.onnx")
CONTRACT = Preprocessing(height=8, width=8)
N = 40  # evaluation images, of which Keras gets 36 right


def describe(folder: Path, name: str) -> ArtefactFile:
    precision, _, kind = name.partition(".")
    dtype = "int8" if name == "int8.tflite" else "float32"
    quality = Quality(N, 0.9, 0.77, 0.96, 0.0, -0.08, 0.08, 1.0)
    return ArtefactFile(
        name=name,
        format=kind,
        precision=precision,
        sha256=sha256_file(folder / name),
        bytes=(folder / name).stat().st_size,
        inputs=(Tensor("input", (1, 8, 8, 3), dtype),),
        outputs=(Tensor("output", (1, 3), dtype),),
        ops={"CONV_2D": 1},
        quality=quality,
    )


def make_set(folder: Path, files: tuple[str, ...] = FILES, name: str = "tiny") -> Path:
    """Write an artefact set of the small models and return its folder."""
    folder.mkdir(parents=True)
    for file in (*files, "evaluation.npz"):
        shutil.copy(MODELS / file, folder / file)
    write_record(folder / MANIFEST, manifest_of(folder, files, name))
    return folder


def manifest_of(folder: Path, files: tuple[str, ...] = FILES, name: str = "tiny") -> Manifest:
    return Manifest(
        schema=SCHEMA,
        created="2026-01-02T03:04:05Z",
        edgekit="0.1.0",
        command="edgekit convert",
        model=Model(name, "tiny", "0" * 64, 1000, 10000),
        dataset=Dataset("noise", Split(50, "1" * 64), Split(N, "2" * 64)),
        preprocessing=CONTRACT,
        preprocessing_sha256=CONTRACT.sha256,
        labels=("a", "b", "c"),
        evaluation_file="evaluation.npz",
        evaluation_sha256=sha256_file(folder / "evaluation.npz"),
        keras_accuracy=0.9,
        files=tuple(describe(folder, file) for file in files),
        tools={},
    )


def edit_manifest(folder: Path, **changes: object) -> None:
    manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    write_record(folder / MANIFEST, msgspec.structs.replace(manifest, **changes))


def fewer_images(artefacts: Path, folder: Path, every: int) -> Path:
    """Copy an artefact set with one of so many of its evaluation images; return its folder.

    What the manifest says of each file's accuracy stays that of all images.
    """
    copy = folder / artefacts.name
    shutil.copytree(artefacts, copy)
    with np.load(artefacts / "evaluation.npz") as whole:
        kept = {name: array[::every] for name, array in whole.items()}
    np.savez_compressed(copy / "evaluation.npz", **kept)
    manifest = read_set(artefacts).manifest
    split = Split(len(kept["labels"]), manifest.dataset.evaluation.sha256)
    edit_manifest(
        copy,
        dataset=msgspec.structs.replace(manifest.dataset, evaluation=split),
        evaluation_sha256=sha256_file(copy / "evaluation.npz"),
    )
    return copy
