"""Devices in the terminal: a profile, a fingerprint, and what to mend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgekit.cli.grid import grid, show

if TYPE_CHECKING:
    from edgekit.advice import Advice
    from edgekit.device import Profile
    from edgekit.visit import Fingerprint


def show_profile(profile: Profile) -> None:
    """Show what a profile says, a line for each thing that is not left to edgekit."""
    from msgspec.structs import asdict

    fields = {name: value for name, value in asdict(profile).items() if value not in ("", (), None, False)}
    rows = [(name.replace("_", " "), str(value)) for name, value in fields.items() if name != "name"]
    show(grid(profile.name, ("", ""), rows, words=(0, 1)))


def show_fingerprint(found: Fingerprint) -> None:
    """Show what a device is, how it is doing, and what can run there."""
    from edgekit.cli.show import show_device

    show_device(found.device, found.environment)
    rows = [(name, reason or "can be provided") for name, reason in found.runtimes.items()]
    show(grid("Runtimes", ("Name", ""), rows, words=(0, 1)))


def show_advice(name: str, advice: Sequence[Advice]) -> None:
    """Show what to mend, or that there is nothing."""
    from rich.text import Text

    if not advice:
        show(Text(f"{name} is ready: nothing stands in the way of a sound measurement."))
    for item in advice:
        show(Text.assemble(("• ", "yellow"), item.problem), Text(f"  {item.remedy}", style="bold"))
