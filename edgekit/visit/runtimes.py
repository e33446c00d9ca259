"""Which runtimes a device is given."""

from __future__ import annotations

from collections.abc import Sequence

from edgekit.errors import RuntimeMissingError
from edgekit.progress import Progress
from edgekit.runtime import Bundle, PythonTarget, RuntimeSpec, ensure_bundle


def provide(
    specs: Sequence[RuntimeSpec], target: PythonTarget, progress: Progress, *, by_name: bool
) -> dict[RuntimeSpec, Bundle]:
    """Return the bundle of each runtime.

    Args:
        specs: The runtimes.
        target: The device's Python.
        progress: Receives downloads, and each runtime that is left out.
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
    return bundles


def _bundle(spec: RuntimeSpec, target: PythonTarget, progress: Progress) -> Bundle | RuntimeMissingError:
    try:
        return ensure_bundle(spec, target, progress)
    except RuntimeMissingError as error:
        return error
