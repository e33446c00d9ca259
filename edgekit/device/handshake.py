"""What a shell device says when it is reached: what it is, who else has it, what it does not permit."""

from __future__ import annotations

import getpass
import os
import re
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from edgekit.device.holder import Holder
from edgekit.device.profile import OLDEST_PYTHON, PORTABLE, Profile
from edgekit.errors import DeviceError
from edgekit.progress import Progress
from edgekit.units import seconds
from edgekit.words import last_line

WAIT = 600.0  # seconds to wait for another edgekit

# what a holder says it could not do, and the words for it
_NOTES = {
    "ungoverned": "{name} has no CPU frequency governor; none was set.",
    "kept": "{name} does not permit the governor {governor}; it stays {rest}.",
    "unfixed": "{name} has no fixed-performance mode; its clocks may vary.",
}


@dataclass(frozen=True)
class HeldDevice:
    """A device that is held."""

    machine: str  # uname -m
    boot: str  # another after each restart
    home: str
    folder: str  # edgekit's own
    python: str  # "3.11", of the interpreter that was asked for; empty: it is not there


class Handshake:
    """Listens to a holder until it has the device.

    Args:
        profile: The device's.
        folder: edgekit's own folder there, as it was asked for.
        explain: Makes an error of what the program that reaches the device wrote to standard error.
        progress: Receives who else has the device, and what the device does not permit.
    """

    def __init__(
        self,
        profile: Profile,
        folder: str,
        explain: Callable[[str], DeviceError],
        progress: Progress,
    ) -> None:
        self._profile, self._name, self._folder = profile, profile.name, folder
        self._explain, self._progress = explain, progress
        self._facts: dict[str, str] = {}
        self._waiting_since: float | None = None

    def wait(self, holder: Holder, patience: float) -> HeldDevice:
        """Return what is known about the device once it is held.

        Raises:
            TimeoutError: Nothing was heard for `patience` seconds.
            DeviceError: It cannot be reached or held, or somebody else holds it for too long.
        """
        for line in holder.lines(patience):
            word, _, rest = line.strip().partition(" ")
            if word == "ok":
                return self._held()
            elif word == "busy":
                self._wait(rest)
            elif word in _NOTES:
                self._progress.note(
                    _NOTES[word].format(name=self._name, rest=rest, governor=self._profile.governor)
                )
            else:
                self._facts[word] = rest
        holder.finish()
        raise self._refusal(holder.complaint())

    def _held(self) -> HeldDevice:
        facts = self._facts
        home = facts.get("home", "")
        folder = resolved(self._folder, home)
        return HeldDevice(
            facts.get("machine", ""), facts.get("boot", ""), home, folder, facts.get("python", "")
        )

    def _refusal(self, said: str) -> DeviceError:
        folder = resolved(self._folder, self._facts.get("home", ""))
        if "foreign" in self._facts:
            return DeviceError(
                f"{folder} on {self._name} is not edgekit's own folder: something else is in it.",
                "Name another with `folder` in its profile.",
            )
        if "lockless" in self._facts:
            return DeviceError(
                f"{self._name} has no `flock`, which edgekit needs to lock the device.",
                "Install it there: Debian has it in util-linux, and busybox can be built with it.",
            )
        if "unmade" in self._facts:
            hint = "Name another with `folder` in its profile."
            if "No space" in said:
                hint = "Free some space there; all that edgekit keeps on it is in this folder."
            return DeviceError(f"{folder} on {self._name} cannot be used: {last_line(said)}", hint)
        return self._explain(said)

    def _wait(self, rest: str) -> None:
        """Report that somebody else has the device; give up in the end."""
        now, since, pid, name = (rest.split(" ", 3) + [""] * 3)[:4]
        if self._waiting_since is None:
            self._waiting_since = time.monotonic()
        used = f" for {seconds(int(now) - int(since))}" if since.isdigit() else ""
        if time.monotonic() - self._waiting_since > WAIT:
            raise DeviceError(
                f"{self._name} is in use by {name}{used}; waited {seconds(WAIT)} for it.",
                f"If that edgekit is no longer running, kill its process on the device: kill {pid}",
            )
        self._progress.step(f"{self._name} is in use by {name}; waiting ·{used}")


def interpreter(held: HeldDevice, profile: Profile, default: str, progress: Progress) -> str:
    """Return the interpreter to use on a device; empty: edgekit has to bring one.

    Raises:
        DeviceError: The one that the profile names is not there or too old.
    """
    named = "" if profile.python == PORTABLE else profile.python
    wanted = named or default
    if not wanted or profile.python == PORTABLE:
        return ""
    version = re.fullmatch(r"(\d+)\.(\d+)", held.python)  # the program may have printed something else
    old = version is not None and tuple(map(int, version.groups())) < OLDEST_PYTHON
    if version and not old:
        return resolved(wanted, held.home) if wanted.startswith("~/") else wanted
    needed = f"{'.'.join(map(str, OLDEST_PYTHON))} or newer is needed"
    if named:
        what = f"is Python {held.python}; {needed}" if old else "cannot be started"
        raise DeviceError(
            f"{named} on {profile.name} {what}.",
            f'Correct `python` in its profile, or set it to "{PORTABLE}".',
        )
    if old:
        progress.note(f"{profile.name}'s Python {held.python} is not used: {needed}.")
    return ""


def resolved(path: str, home: str) -> str:
    """Return a path on the device as the scripts there resolve it."""
    if path == "~":
        return home
    if path.startswith("~/"):
        return f"{home}/{path[2:]}"
    return path if path.startswith("/") else f"{home}/{path}"


def who() -> str:
    """Return who holds the device, as others who wait for it are shown."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # no such user in the password database
        user = str(os.getuid())
    return re.sub(r"[^\w@.()-]+", " ", f"{user}@{socket.gethostname()} (process {os.getpid()})")
