"""What has to be on the device before anything can be measured."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from edgekit.device import Payload, Pushed, Transport
from edgekit.errors import RuntimeMissingError
from edgekit.measurement.artefacts import Subject
from edgekit.measurement.guest import guest_payload
from edgekit.measurement.interpreter import Interpreter
from edgekit.progress import Progress
from edgekit.results import Transfer
from edgekit.runtime import Bundle, RuntimeSpec, Target, ensure_bundle


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
    device: Transport,
    python: Interpreter,
    files: Sequence[Subject],
    bundles: Sequence[Bundle],
    progress: Progress,
    *,
    evaluation: bool,
) -> Pushed:
    """Bring Python, models, runtimes and (for the accuracy pass) evaluation pictures to the device.

    Returns:
        Where they lie, and what all of it cost, the look at the device's own Python included.
    """
    payloads = list(python.payloads)
    payloads += [Payload(file.path, file.file.sha256, file.file.bytes) for file in files]
    payloads += [Payload(b.folder, b.record.seal, b.record.bytes) for b in bundles]
    if evaluation:
        for file in files:
            digest = file.artefacts.manifest.evaluation_sha256
            payloads.append(Payload(file.evaluation, digest, file.evaluation.stat().st_size))
    payloads = list(dict.fromkeys(payloads))
    start = time.monotonic()
    pushed = device.push(payloads, progress)
    before, now, seconds = python.transfer, pushed.transfer, time.monotonic() - start
    again = sum(payload.sha256 == guest_payload().sha256 for payload in payloads) if python.own else 0
    total = Transfer(
        bytes=before.bytes + now.bytes,
        seconds=before.seconds + seconds,
        files=before.files + now.files,
        reused_files=before.reused_files + now.reused_files - again,  # the guest, which was pushed first
    )
    return replace(pushed, transfer=total)


def _bundle(spec: RuntimeSpec, target: Target, progress: Progress) -> Bundle | RuntimeMissingError:
    try:
        return ensure_bundle(spec, target, progress)
    except RuntimeMissingError as error:
        return error
