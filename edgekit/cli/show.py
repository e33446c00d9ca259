"""Tables for the terminal, drawn with rich from finished values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from edgekit.cli.grid import NONE, grid, show
from edgekit.units import megabytes, millions, percent, points, seconds

if TYPE_CHECKING:
    from edgekit.artefact import ArtefactFile, ArtefactSet, Format
    from edgekit.device import Profile
    from edgekit.results import Device, Environment
    from edgekit.runtime import Bundle
    from edgekit.training import TrainOutcome

_ROOMY = 120  # columns from which on a terminal has room for all that is known of devices


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
    """Show the devices there are: how each is reached, the core it should have, and whose profile it is."""
    from edgekit.cli.console import stdout_console

    cells: dict[str, Callable[[Profile], str]] = {
        "Name": lambda each: each.name,
        "Reached by": _reached,
        "Core": lambda each: each.core or NONE,
        "From": lambda each: _origin(each.name),
        "Description": lambda each: each.description,
    }
    left_out = () if stdout_console().width >= _ROOMY else ("Core", "From")
    shown = {heading: cell for heading, cell in cells.items() if heading not in left_out}
    rows = [[cell(profile) for cell in shown.values()] for profile in profiles]
    show(grid("Devices", tuple(shown), rows, words=range(len(shown))))


def _reached(profile: Profile) -> str:
    """Say what reaches a device, and where."""
    if profile.place:
        return f"{profile.transport} {profile.place}" + (f":{profile.port}" if profile.port else "")
    return f"{profile.transport}, no address yet" if profile.kind.needs_place else profile.transport


def _origin(name: str) -> str:
    """Say whose profile wins: the project's, the user's, or the one that ships."""
    from pathlib import Path

    from edgekit.lookup import devices_folders, user_devices_folder

    folder = next((each for each in devices_folders() if (each / f"{name}.toml").is_file()), None)
    if folder == user_devices_folder():
        return "you"
    return "this project" if folder == Path.cwd() / "devices" else "edgekit"


def show_device(device: Device, environment: Environment) -> None:
    """Show a device's fingerprint and state, a line for each thing that could be read."""
    from edgekit.reporting.environment import device_facts, state_facts

    facts = device_facts(device) | state_facts(environment, timed=device.timed)
    show(grid(device.profile, ("", ""), list(facts.items()), words=(0, 1)))


def show_runtimes(bundles: Sequence[Bundle]) -> None:
    """Show the runtimes that can be had, and the bundles that are at hand."""
    from edgekit.runtime import KINDS
    from edgekit.runtime.catalogue import pythons

    kinds = [(kind.name, kind.format, pythons(kind), kind.package) for kind in KINDS.values()]
    rows = [
        (
            str(bundle),
            bundle.record.target.python,
            bundle.record.target.tag.split("-", 2)[-1],
            megabytes(bundle.record.bytes),
            str(bundle.folder),
        )
        for bundle in bundles
    ]
    show(grid("Runtimes", ("Name", "Executes", "Python", "Package"), kinds, words=(0, 1, 2, 3)))
    if rows:
        show(
            grid(
                "Bundles in the cache",
                ("Runtime", "Python", "Platform", "MB", "Folder"),
                rows,
                words=(0, 1, 2, 4),
            )
        )
