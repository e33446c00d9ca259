"""Tables for the terminal, drawn with rich from finished values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from edgekit.cli.grid import NONE, grid, show
from edgekit.units import megabytes, millions, percent, points, seconds

if TYPE_CHECKING:
    from edgekit.artefact import ArtefactFile, ArtefactSet, Format
    from edgekit.device import Profile
    from edgekit.results import Device, Environment
    from edgekit.runtime import Bundle
    from edgekit.train import TrainOutcome


def show_training(outcome: TrainOutcome) -> None:
    """Show what a training came to."""
    from rich.text import Text

    card = outcome.card
    verb = "Trained" if outcome.trained else "Already trained, with the same settings:"
    lines = [
        f"{verb} {card.name}: top-1 {percent(card.accuracy)} % of {card.evaluated:,} evaluation pictures"
        + (f", in {seconds(card.training_seconds)}." if outcome.trained else "."),
        f"Checkpoint  {outcome.checkpoint}",
        f"Card        {outcome.card_path}",
    ]
    lines += [f"Curves      {path}" for path in outcome.curves]
    show(*map(Text, lines))


def show_set(artefacts: ArtefactSet) -> None:
    """Show an artefact set: a row a file."""
    from rich.text import Text

    manifest = artefacts.manifest
    model, evaluation = manifest.model, manifest.dataset.evaluation
    base = {file.format: file.bytes for file in manifest.files if file.precision == "float32"}
    table = grid(
        f"{model.name}: {model.parameters:,} parameters, {millions(model.multiply_adds)} M multiply-adds",
        ("File", "Size\nMB", "of float32\n%", "Top-1\n%", "Drop\npp", "95 % interval\npp", "Agreement\n%"),
        [_file_row(file, base) for file in manifest.files],
    )
    show(
        table,
        Text(
            f"Keras: top-1 {percent(manifest.keras_accuracy)} % of {evaluation.n:,} evaluation pictures "
            f"({manifest.dataset.name}). Drop: Keras minus this file, on the same pictures."
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


def show_profiles(profiles: Sequence[Profile]) -> None:
    """Show the devices there are."""
    rows = [(profile.name, profile.transport, profile.description) for profile in profiles]
    show(grid("Devices", ("Name", "Reached by", "Description"), rows, words=(0, 1, 2)))


def show_device(device: Device, environment: Environment) -> None:
    """Show a device's fingerprint and state, a line for each thing that could be read."""
    from msgspec.structs import asdict

    rows = [
        (
            name.removesuffix("_bytes").replace("_", " "),
            _gigabytes(value) if name.endswith("_bytes") else _plain(value),
        )
        for record in (device, environment)
        for name, value in asdict(record).items()
        if value not in (None, (), {}, "")
    ]
    show(grid(device.profile, ("", ""), rows, words=(0, 1)))


def show_runtimes(bundles: Sequence[Bundle]) -> None:
    """Show the runtimes that can be had, and the bundles that are at hand."""
    from edgekit.runtime import KINDS
    from edgekit.runtime.catalogue import pythons

    kinds = [(kind.name, kind.format, pythons(kind), kind.package) for kind in KINDS.values()]
    rows = [
        (str(bundle), bundle.record.target.python, megabytes(bundle.record.bytes), str(bundle.folder))
        for bundle in bundles
    ]
    show(grid("Runtimes", ("Name", "Executes", "Python", "Package"), kinds, words=(0, 1, 2, 3)))
    if rows:
        show(grid("Bundles in the cache", ("Runtime", "Python", "MB", "Folder"), rows, words=(0, 1, 3)))


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:.1f} GB"


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {item}" for key, item in value.items())
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
