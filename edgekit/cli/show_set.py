"""Artefact sets in the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from edgekit.cli.tables import NONE, draw_table, show
from edgekit.units import megabytes, millions, percent, points

if TYPE_CHECKING:
    from edgekit.artefact import ArtefactFile, ArtefactSet, Format


def show_set(artefacts: ArtefactSet) -> None:
    """Show an artefact set: a row per file."""
    from rich.text import Text

    manifest = artefacts.manifest
    model, evaluation = manifest.model, manifest.dataset.evaluation
    base = {file.format: file.bytes for file in manifest.files if file.precision == "float32"}
    drawn = draw_table(
        f"{model.name}: {model.parameters:,} parameters, {millions(model.multiply_adds)} M multiply-adds",
        ("File", "Size\nMB", "of float32\n%", "Top-1\n%", "Drop\npp", "95 % interval\npp", "Agreement\n%"),
        [_file_row(file, base) for file in manifest.files],
    )
    show(
        drawn,
        Text(
            f"Keras: top-1 {percent(manifest.keras_accuracy)} % of {evaluation.n:,} evaluation images "
            f"({manifest.dataset.name}). Drop: Keras minus this file, on the same images."
        ),
        Text(f"Set: {artefacts.folder}"),
    )


def _file_row(file: ArtefactFile, float_bytes: Mapping[Format, int]) -> tuple[str, ...]:
    quality = file.quality
    base = float_bytes.get(file.format)
    return (
        file.name,
        megabytes(file.bytes),
        f"{file.bytes / base * 100:.1f}" if base else NONE,
        percent(quality.accuracy),
        points(quality.drop),
        f"{points(quality.drop_low)} … {points(quality.drop_high)}",
        percent(quality.agreement),
    )
