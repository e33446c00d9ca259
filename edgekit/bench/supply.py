"""What has to be on the device before anything can be measured."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from edgekit.bench.answers import Probe
from edgekit.bench.artefacts import Subject
from edgekit.device import Payload, Pushed, Transport
from edgekit.errors import RuntimeMissingError
from edgekit.progress import Progress
from edgekit.runtime import Bundle, RuntimeSpec, Target, ensure_bundle


def target_of(found: Probe) -> Target:
    """The Python that a probe found."""
    return Target(found.python.version, found.python.tag, executable=found.python.executable)


def provide(
    specs: Sequence[RuntimeSpec], target: Target, progress: Progress, *, by_name: bool
) -> tuple[Bundle, ...]:
    """Return the runtimes' bundles, each once: `litert` and `litert==2.3.0` may be the same.

    Args:
        specs: The runtimes.
        target: The device's Python.
        progress: Told about downloads, and about a runtime that is left out.
        by_name: Whether they were asked for; otherwise one may be left out, as long as another executes
            the same files.

    Raises:
        RuntimeMissingError: A runtime that may not be left out cannot be provided.
    """
    tried = {spec: _bundle(spec, target, progress) for spec in specs}
    bundles = {spec: found for spec, found in tried.items() if isinstance(found, Bundle)}
    executed = {spec.kind.format for spec in bundles}
    for spec, found in tried.items():
        if isinstance(found, RuntimeMissingError):
            if by_name or spec.kind.format not in executed:
                raise found
            progress.note(f"Measuring without {spec}: {found.what}")
    return tuple({bundle.record.sha256: bundle for bundle in bundles.values()}.values())


def push(
    device: Transport, files: Sequence[Subject], bundles: Sequence[Bundle], *, evaluation: bool
) -> Pushed:
    """Bring models, runtimes and (for the accuracy pass) evaluation pictures to the device."""
    payloads = [Payload(file.path, file.file.sha256, file.file.bytes) for file in files]
    payloads += [Payload(b.folder, b.record.seal, b.record.bytes) for b in bundles]
    if evaluation:
        for file in files:
            digest = file.artefacts.manifest.evaluation_sha256
            payloads.append(Payload(file.evaluation, digest, file.evaluation.stat().st_size))
    start = time.monotonic()
    pushed = device.push(list(dict.fromkeys(payloads)))
    seconds = time.monotonic() - start
    return replace(pushed, transfer=msgspec.structs.replace(pushed.transfer, seconds=seconds))


def _bundle(spec: RuntimeSpec, target: Target, progress: Progress) -> Bundle | RuntimeMissingError:
    try:
        return ensure_bundle(spec, target, progress)
    except RuntimeMissingError as error:
        return error
