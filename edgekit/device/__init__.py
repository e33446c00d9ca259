"""Devices: what a profile says about them, and the transports that reach them."""

from edgekit.device.noise import read_noise, write_noise
from edgekit.device.opening import open_transport
from edgekit.device.profile import TRANSPORTS, Profile, TransportKind
from edgekit.device.profiles import add_profile, find_profile, list_profiles, reached_at, reached_by
from edgekit.device.transport import Completed, Payload, Pushed, Transport

__all__ = [
    "TRANSPORTS",
    "Completed",
    "Payload",
    "Profile",
    "Pushed",
    "Transport",
    "TransportKind",
    "add_profile",
    "find_profile",
    "list_profiles",
    "open_transport",
    "reached_at",
    "reached_by",
    "read_noise",
    "write_noise",
]
