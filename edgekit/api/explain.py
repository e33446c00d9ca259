"""`edgekit.explain`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgekit.api.given import StrPath, several
from edgekit.progress import SILENT, Progress

if TYPE_CHECKING:
    from edgekit.device import Profile
    from edgekit.explanation import Breakdown


def explain(
    files: StrPath | Iterable[StrPath],
    *,
    device: str | Profile | Iterable[str | Profile] = "rpi4-emulated",
    runtimes: str | Iterable[str] = (),
    seed: int = 0,
    shapes: Mapping[str, Sequence[int]] | None = None,
    progress: Progress = SILENT,
) -> tuple[Breakdown, ...]:
    """Count how many instructions each operator takes; two artefacts, runtimes or devices are compared.

    Args:
        files: A .tflite or .onnx file, or two.
        device: One device or two, each a name or a profile.
        runtimes: NAME or NAME==VERSION, one or two; none: litert, onnxruntime.
        seed: Seed for the input.
        shapes: Shapes of an ONNX file's inputs by name. A size that the file leaves open is otherwise 1.
        progress: Receives every step.

    Returns:
        One breakdown, or two in the order given.

    Raises:
        UsageError: The request does not fit the files or the devices.
        ModelError: A file cannot be read.
        UnavailableError: The device cannot count instructions.
        DeviceError: The device could not count.
    """
    from edgekit.explanation import ExplainRequest
    from edgekit.explanation import explain as run

    request = ExplainRequest(
        files=tuple(map(Path, several(files))),
        devices=several(device),
        runtimes=several(runtimes),
        seed=seed,
        shapes={name: tuple(shape) for name, shape in (shapes or {}).items()},
    )
    return run(request, progress)
