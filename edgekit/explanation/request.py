"""What is to be explained: one artefact, or two to be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from edgekit.device import Profile
from edgekit.errors import UsageError
from edgekit.files import sha256_file
from edgekit.inspection import Inspection, inspect_file, is_model_file
from edgekit.inspection.shapes import check_names, check_shape
from edgekit.runtime import KINDS, RuntimeSpec, parse_runtime
from edgekit.visit import profile_of

T = TypeVar("T")
MOST = 2  # sides that a comparison has


@dataclass(frozen=True, kw_only=True)
class ExplainRequest:
    """Files, devices and runtimes: one or two of each.

    With two of anything, the first file goes with the first device and the first runtime, the second with
    the second.
    """

    files: tuple[Path, ...]
    devices: tuple[str | Profile, ...]  # profiles, or their names
    runtimes: tuple[str, ...] = ()  # NAME or NAME==VERSION; empty: the usual one for each file
    seed: int = 0  # of the input
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # of inputs, by name; ONNX only


@dataclass(frozen=True)
class Case:
    """One file, in one runtime, on one device."""

    path: Path
    sha256: str
    inspection: Inspection
    runtime: RuntimeSpec
    profile: Profile
    shapes: tuple[tuple[int, ...], ...]  # of its inputs; empty: its own

    def __str__(self) -> str:
        return f"{self.path} with {self.runtime} on {self.profile.name}"


def cases(request: ExplainRequest) -> tuple[Case, ...]:
    """Return the one or two cases of a request.

    Raises:
        UsageError: More than two are named, a device is not known, a runtime does not execute its file, or
            a device cannot count.
        ModelError: A file cannot be read.
    """
    for what, named in (
        ("files", request.files),
        ("devices", request.devices),
        ("runtimes", request.runtimes),
    ):
        if len(named) > MOST:
            raise UsageError(f"{len(named)} {what} are named; two can be compared.", "Name one or two.")
    sides = max(len(request.files), len(request.devices), len(request.runtimes))
    profiles = [profile_of(device) for device in request.devices]
    found = {path: _inspect(path) for path in request.files}
    check_names(request.shapes, found.values())
    chosen = [
        _case(path, found[path], profile, text, request.shapes)
        for path, profile, text in zip(
            _repeated(request.files, sides),
            _repeated(profiles, sides),
            _repeated(request.runtimes or ("",), sides),
            strict=True,
        )
    ]
    if len(set(map(_identity, chosen))) < len(chosen):
        raise UsageError(f"{chosen[0]} is named twice.", "Name two different files, runtimes or devices.")
    return tuple(chosen)


def _inspect(path: Path) -> Inspection:
    if path.is_dir():
        names = sorted(file.name for file in path.iterdir() if is_model_file(file))
        raise UsageError(
            f"{path} is a folder; operators are counted one file at a time.",
            f"Name one of its files: {', '.join(names)}." if names else "Name a .tflite or .onnx file.",
        )
    return inspect_file(path)


def _case(
    path: Path, inspection: Inspection, profile: Profile, text: str, shapes: Mapping[str, tuple[int, ...]]
) -> Case:
    fitting = [kind for kind in KINDS.values() if kind.format == inspection.format]
    spec = parse_runtime(text) if text else RuntimeSpec(fitting[0])
    if spec.kind not in fitting:
        raise UsageError(
            f"{spec} executes .{spec.kind.format} files; {path} is a .{inspection.format} file.",
            f"Name {' or '.join(kind.name for kind in fitting)}.",
        )
    if inspection.format == "onnx" and profile.timed:
        raise UsageError(
            f"ONNX Runtime reports its operators' times, not their instructions; the clock of {profile.name} "
            "does not count instructions.",
            "Name an emulated board: --device rpi4-emulated.",
        )
    if inspection.data:
        what = f"{path} keeps its weights in {', '.join(inspection.data)}; one file at a time is counted."
        raise UsageError(what, "Save the model with its data in one file.")
    return Case(path, sha256_file(path), inspection, spec, profile, _shapes(path, inspection, shapes))


def _shapes(
    path: Path, inspection: Inspection, asked: Mapping[str, tuple[int, ...]]
) -> tuple[tuple[int, ...], ...]:
    """Return the shapes of a file's inputs, those asked for checked; sizes that it leaves open are 1."""
    chosen = [tensor for tensor in inspection.inputs if tensor.name in asked]
    for tensor in chosen:
        if inspection.format != "onnx":
            what = f"{path} is a TFLite file: its operators are cut out one by one, in the shapes it has."
            raise UsageError(what, "Leave --shape out, or convert the model with that shape.")
        check_shape(path, inspection, tensor, asked[tensor.name])
    if inspection.format != "onnx":
        return ()
    free = ((tensor.name, tuple(max(size, 1) for size in tensor.shape)) for tensor in inspection.inputs)
    return tuple(asked.get(name, shape) for name, shape in free)


def _repeated(items: Sequence[T], sides: int) -> Sequence[T]:
    return list(items) * (sides if len(items) == 1 else 1)


def _identity(case: Case) -> tuple[object, ...]:
    return case.sha256, case.runtime.kind.name, case.runtime.version, case.profile
