"""The device and its state, as pairs of a name and a text. What could not be read has no pair."""

from __future__ import annotations

from edgekit import units
from edgekit.report.columns import moment
from edgekit.results import Device, Environment

Facts = dict[str, str]


def device_facts(device: Device) -> Facts:
    """Say what was measured on."""
    memory = device.memory_bytes
    found = {
        "Profile": device.profile + (", emulated" if device.emulated else ""),
        "Board": device.board,
        "CPU": device.cpu,
        "Usable CPUs": str(device.cpus) if device.cpus else None,
        "Architecture": device.machine,
        "CPU features": ", ".join(device.features),
        "Memory": f"{units.significant(memory / 1e9)} GB" if memory else None,
        "System": " · ".join(part for part in (device.distribution, device.system) if part),
        "Python": device.python,
        "C library": device.libc,
        "Reached by": device.transport,
    }
    return {name: text for name, text in found.items() if text}


def state_facts(state: Environment) -> Facts:
    """Say in what state the device was."""
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
    return {name: text for name, text in found.items() if text}


def _frequencies(by_cpu: tuple[int, ...]) -> str | None:
    if not by_cpu:
        return None
    low, high = min(by_cpu) / 1e3, max(by_cpu) / 1e3
    return f"{low:.0f}" if low == high else f"{low:.0f} to {high:.0f}"


def _gigabytes(size: int | None) -> str | None:
    return None if size is None else units.significant(size / 1e9)
