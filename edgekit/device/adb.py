"""The transport over Android's own adb: any phone with USB debugging, no app and no root."""

from __future__ import annotations

import os
import re
import shlex
import time
from dataclasses import dataclass

from edgekit.device.process import execute
from edgekit.device.profile import Profile
from edgekit.device.shell import ShellTransport
from edgekit.device.transport import Completed
from edgekit.errors import DeviceError, TransientDeviceError
from edgekit.words import last_line

PATIENCE = 5.0  # seconds for a phone that is about to be ready, as when adb's server has just started
_ANSWER = 40.0  # seconds for adb, which may have to start its server first

_STATES = (
    "device|offline|unauthorized|authorizing|connecting|recovery|rescue|sideload|bootloader|host|"
    "detached|unknown"
)
# A serial may have spaces, and a long one is one space before the state. What follows a state is a path on
# the bus, words with a colon, or nothing; so a state is not taken from within a serial.
_LINE = re.compile(
    rf"^(\S.*?)\s+(?:(no permissions)\b.*|({_STATES})((?:\s+\d\S*)?(?:\s+\w+:\S*)*))\s*$", re.MULTILINE
)
_SERVICE = re.compile(r"^(\S.*?)\t+(_adb[\w-]*\._tcp)\.?\t+(\S+)\s*$", re.MULTILINE)  # of `adb mdns services`

# a device's state as `adb devices` has it: whether trying again may help, what it means, what to do about it
_EXPLAINED = {
    "unauthorized": (
        False,
        "{phone} has not allowed this computer yet.",
        "Unlock it and accept the dialog “Allow USB debugging?”; if there is none, plug it in again.",
    ),
    "authorizing": (True, "{phone} is still asking whether to allow this computer.", "Try again."),
    "connecting": (True, "{phone} is still connecting.", "Try again."),
    "offline": (
        True,
        "{phone} is offline: it is attached but does not answer.",
        "Unlock it, unplug it and plug it in again; then try: adb reconnect offline",
    ),
    "no permissions": (
        False,
        "This computer's user may not use {phone} over USB.",
        "Install Android's udev rules (sudo apt install android-sdk-platform-tools-common), join the group "
        "plugdev, and plug it in again.",
    ),
    "bootloader": (False, "{phone} is in its bootloader.", "Start Android on it: fastboot reboot"),
    "maintenance": (
        False,
        "{phone} was started for maintenance ({state}), where nothing can be run.",
        "Start Android on it: {adb} reboot",
    ),
}

_SOON = ("offline", "connecting", "authorizing")

# what adb says when a command does not get there, and the state it means
_SAID = (
    ("device unauthorized", "unauthorized"),
    ("still authorizing", "authorizing"),
    ("still connecting", "connecting"),
    ("device offline", "offline"),
    ("no permissions|insufficient permissions", "no permissions"),
)


@dataclass(frozen=True)
class Attached:
    """One line of `adb devices -l`."""

    serial: str
    state: str
    model: str = ""

    def __str__(self) -> str:
        known = ", ".join(filter(None, [self.model, "" if self.state == "device" else self.state]))
        return f"{self.serial} ({known})" if known else self.serial


def attached(listed: str) -> list[Attached]:
    """Read what `adb devices -l` prints."""
    found = []
    for serial, barred, state, rest in _LINE.findall(listed.replace("\r", "")):
        model = re.search(r"\bmodel:(\S+)", rest)
        if not serial.startswith("* "):  # the daemon's own lines
            found.append(Attached(serial, barred or state, model[1].replace("_", " ") if model else ""))
    return found


class AdbTransport(ShellTransport):
    """Commands run as Android's shell user, each in a session of its own."""

    default_folder = "/data/local/tmp/edgekit"
    default_python = ""  # phones have none

    def __init__(self, profile: Profile) -> None:
        super().__init__(profile)
        self._serial = profile.address or os.environ.get("ANDROID_SERIAL", "")

    def _reach(self) -> None:
        limit = time.monotonic() + PATIENCE
        attached = self._attached()
        while self._soon(attached) and time.monotonic() < limit:
            time.sleep(0.3)
            attached = self._attached()
        absent = not any(device.serial == self._serial for device in attached)
        if absent and re.search(r":\d+$|\._adb\S*\._tcp\.?$", self._serial):
            self._dial()
            attached = self._attached()
        self._serial = self._chosen(attached).serial
        if "shell_v2" not in self._adb("-s", self._serial, "features").stdout.decode().split():
            raise DeviceError(
                f"The Android on {self._phone()} is too old: its shell does not report exit statuses.",
                "Android 8 is the oldest that works.",
            )

    def _leave(self) -> None:
        pass

    def _command(self, words: str, *, hold: bool = False) -> list[str]:
        return ["adb", "-s", self._serial, "shell", "-T", words]

    def _soon(self, attached: list[Attached]) -> bool:
        """Return whether the device may be ready in a moment."""
        return any(a.state in _SOON and self._serial in ("", a.serial) for a in attached)

    def _chosen(self, attached: list[Attached]) -> Attached:
        """Return the device to use, if it can be used."""
        listed = ", ".join(map(str, attached))
        if self._serial:
            found = [device for device in attached if device.serial == self._serial]
            if not found:
                raise TransientDeviceError(
                    f"{self._phone()} is not attached.",
                    f"Attached: {listed}." if listed else "Plug it in and switch USB debugging on.",
                )
        elif not attached:
            if near := self._near():
                name = shlex.quote(self._profile.name)
                raise TransientDeviceError(
                    f"No Android device is attached; in the network there is {', '.join(near)}.",
                    f"Name it: edgekit devices add {name} --adb {shlex.quote(near[0])}",
                )
            raise TransientDeviceError(
                "No Android device is attached.",
                "Plug one in, switch USB debugging on (Settings, Developer options), and look: adb devices",
            )
        elif len(attached) > 1:
            name = shlex.quote(self._profile.name)
            raise DeviceError(
                f"{len(attached)} Android devices are attached: {listed}.",
                f"Choose one with --address SERIAL, or for good: edgekit devices add {name} --adb SERIAL",
            )
        else:
            found = attached
        if found[0].state != "device":
            raise self._explained(found[0].state, found[0].serial)
        return found[0]

    def _attached(self) -> list[Attached]:
        return attached(self._adb("devices", "-l").stdout.decode("utf-8", "replace"))

    def _near(self) -> list[str]:
        """Return the names of paired phones that announce themselves, as adb connects to them."""
        try:
            listed = self._adb("mdns", "services").stdout.decode("utf-8", "replace")
        except DeviceError:  # an adb without mDNS
            return []
        return [
            f"{name}.{kind}" for name, kind, _ in _SERVICE.findall(listed) if kind == "_adb-tls-connect._tcp"
        ]

    def _dial(self) -> None:
        """Reach a device over the network; adb says how that went, and exits with 0 in any case."""
        said = self._adb("connect", self._serial).stdout.decode("utf-8", "replace")
        if not re.search(r"^(already )?connected to", said, re.MULTILINE):
            raise TransientDeviceError(
                f"{self._phone()} cannot be reached over the network: {last_line(said)}",
                "Switch wireless debugging on and pair it: adb pair HOST:PORT",
            )

    def _adb(self, *arguments: str) -> Completed:
        try:
            done = execute(["adb", *arguments], deadline=_ANSWER)
        except TimeoutError as error:
            raise TransientDeviceError("adb did not answer.", "Restart it: adb kill-server") from error
        except OSError as error:
            raise self._unstartable(error) from error
        if done.code:
            raise self._error(done.stderr + done.stdout.decode("utf-8", "replace"))
        return done

    def _error(self, said: str) -> DeviceError:
        for pattern, state in _SAID:
            if re.search(pattern, said):
                return self._explained(state, self._serial)
        if re.search("cannot connect to daemon|failed to start daemon|failed to check server version", said):
            return DeviceError(
                f"adb's server cannot be started: {last_line(said)}", "Restart it: adb kill-server"
            )
        if re.search("no devices/emulators found|device '.*' not found|no devices found", said):
            return TransientDeviceError(f"{self._phone()} is not attached any more.", "Plug it in again.")
        reason = f": {last_line(said)}" if said.strip() else "."
        return TransientDeviceError(
            f"The connection to {self._phone()} was lost{reason}", "Check the cable, and look: adb devices"
        )

    def _explained(self, state: str, serial: str) -> DeviceError:
        key = "maintenance" if state in ("recovery", "rescue", "sideload") else state
        transient, what, hint = _EXPLAINED.get(
            key, (False, "{phone} cannot be used: adb calls it {state}.", "Restart it.")
        )
        adb = shlex.join(["adb", "-s", serial])
        values = {"phone": self._phone(serial), "state": state, "adb": adb}
        kind = TransientDeviceError if transient else DeviceError
        return kind(what.format(**values), hint.format(**values))

    def _phone(self, serial: str = "") -> str:
        serial = serial or self._serial
        return f"{self._profile.name} ({serial})" if serial else self._profile.name

    def _unstartable(self, error: OSError) -> DeviceError:
        return DeviceError("adb is not installed.", "Install Android's platform tools: sudo apt install adb")
