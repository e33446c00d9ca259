"""Devices in the terminal: profiles, fingerprints, and what to fix."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from edgekit.cli.tables import NONE, draw_table, show
from edgekit.words import plural

if TYPE_CHECKING:
    from edgekit.advice import Advice
    from edgekit.device import Profile
    from edgekit.results import Noise
    from edgekit.visit import Fingerprint

_ROOMY = 120  # columns: a terminal of that width has room for all that is known of devices


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
    show(draw_table("Devices", tuple(shown), rows, words=range(len(shown))))


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
    if folder is not None and folder == user_devices_folder():
        return "you"
    return "this project" if folder == Path.cwd() / "devices" else "edgekit"


def show_profile(profile: Profile, noise: Noise | None = None) -> None:
    """Show what a profile says, a line for each thing that is not left to edgekit, and the device's noise."""
    from msgspec.structs import asdict

    from edgekit.schema import now

    fields = {name: value for name, value in asdict(profile).items() if value not in ("", (), None, False)}
    rows = [(name.replace("_", " "), str(value)) for name, value in fields.items() if name != "name"]
    if noise:
        doubt = noise.doubt(noise.system, now())
        each = ", ".join(f"{spread:.1%} on {plural(n, 'thread')}" for n, spread in noise.by_threads.items())
        known = f"{each}; measured {noise.created[:10]} with {noise.system}"
        rows.append(("noise", f"{known}; it {doubt}: edgekit devices noise" if doubt else known))
    show(draw_table(profile.name, ("", ""), rows, words=(0, 1)))


def show_noise(noise: Noise) -> None:
    """Show how far repeats of each model differ."""
    from rich.text import Text

    from edgekit import units

    rows = [
        (each.model, each.runtime, str(each.threads), units.milliseconds(each.p50_ns), f"{each.spread:.1%}")
        for each in noise.measured
    ]
    title = f"{noise.device} · noise · {noise.created[:10]} · {noise.system}"
    show(draw_table(title, ("Model", "Runtime", "Threads", "p50\nms", "Noise"), rows, words=(0, 1)))
    least = [
        f"{max(0.05, 2 * spread):.1%} with {plural(threads, 'thread')}"
        for threads, spread in noise.by_threads.items()
    ]
    show(Text(f"A change counts from {', '.join(least)} (5 %, or twice the noise)."))


def show_fingerprint(found: Fingerprint) -> None:
    """Show what a device is, how it is doing, and what can run there."""
    from edgekit.reporting.environment import device_facts, state_facts

    facts = device_facts(found.device) | state_facts(found.environment, timed=found.device.timed)
    show(draw_table(found.device.profile, ("", ""), list(facts.items()), words=(0, 1)))
    rows = [(name, reason or "can be provided") for name, reason in found.runtimes.items()]
    show(draw_table("Runtimes", ("Name", ""), rows, words=(0, 1)))


def show_advice(name: str, advice: Sequence[Advice]) -> None:
    """Show what to fix, or that there is nothing."""
    from rich.text import Text

    if not advice:
        show(Text(f"{name} is ready for valid measurements."))
    for item in advice:
        show(Text.assemble(("• ", "yellow"), item.problem), Text(f"  {item.remedy}", style="bold"))
