"""Everything that a device with a Unix shell needs, on top of one way to run a command there."""

from __future__ import annotations

import getpass
import os
import re
import secrets
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from edgekit.device.archive import Member, members, pack, room
from edgekit.device.holder import Holder
from edgekit.device.process import execute, overdue
from edgekit.device.profile import PORTABLE, Profile
from edgekit.device.scripts import HOLD, LIST, MARKER, RECEIVE, RUN, STOP
from edgekit.device.transport import Completed, Payload, Pushed
from edgekit.errors import DeviceError, EdgekitError, TransientDeviceError
from edgekit.files import write_atomic
from edgekit.progress import SILENT, Progress
from edgekit.results import Transfer
from edgekit.units import megabytes, seconds

OLDEST_PYTHON = (3, 9)
POLICIES = "/sys/devices/system/cpu/cpufreq"

_ATTEMPTS = 3  # at what a lost connection has cut off
_RECONNECT = 60.0  # seconds to go on trying to reach a device that was there before
_WAIT = 600.0  # seconds to wait for another edgekit
_ANSWER = 60.0  # seconds for anything that should be quick
_STORE = 300.0  # seconds for a slow card to take what was sent


@dataclass(frozen=True)
class Site:
    """What is known about the device once it is held."""

    machine: str
    boot: str
    home: str
    folder: str
    python: str  # "3.11", of the interpreter that was asked for; empty: it is not there


class ShellTransport(ABC):
    """A device with a POSIX shell, held by a process of ours there for as long as it is used."""

    default_folder: str
    default_python: str
    interactive = False  # whether the program that reaches the device may ask the user something

    def __init__(self, profile: Profile) -> None:
        self.python = ""
        self.machine = ""
        self._profile = profile
        self._name = profile.name
        self._token = secrets.token_hex(16)
        self._holder: Holder | None = None
        self._site: Site | None = None
        self._progress: Progress = SILENT
        self._policies = POLICIES

    # ---- what a subclass says

    @abstractmethod
    def _command(self, script: str, *arguments: str, hold: bool = False) -> list[str]:
        """Return the local command that runs a script on the device; `hold`: the first, which stays."""

    @abstractmethod
    def _error(self, said: str) -> DeviceError:
        """Return the error that explains why a command did not get to the device, or not to its end.

        Args:
            said: What the program that reaches the device wrote to standard error.
        """

    @abstractmethod
    def _reach(self) -> None:
        """Find out how to reach the device, before the first command."""

    @abstractmethod
    def _leave(self) -> None:
        """Undo what `_reach` has done, if it has."""

    # ---- the transport

    def connect(self, progress: Progress = SILENT) -> None:
        """Reach the device, lock it, and prepare it as its profile asks."""
        self._progress = progress
        try:
            self._reach()
            self._site = self._hold(progress)
            self.machine = self._site.machine
            self.python = self._interpreter(self._site)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the device; it is restored there, whatever happens here."""
        holder, self._holder = self._holder, None
        try:
            if holder:
                holder.close()
        finally:
            self._leave()

    def clean(self) -> int:
        """Remove edgekit's own folder from the device, and let go of it; return the bytes this freed."""
        self._ensure()
        assert self._holder  # noqa: S101 - narrows the type
        self._holder.tell("clean")
        freed = None
        for line in self._holder.lines(_STORE):
            word, _, rest = line.partition(" ")
            if word == "freed":
                freed = int(rest.split()[0]) * 1024
        complaint = self._holder.complaint()
        self.close()
        if freed is None:
            raise DeviceError(
                f"edgekit's folder on {self._name} could not be removed: {last_line(complaint)}"
            )
        return freed

    def push(self, payloads: Sequence[Payload], progress: Progress = SILENT) -> Pushed:
        """Send what the device does not have, in one stream; each payload arrives whole or not at all."""
        return self._push(payloads, progress, _ATTEMPTS)

    def pull(self, path: str, target: Path) -> None:
        """Copy a file from the device; it appears whole or not at all."""
        done = self._call(["sh", "-c", 'exec cat <"$1"', "sh", path], deadline=_STORE)
        if done.code:
            raise DeviceError(f"{path} is not there to be copied from {self._name}: {last_line(done.stderr)}")
        write_atomic(target, done.stdout)

    def run(self, argv: Sequence[str], *, stdin: str, deadline: float) -> Completed:
        """Run a command; it and everything it started is gone when this returns or raises."""
        try:
            return self._call(argv, [stdin.encode()], deadline=deadline)
        except TimeoutError as error:
            raise overdue(f"{Path(argv[0]).name} on {self._name}", deadline) from error

    # ---- holding

    def _hold(self, progress: Progress) -> Site:
        profile = self._profile
        wanted = "" if profile.python == PORTABLE else profile.python or self.default_python
        argv = self._command(
            HOLD,
            self._token,
            _who(),
            profile.folder or self.default_folder,
            wanted,
            profile.governor,
            "1" if profile.fixed_performance else "",
            self._policies,
            MARKER,
            hold=True,
        )
        try:
            self._holder = Holder(argv, own_session=not self.interactive)
        except OSError as error:
            raise self._missing(argv[0], error) from error
        return self._listen(self._holder, progress)

    def _listen(self, holder: Holder, progress: Progress) -> Site:
        """Read what the holder says until it has the device."""
        facts: dict[str, str] = {}
        waiting_since = 0.0
        begun = False
        try:
            for line in holder.lines(_ANSWER * (3 if self.interactive else 1)):
                word, _, rest = line.strip().partition(" ")
                if not begun:
                    begun = line == f"edgekit {self._token}"  # a login shell may say something first
                elif word == "busy":
                    waiting_since = waiting_since or time.monotonic()
                    self._wait(rest, time.monotonic() - waiting_since, progress)
                elif word == "ok":
                    return self._found(facts)
                elif word in _NOTES:
                    progress.note(_NOTES[word].format(name=self._name, rest=rest, profile=self._profile))
                else:
                    facts[word] = rest
        except TimeoutError as error:
            raise TransientDeviceError(
                f"{self._name} did not answer within {seconds(_ANSWER)}.", "Is it busy, or its card failing?"
            ) from error
        raise self._refused(facts, holder)

    def _refused(self, facts: dict[str, str], holder: Holder) -> DeviceError:
        holder.finish()
        said = holder.complaint()
        hint = "Name another with `folder` in its profile."
        if not facts:
            return self._error(said)
        folder = _resolved(self._profile.folder or self.default_folder, facts.get("home", ""))
        if "foreign" in facts:
            return DeviceError(
                f"{folder} on {self._name} is not edgekit's own folder: it holds something else.", hint
            )
        if "unmade" in facts:
            return DeviceError(f"{folder} on {self._name} cannot be used: {last_line(said)}", hint)
        return self._error(said)

    def _wait(self, rest: str, waited: float, progress: Progress) -> None:
        """Tell that somebody else has the device, and give up in the end."""
        now, since, pid, *name = rest.split(" ")
        who = " ".join(name)
        busy = max(0.0, float(now) - float(since)) if since.isdigit() else 0.0
        text = f"{self._name} is used by {who} since {seconds(busy)}"
        if waited > _WAIT:
            raise DeviceError(
                f"{text}; gave up waiting.", f"If nobody does, end process {pid} on the device: kill {pid}"
            )
        progress.step(f"{self._name} is used by {who}; waiting · for {seconds(busy)} so far")

    def _found(self, facts: dict[str, str]) -> Site:
        home = facts.get("home", "")
        folder = _resolved(self._profile.folder or self.default_folder, home)
        site = Site(facts.get("machine", ""), facts.get("boot", ""), home, folder, facts.get("python", ""))
        if self._site and self._site.boot != site.boot:
            self._progress.note(f"{self._name} has restarted.")
        return site

    def _interpreter(self, site: Site) -> str:
        """Return the interpreter to use there; empty: edgekit has to bring one."""
        named = self._profile.python
        if named == PORTABLE or not (named or self.default_python):
            return ""
        old = site.python and tuple(map(int, site.python.split("."))) < OLDEST_PYTHON
        if site.python and not old:
            return _resolved(named, site.home) if named.startswith("~/") else named or self.default_python
        needed = f"{'.'.join(map(str, OLDEST_PYTHON))} or newer is needed"
        if named:
            what = f"is Python {site.python}; {needed}" if old else "cannot be started"
            raise DeviceError(
                f"{named} on {self._name} {what}.", f'Correct `python` in its profile, or say "{PORTABLE}".'
            )
        if old:
            self._progress.note(f"{self._name}'s Python {site.python} is not used: {needed}.")
        return ""

    def _ensure(self) -> Site:
        """Make sure that the device is held, reaching it again if it was lost."""
        if self._holder and self._site and self._holder.alive:
            return self._site
        limit, pause = time.monotonic() + (_RECONNECT if self._site else 0.0), 1.0
        while True:
            self.close()
            try:
                self.connect(self._progress)
            except TransientDeviceError:
                if time.monotonic() + pause > limit:
                    raise
                self._progress.step(f"Connecting to {self._name} again")
                time.sleep(pause)
                pause = min(2 * pause, 10.0)
            else:
                assert self._site  # noqa: S101 - narrows the type
                return self._site

    # ---- commands

    def _call(
        self, argv: Sequence[str], feed: Iterable[bytes] = (), *, deadline: float, hold: bool = True
    ) -> Completed:
        """Run a command on the held device.

        Raises:
            TimeoutError: It was not done in time, and was ended.
            TransientDeviceError: The connection was lost; what ran there is ended before the next begins.
        """
        site = self._ensure()
        token = secrets.token_hex(16)
        command = self._command(RUN, site.folder, token, *argv)
        try:
            done = execute(command, feed, deadline=deadline, hold=hold)
        except BaseException:
            self._stop(site, token)
            raise
        _, begun, stdout = done.stdout.partition(f"{token}\n".encode())
        stderr, ended, status = done.stderr.rpartition(f"\n{token} ")
        if not begun or not ended:
            raise self._error(done.stderr)
        if not status.strip().isdigit():
            self.close()  # the next connection makes the folder again
            raise TransientDeviceError(f"{site.folder} on {self._name} has vanished.", "Try again.")
        code = int(status)
        return Completed(stdout, stderr, 128 - code if 128 < code < 193 else code)

    def _script(self, script: str, *arguments: str, deadline: float = _ANSWER) -> Completed:
        try:
            return self._call(["sh", "-c", script, "edgekit", *arguments], deadline=deadline)
        except TimeoutError as error:
            raise self._silent(deadline) from error

    def _stop(self, site: Site, token: str) -> None:
        """End a command that did not end by itself; where that fails, the next connection does it."""
        if self._holder and self._holder.alive:
            with suppress(EdgekitError, OSError):
                execute(self._command(STOP, site.folder, token), deadline=_ANSWER / 4)

    def _silent(self, deadline: float) -> TransientDeviceError:
        return TransientDeviceError(f"{self._name} did not answer within {seconds(deadline)}.", "Try again.")

    def _missing(self, program: str, error: OSError) -> DeviceError:
        return DeviceError(f"{program} cannot be started: {error.strerror}.", "Install it.")

    # ---- pushing

    def _push(self, payloads: Sequence[Payload], progress: Progress, attempts: int) -> Pushed:
        try:
            return self._push_once(payloads, progress)
        except TransientDeviceError as error:
            if attempts == 1:
                raise
            progress.note(f"{error.what} Sending again.")
        return self._push(payloads, progress, attempts - 1)

    def _push_once(self, payloads: Sequence[Payload], progress: Progress) -> Pushed:
        site = self._ensure()
        wanted = {payload.sha256: payload for payload in payloads}
        listed = self._script(LIST, site.folder, *wanted, deadline=_STORE)
        there = _present(listed.stdout.decode("utf-8", "replace"))
        missing = [payload for payload in wanted.values() if payload.sha256 not in there]
        sent = 0
        if missing:
            entries = members(missing)
            sent = sum(entry.size or 0 for entry in entries)
            self._check_room(entries, _free(listed.stdout), site)
            progress.step(f"Sending {megabytes(sent)} MB to {self._name}", sent)
            self._send(entries, [payload.sha256 for payload in missing], site, progress)
        transfer = Transfer(bytes=sent, files=len(missing), reused_files=len(wanted) - len(missing))
        return Pushed({name: f"{site.folder}/blobs/{name}" for name in wanted}, transfer)

    def _send(self, entries: Sequence[Member], names: Sequence[str], site: Site, progress: Progress) -> None:
        lines = sum(1 + entry.name.count("\n") for entry in entries if entry.size is not None)
        arguments = [site.folder, secrets.token_hex(8), str(lines), *names]
        try:
            done = self._call(
                ["sh", "-c", RECEIVE, "edgekit", *arguments],
                pack(entries, progress.advance),
                deadline=_STORE,
                hold=False,
            )
        except TimeoutError as error:
            raise self._silent(_STORE) from error
        if done.code == 0:
            return
        if re.search("No space left|[Qq]uota exceeded", done.stderr):
            self._check_room(entries, 0, site)
        raise TransientDeviceError(f"{self._name} could not store what was sent: {last_line(done.stderr)}")

    def _check_room(self, entries: Sequence[Member], free: int | None, site: Site) -> None:
        needed = room(entries)
        if free is not None and free < needed:
            have = f"has {megabytes(free)} MB free" if free else "has no space left"
            raise DeviceError(
                f"{self._name} {have} in {site.folder}; {megabytes(needed)} MB are needed.",
                f"`edgekit devices clean {self._name}` frees what edgekit keeps there.",
            )


# what the holder says about what it could not do, and how it is told
_NOTES = {
    "ungoverned": "{name} has no CPU frequency governor; none was set.",
    "kept": "{name} does not permit the governor {profile.governor}; it stays {rest}.",
    "unfixed": "{name} has no fixed-performance mode; its clocks may vary.",
}


def _present(listed: str) -> set[str]:
    """Return the payloads that a device has, files only if their content is what it should be."""
    found = set()
    for line in listed.splitlines():
        first, _, second = line.partition(" ")
        if second == "folder" or first == second.strip():
            found.add(first)
    return found


def _free(listed: bytes) -> int | None:
    """Read the free bytes from what `df -Pk` says; None: it says something else."""
    found = re.findall(rb"\s\d+\s+-?\d+\s+(\d+)\s+\d+%\s", listed)
    return int(found[-1]) * 1024 if found else None


def _resolved(path: str, home: str) -> str:
    """Return a path on the device as the scripts there resolve it."""
    if path == "~":
        return home
    if path.startswith("~/"):
        return f"{home}/{path[2:]}"
    return path if path.startswith("/") else f"{home}/{path}"


def _who() -> str:
    """Say who holds the device, for others who would like to."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # no such user in the password database
        user = str(os.getuid())
    return re.sub(r"[^\w@.()-]+", " ", f"{user}@{socket.gethostname()} (process {os.getpid()})")


def last_line(text: str) -> str:
    """Return the last line of what a program said, as the end of a sentence."""
    lines = text.strip().splitlines()
    return (lines[-1][:200] if lines else "no reason was given").rstrip(".") + "."
