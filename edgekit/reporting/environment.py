"""The device and its state, as pairs of a name and a text. What could not be read has no pair."""

from __future__ import annotations

from edgekit import units
from edgekit.reporting.columns import moment
from edgekit.reporting.kinds import counted_on
from edgekit.reporting.method import transfer_words
from edgekit.results import Device, Environment, Result

Facts = dict[str, str]
# what an emulated board says of these rests on a clock that counts instructions
_CLOCKED = {"Time", "Load, 1 min", "CPUs busy with other work", "Frequency, MHz"}


def device_facts(device: Device) -> Facts:
    """Say what was measured on, or is to be."""
    found = {
        "Profile": device.profile + (", emulated" if device.emulated else ""),
        "Board": device.board,
        "System on chip": device.soc,
        "CPU": device.cpu,
        "Cores": ", ".join(f"{count} × {name}" for name, count in device.cores),
        "Usable CPUs": str(device.cpus) if device.cpus else None,
        "Architecture": device.machine + (f", {device.bits}-bit Python" if device.bits else ""),
        "CPU features": ", ".join(device.features),
        "Memory": _sized(device.memory_bytes),
        "Free space": _sized(device.free_bytes),
        "System": " · ".join(part for part in (device.distribution, device.system) if part),
        "Python": device.python,
        "C library": device.libc,
        "Reached by": device.transport,
    }
    return {name: text for name, text in found.items() if text}


def state_facts(state: Environment, *, timed: bool = True) -> Facts:
    """Say in what state the device was.

    Args:
        state: As it was read.
        timed: False: an emulated board; what its clock says is left out, since it is not a time.
    """
    found = {
        "Time": moment(state.time),
        "Load, 1 min": None if state.load_1min is None else f"{state.load_1min:.2f}",
        "CPUs busy with other work": None if state.other_cpus is None else f"{state.other_cpus:.2f}",
        "Frequency, MHz": _frequencies(state.frequency_khz),
        "Governor": state.governor,
        "Temperature, °C": ", ".join(
            f"{name} {value:.1f}" for name, value in state.temperature_celsius.items()
        ),
        "Throttled, firmware bits": None if state.throttled is None else f"{state.throttled:#x}",
        "Memory available, GB": _gigabytes(state.memory_available_bytes),
        "Power": state.power,
    }
    return {name: text for name, text in found.items() if text and (timed or name not in _CLOCKED)}


def state_line(result: Result) -> str:
    """Say in one line how a device was kept while it measured, and what was copied there; may be empty."""
    before, after = result.before, result.after
    if not result.device.timed:
        said = [f"counted on {counted_on(result)}; not a time"]
    else:
        said = [
            f"governor {_change(before.governor, after.governor)}" if before.governor else "",
            *_clocks(before, after),
            *_temperatures(before, after),
            *_throttling(before, after),
        ]
    return "; ".join(part for part in (*said, transfer_words(result)) if part)


def _change(before: str, after: str | None) -> str:
    return before if after in (before, None) else f"{before} → {after}"


def _clocks(before: Environment, after: Environment) -> list[str]:
    first, last = _frequencies(before.frequency_khz), _frequencies(after.frequency_khz)
    return [f"CPUs at {_change(first, last)} MHz"] if first else []


def _temperatures(before: Environment, after: Environment) -> list[str]:
    """Say how warm the hottest sensor was, before and after."""
    first, last = (max(state.temperature_celsius.values(), default=None) for state in (before, after))
    if first is None:
        return []
    return [f"hottest sensor {first:.1f} °C" + ("" if last is None else f" → {last:.1f} °C")]


def _throttling(before: Environment, after: Environment) -> list[str]:
    if before.throttled is None:
        return []
    last = None if after.throttled is None else f"{after.throttled:#x}"
    return [f"throttle bits {_change(f'{before.throttled:#x}', last)}"]


def _frequencies(by_cpu: tuple[int, ...]) -> str | None:
    if not by_cpu:
        return None
    low, high = min(by_cpu) / 1e3, max(by_cpu) / 1e3
    return f"{low:.0f}" if low == high else f"{low:.0f} to {high:.0f}"


def _sized(size: int | None) -> str | None:
    text = _gigabytes(size)
    return f"{text} GB" if text else None


def _gigabytes(size: int | None) -> str | None:
    return None if size is None else units.significant(size / 1e9)
