"""Which runtimes a device can have, and what to do about those it cannot."""

from __future__ import annotations

from edgekit.errors import RuntimeMissingError
from edgekit.runtime.catalogue import (
    KINDS,
    Kind,
    RuntimeSpec,
    default_version,
    has_python,
    needs_numpy_1,
    number,
    pythons,
    runs_on,
)
from edgekit.runtime.portable import PYTHONS, has_portable
from edgekit.runtime.target import ARMV7, PythonTarget


def available(target: PythonTarget) -> dict[str, str]:
    """Return for each runtime why a device cannot have it; empty: it can."""
    reasons = {}
    for name, kind in KINDS.items():
        refused = refusal(RuntimeSpec(kind), target)
        reasons[name] = str(refused) if refused else ""
    return reasons


def refusal(spec: RuntimeSpec, target: PythonTarget) -> RuntimeMissingError | None:
    """Return why a runtime cannot be provided, as far as that is known without fetching it."""
    what, fix = _obstacle(spec, target)
    return RuntimeMissingError(what, fix or instead(spec, target)) if what else None


def instead(spec: RuntimeSpec, target: PythonTarget) -> str:
    """Return what to do where a runtime cannot be provided."""
    version = default_version(spec.kind, target)
    if spec.version not in ("", version) and version and not _obstacle(RuntimeSpec(spec.kind), target)[0]:
        return f"{spec.kind.name}=={version} is known to work here: leave the version out to get it."
    others = [kind for kind in KINDS.values() if kind is not spec.kind]
    names = [kind.name for kind in others if not _obstacle(RuntimeSpec(kind), target)[0]]
    if target.executable:
        if spec.kind.name == "tflite-runtime" and "litert" in names:
            return "Use litert instead, its maintained successor with the same interpreter."
        return "Run edgekit with another Python, or name another runtime."
    ways = [f"use {' or '.join(names)}"] if names else []
    if has_portable(target.kernel) and _runs_portably(spec.kind):
        ways.append(
            f'write python = "portable" in the device\'s profile: edgekit then brings Python {PYTHONS[0]}'
        )
    elif target.machine == ARMV7:
        ways.append("install a 64-bit system on the device, if its CPU can run one")
    text = ", or ".join(ways) or "use another device"
    return f"{text[0].upper()}{text[1:]}."


def _obstacle(spec: RuntimeSpec, target: PythonTarget) -> tuple[str, str]:
    """Return the first thing in the way and what fixes it (empty: `instead` does); or two empty ones."""
    kind = spec.kind
    if not target.executable and not target.platform:
        return f"There is no {kind.name} for {_why_none(target)}.", ""
    if not target.executable and target.machine not in kind.machines:
        return f"{kind.name} has no wheels for 32-bit Arm systems.", ""
    if not has_python(kind, target.python):
        return f"{spec} has no wheels for {target}; it exists for Python {pythons(kind)}.", ""
    version = spec.version or default_version(kind, target)
    if version is None or not runs_on(kind, version, target):
        least = kind.glibc[version] if version else min(kind.glibc.values(), key=number)
        return f"{spec} needs the C library glibc {least} or newer; the device has {target.glibc}.", ""
    return _numpy_obstacle(spec, version, target)


def _numpy_obstacle(spec: RuntimeSpec, version: str, target: PythonTarget) -> tuple[str, str]:
    if not target.own_numpy:
        return "", ""
    if not target.numpy:
        return (
            f"{spec} needs numpy, and the device's Python {target.python} has none.",
            "On the device: sudo apt install python3-numpy",
        )
    if needs_numpy_1(spec.kind, version) and number(target.numpy_version) >= (2,):
        return (
            f"{spec} does not work with numpy 2; the device has numpy {target.numpy_version}.",
            "On the device: sudo apt install python3-numpy, or python3 -m pip install 'numpy<2'",
        )
    return "", ""


def _why_none(target: PythonTarget) -> str:
    if not target.tag.startswith("cpython-3") or not target.tag[8:].split("-")[0].isdigit():
        return f"the interpreter {target.tag}: only standard CPython has wheels"
    if not target.glibc:
        return f"{target}: its C library is not glibc"
    return f"{target.machine or 'an unknown machine'}"


def _runs_portably(kind: Kind) -> bool:
    return not kind.newest_python or number(kind.newest_python) >= number(PYTHONS[0])
