"""What a session's figures are: times of a device, times of an emulator, or counts without any time."""

from __future__ import annotations

from edgekit.results import Result

NOT_A_TIME = "not a time"


def counted_on(result: Result) -> str:
    """Say on what an emulated board's instructions were counted: `an emulated Cortex-A72`."""
    seen = sorted({each.instructions.source for each in result.measurements if each.instructions})
    return " or ".join(map(cpu_words, seen)) or "an emulated CPU"


def cpu_words(source: str) -> str:
    """Say where counts come from: `qemu cortex-a72` is `an emulated Cortex-A72`; others are as they are."""
    kind, _, model = source.partition(" ")
    return f"an emulated {model.title()}" if kind == "qemu" and model else source
