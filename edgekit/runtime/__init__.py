"""What a device needs to execute an artefact: runtimes, as bundles of wheels for its Python."""

from edgekit.runtime.bundle import ensure_bundle
from edgekit.runtime.catalogue import KINDS, Kind, RuntimeSpec, parse_runtime
from edgekit.runtime.operators import explained
from edgekit.runtime.portable import Portable, ensure_portable
from edgekit.runtime.store import Bundle, list_bundles, remove_bundles
from edgekit.runtime.support import available
from edgekit.runtime.target import PythonTarget, device_target

__all__ = [
    "KINDS",
    "Bundle",
    "Kind",
    "Portable",
    "PythonTarget",
    "RuntimeSpec",
    "available",
    "device_target",
    "ensure_bundle",
    "ensure_portable",
    "explained",
    "list_bundles",
    "parse_runtime",
    "remove_bundles",
]
