"""The transports there are. Each is loaded when a device of it is opened, not before."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from edgekit.device.profile import TRANSPORTS, Profile, TransportKind
from edgekit.device.transport import Transport
from edgekit.errors import UsageError


def open_transport(profile: Profile) -> Transport:
    """Return the transport that a profile names, not yet connected.

    Raises:
        UsageError: There is no such transport, or the profile does not say where the device is.
    """
    kind = profile.kind
    if kind.needs_place and not profile.address:
        raise UsageError(
            f"{profile.name} has no address.",
            f"Say where it is: edgekit devices add {shlex.quote(profile.name)} {kind.adding()}",
        )
    return kind.open(profile)


def _local(profile: Profile) -> Transport:
    from edgekit.device.local import LocalTransport

    return LocalTransport(profile.python)


def _ssh(profile: Profile) -> Transport:
    from edgekit.device.ssh import SshTransport

    return SshTransport(profile)


def _ssh_login(profile: Profile) -> Sequence[str]:
    user = ["-l", profile.user] if profile.user else []
    port = ["-p", str(profile.port)] if profile.port else []
    return ["ssh", *user, *port, profile.address]


def _adb(profile: Profile) -> Transport:
    from edgekit.device.adb import AdbTransport

    return AdbTransport(profile)


def _emulator(profile: Profile) -> Transport:
    from edgekit.device.emulator import EmulatorTransport

    return EmulatorTransport(profile)


TRANSPORTS.add(TransportKind("local", _local, here=True))
TRANSPORTS.add(TransportKind("ssh", _ssh, "USER@HOST", needs_place=True, option="--ssh", login=_ssh_login))
TRANSPORTS.add(TransportKind("adb", _adb, "SERIAL", option="--adb", brings_python=True, arm=True))
TRANSPORTS.add(TransportKind("emulator", _emulator, brings_python=True, arm=True, timed=False))
