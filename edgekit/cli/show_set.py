"""Artefact sets in the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from edgekit.cli.tables import NONE, draw_table, show
from edgekit.units import megabytes, millions, percent, points

if TYPE_CHECKING:
    from edgekit.artefact import ArtefactFile, ArtefactSet, Format, Manifest


def show_set(artefacts: ArtefactSet, *, warned: bool = False) -> None:
    """Show an artefact set: a row per file.

    Args:
        artefacts: The set.
        warned: Whether what is wrong with its calibration images was said before.
    """
    from rich.text import Text

    manifest = artefacts.manifest
    model, columns = manifest.model, _columns(manifest)
    drawn = draw_table(
        f"{model.name}: {model.parameters:,} parameters, {millions(model.multiply_adds)} M multiply-adds",
        [heading for heading, _ in columns],
        [[cell(file) for _, cell in columns] for file in manifest.files],
    )
    show(drawn, *map(Text, [*_about(manifest, warned=warned), f"Set: {artefacts.folder}"]))


def _columns(manifest: Manifest) -> list[tuple[str, Callable[[ArtefactFile], str]]]:
    """What a file has a column for: accuracy where classes are known, agreement where there are answers."""
    base = {file.format: file.bytes for file in manifest.files if file.precision == "float32"}
    several = [] if manifest.head.kind != "multilabel" else [("Labels\n%", _labels)]
    accuracy = [
        (f"{_SHORT.get(manifest.head.kind, 'Right')}\n%", lambda file: _share(file.quality.accuracy)),
        *several,
        ("Drop\npp", lambda file: NONE if file.quality.drop is None else points(file.quality.drop)),
        ("95 % interval\npp", _interval),
    ]
    errors = [
        (f"{name}\ndB", partial(_decibel, place=place))
        for place, name in enumerate(output.name for output in manifest.files[0].quality.outputs)
    ]
    return [
        ("File", lambda file: file.name),
        ("Size\nMB", lambda file: megabytes(file.bytes)),
        ("of float32\n%", lambda file: _of_float(file, base)),
        *(accuracy if manifest.keras_accuracy is not None else ()),
        *([("Agreement\n%", _agreement)] if manifest.head.kind != "none" else ()),
        *errors,
    ]


def _about(manifest: Manifest, *, warned: bool) -> Iterator[str]:
    """What the columns are about, in sentences."""
    n, name, head = manifest.dataset.evaluation.n, manifest.dataset.name, manifest.head
    reference = manifest.model.reference
    if manifest.keras_accuracy is not None:
        yield (
            f"{reference}: {_LONG.get(head.kind, 'right on')} {percent(manifest.keras_accuracy)} % of {n:,} "
            f"evaluation images ({name}). Drop: {reference} minus this file, on the same images."
        )
    elif head.kind != "none":
        yield (
            f"The classes of the images ({name}) are not known, so accuracy is not. Agreement: "
            f"the same answer as {reference}, of {n:,} evaluation images."
        )
    if run := next((file.quality.run for file in manifest.files if file.quality.run), None):
        yield (
            f"The float32 files were compared with {reference} on {run:,} of these images; on the others "
            "they count as answering alike, since rounding could not change that."
        )
    if manifest.files[0].quality.outputs:
        yield (
            "Several outputs, so there is no accuracy. dB: each output's signal to the error from "
            f"{reference}, over {n:,} evaluation images."
        )
    if manifest.dataset.calibration_fault and not warned:
        yield manifest.dataset.calibration_fault
    yield from (f"Missing: {entry.name}. {entry.reason}" for entry in manifest.missing)
    yield from (fault for file in manifest.files for fault in file.faults)


_SHORT = {"top1": "Top-1", "multilabel": "All labels"}
_LONG = {"top1": "top-1", "multilabel": "every label right on"}


def _share(value: float | None) -> str:
    return NONE if value is None else percent(value)


def _labels(file: ArtefactFile) -> str:
    found = file.quality.label_accuracy
    return percent(sum(found) / len(found)) if found else NONE


def _agreement(file: ArtefactFile) -> str:
    return _share(file.quality.agreement)


def _interval(file: ArtefactFile) -> str:
    low, high = file.quality.drop_low, file.quality.drop_high
    return NONE if low is None or high is None else f"{points(low)} … {points(high)}"


def _decibel(file: ArtefactFile, place: int) -> str:
    found = file.quality.outputs[place].sqnr_db
    return "exact" if found is None else f"{found:.1f}"


def _of_float(file: ArtefactFile, float_bytes: Mapping[Format, int]) -> str:
    base = float_bytes.get(file.format)
    return f"{file.bytes / base * 100:.1f}" if base else NONE
