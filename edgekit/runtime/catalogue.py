"""The runtimes edgekit knows, and the versions it takes when none is named."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from edgekit.artefact import Format
from edgekit.errors import UsageError
from edgekit.registry import Registry
from edgekit.runtime.target import PythonTarget


@dataclass(frozen=True, eq=False)
class Kind:
    """A runtime: what executes one file format."""

    name: str  # as people type it
    package: str  # the distribution that carries it
    module: str  # what is imported
    format: Format  # what it executes
    versions: dict[str, str]  # lowest Python it is for: version taken by default, newest Python first
    newest_python: str = ""  # empty: no known end
    machines: tuple[str, ...] = ("aarch64", "x86_64")
    glibc: dict[str, str] = field(default_factory=dict)  # version: the C library it needs on aarch64


@dataclass(frozen=True)
class RuntimeSpec:
    """A runtime as it was asked for. `version` empty: the default for the device's Python."""

    kind: Kind
    version: str = ""

    def __str__(self) -> str:
        return f"{self.kind.name}=={self.version}" if self.version else self.kind.name


# Versions are pinned so that a result can be repeated: numpy is part of what a bundle weighs in memory.
# The C libraries are read from the symbols in the wheels: their names say less or more than is needed.
KINDS: Registry[Kind] = Registry(
    "runtime",
    (
        Kind(
            "litert",
            "ai-edge-litert",
            "ai_edge_litert.interpreter",
            "tflite",
            {"3.10": "2.3.0", "3.9": "2.1.0"},
            glibc={"2.3.0": "2.34", "2.1.0": "2.30"},
        ),
        Kind(
            "tflite-runtime",
            "tflite-runtime",
            "tflite_runtime.interpreter",
            "tflite",
            {"3.8": "2.14.0"},
            newest_python="3.11",
            machines=("aarch64", "armv7l", "x86_64"),
            glibc={"2.14.0": "2.27"},
        ),
        Kind(
            "onnxruntime",
            "onnxruntime",
            "onnxruntime",
            "onnx",
            {"3.11": "1.31.1", "3.10": "1.23.2", "3.8": "1.19.2"},
            glibc={"1.31.1": "2.28", "1.23.2": "2.27", "1.19.2": "2.27"},
        ),
    ),
)
_NUMPY = {"3.11": "2.4.6", "3.10": "2.2.6", "3.9": "2.0.2", "3.8": "1.24.4"}
_NUMPY_1 = {"3.9": "1.26.4", "3.8": "1.24.4"}  # for what was compiled against numpy 1


def parse_runtime(text: str) -> RuntimeSpec:
    """Read `NAME` or `NAME==VERSION`.

    Raises:
        UsageError: The name is unknown (the nearest is given), or the text has another form.
    """
    match = re.fullmatch(r"\s*([A-Za-z][\w.-]*?)\s*(?:==\s*([0-9][\w.+!-]*))?\s*", text)
    example = "Write a name, or a name and a version, such as litert==2.3.0."
    if match is None:
        raise UsageError(f"{text!r} is not a runtime.", example)
    name, version = match[1].lower().replace("_", "-"), match[2] or ""
    by_package = {kind.package: kind for kind in KINDS.values()}  # its name is as good as ours
    return RuntimeSpec(by_package.get(name) or KINDS.named(name), version)


def default_version(kind: Kind, target: PythonTarget) -> str | None:
    """The version taken for a device; None where the runtime has none for it."""
    if not has_python(kind, target.python):
        return None
    fitting = {python: version for python, version in kind.versions.items() if runs_on(kind, version, target)}
    return _newest_for(fitting, target.python)


def has_python(kind: Kind, python: str) -> bool:
    """Return whether some version of a runtime is for a Python such as 3.11."""
    newest = kind.newest_python or python
    return min(map(number, kind.versions)) <= number(python) <= number(newest)


def runs_on(kind: Kind, version: str, target: PythonTarget) -> bool:
    """Return whether a device's C library is new enough for a version, as far as that is known."""
    if target.machine != "aarch64" or not target.glibc:
        return True
    return number(kind.glibc.get(version, "0")) <= number(target.glibc)


def requirements(spec: RuntimeSpec, target: PythonTarget) -> tuple[str, ...] | None:
    """Exactly what a bundle holds: the runtime and numpy, nothing else is imported to run a model.

    Returns:
        Pinned requirements, or None where the runtime has no wheels for that Python. Without numpy where
        the device's own is taken.
    """
    version = spec.version or default_version(spec.kind, target)
    if version is None or not has_python(spec.kind, target.python):
        return None
    runtime = f"{spec.kind.package}=={version}"
    if target.own_numpy:
        return (runtime,)
    numpy = _newest_for(_NUMPY_1 if needs_numpy_1(spec.kind, version) else _NUMPY, target.python)
    return (runtime, f"numpy=={numpy}") if numpy else None


def pythons(kind: Kind) -> str:
    """The Pythons a runtime is for, for people: `3.8 to 3.11`, `3.9 and newer`."""
    oldest = min(kind.versions, key=number)
    return f"{oldest} to {kind.newest_python}" if kind.newest_python else f"{oldest} and newer"


def needs_numpy_1(kind: Kind, version: str) -> bool:
    """Return whether a version was compiled before numpy 2, with which it then cannot be imported."""
    return kind.name == "tflite-runtime" or (kind.name == "onnxruntime" and number(version) < (1, 19))


def _newest_for(by_python: dict[str, str], python: str) -> str | None:
    fitting = [lowest for lowest in by_python if number(lowest) <= number(python)]
    return by_python[max(fitting, key=number)] if fitting else None


def number(version: str) -> tuple[int, ...]:
    """Return a version's first two parts, to be compared: (3, 11) for 3.11.2."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])
