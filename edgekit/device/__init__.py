"""Devices: what a profile says about them, and the transports that reach them."""

from edgekit.device.profile import Profile, add_profile, find_profile, list_profiles, reached_at
from edgekit.device.transport import Completed, Payload, Pushed, Transport, open_transport

__all__ = [
    "Completed",
    "Payload",
    "Profile",
    "Pushed",
    "Transport",
    "add_profile",
    "find_profile",
    "list_profiles",
    "open_transport",
    "reached_at",
]
