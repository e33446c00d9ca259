"""What a device needs to execute an artefact: runtimes, as bundles of wheels for its Python."""

from edgekit.runtime.bundle import Bundle, ensure_bundle, list_bundles, remove_bundles
from edgekit.runtime.catalogue import KINDS, Kind, RuntimeSpec, parse_runtime
from edgekit.runtime.target import Target

__all__ = [
    "KINDS",
    "Bundle",
    "Kind",
    "RuntimeSpec",
    "Target",
    "ensure_bundle",
    "list_bundles",
    "parse_runtime",
    "remove_bundles",
]
