"""The runtimes edgekit knows, and the versions it takes when none is named."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches

from edgekit.artefact import Format
from edgekit.errors import UsageError


@dataclass(frozen=True, eq=False)
class Kind:
    """A runtime: what executes one file format."""

    name: str  # as people type it
    package: str  # the distribution that carries it
    module: str  # what is imported
    format: Format  # what it executes
    versions: dict[str, str]  # lowest Python it is for: version taken by default, newest Python first
    newest_python: str = ""  # empty: no known end


@dataclass(frozen=True)
class RuntimeSpec:
    """A runtime as it was asked for. `version` empty: the default for the device's Python."""

    kind: Kind
    version: str = ""

    def __str__(self) -> str:
        return f"{self.kind.name}=={self.version}" if self.version else self.kind.name


# Versions are pinned so that a result can be repeated: numpy is part of what a bundle weighs in memory.
KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "litert",
            "ai-edge-litert",
            "ai_edge_litert.interpreter",
            "tflite",
            {"3.10": "2.3.0", "3.9": "2.1.0"},
        ),
        Kind(
            "tflite-runtime",
            "tflite-runtime",
            "tflite_runtime.interpreter",
            "tflite",
            {"3.8": "2.14.0"},
            newest_python="3.11",
        ),
        Kind(
            "onnxruntime",
            "onnxruntime",
            "onnxruntime",
            "onnx",
            {"3.11": "1.31.1", "3.10": "1.23.2", "3.8": "1.19.2"},
        ),
    )
}
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
    if name not in KINDS:
        # the package's own name is as good as ours
        by_package = {kind.package: kind.name for kind in KINDS.values()}
        near = get_close_matches(name, [*KINDS, *by_package], n=1)
        if name in by_package:
            return RuntimeSpec(KINDS[by_package[name]], version)
        guess = f" Did you mean {by_package.get(near[0], near[0])!r}?" if near else ""
        raise UsageError(f"There is no runtime {match[1]!r}.{guess}", f"Known runtimes: {', '.join(KINDS)}.")
    return RuntimeSpec(KINDS[name], version)


def default_version(kind: Kind, python: str) -> str | None:
    """The version taken for a Python such as `3.11`; None where the runtime has no wheel for it."""
    if kind.newest_python and _number(python) > _number(kind.newest_python):
        return None
    return _newest_for(kind.versions, python)


def requirements(spec: RuntimeSpec, python: str) -> tuple[str, ...] | None:
    """Exactly what a bundle holds: the runtime and numpy, nothing else is imported to run a model.

    Returns:
        Pinned requirements, or None where the runtime has no wheels for that Python.
    """
    version = spec.version or default_version(spec.kind, python)
    numpy = _newest_for(_NUMPY_1 if _needs_numpy_1(spec.kind, version or "0") else _NUMPY, python)
    if version is None or numpy is None or default_version(spec.kind, python) is None:
        return None
    return (f"{spec.kind.package}=={version}", f"numpy=={numpy}")


def pythons(kind: Kind) -> str:
    """The Pythons a runtime is for, for people: `3.8 to 3.11`, `3.9 and newer`."""
    oldest = min(kind.versions, key=_number)
    return f"{oldest} to {kind.newest_python}" if kind.newest_python else f"{oldest} and newer"


def _needs_numpy_1(kind: Kind, version: str) -> bool:
    """Tell what was compiled before numpy 2 and does not import beside it."""
    return kind.name == "tflite-runtime" or (kind.name == "onnxruntime" and _number(version) < (1, 19))


def _newest_for(by_python: dict[str, str], python: str) -> str | None:
    fitting = [lowest for lowest in by_python if _number(lowest) <= _number(python)]
    return by_python[max(fitting, key=_number)] if fitting else None


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])
