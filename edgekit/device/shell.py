"""Everything that a device with a Unix shell needs, on top of one way to run a command there.

Its files are in edgekit's own folder there: `blobs/`, what was sent, by hash; `incoming/`, what is being
sent; `tmp/`; `.edgekit`, the lock and who has it; `running`, the command that runs now; `restore`, what was
changed.
"""

from __future__ import annotations

import re
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import chain

from edgekit.device.archive import Member, members, pack, room
from edgekit.device.entry import Entry
from edgekit.device.handshake import Handshake, HeldDevice, interpreter, who
from edgekit.device.holder import Holder
from edgekit.device.process import Knock, UnansweredError, execute, overdue
from edgekit.device.profile import PORTABLE, Profile
from edgekit.device.scripts import HOLD, LIST, MARKER, RECEIVE, RUN, STOP
from edgekit.device.transport import Completed, Payload, Pushed
from edgekit.errors import DeviceError, EdgekitError, TransientDeviceError
from edgekit.progress import SILENT, Progress
from edgekit.results import Transfer
from edgekit.units import megabytes, seconds
from edgekit.words import last_line

ATTEMPTS = 3  # at sending what a lost connection has cut off
RECONNECT = 60.0  # seconds to go on trying to reach a device that was there before
ANSWER = 60.0  # seconds for anything that should be quick
GREETING = 12.0  # seconds for a login shell to read its start-up files, once the device is reached
STORE = 300.0  # seconds for a slow card to take what was sent
_PAUSE = 10.0  # seconds between attempts, at most


class ShellTransport(ABC):
    """A device with a POSIX shell, held by a process of ours there for as long as it is used."""

    default_folder: str
    default_python: str
    interactive = False  # whether the program that reaches the device may ask the user something
    policies = "/sys/devices/system/cpu/cpufreq"

    def __init__(self, profile: Profile) -> None:
        self.python = ""
        self.machine = ""
        self._profile = profile
        self._name = profile.name
        self._token = secrets.token_hex(16)
        self._holder: Holder | None = None
        self._held: HeldDevice | None = None
        self._given_up = False  # the wait for a lost device has ended without it
        self._progress: Progress = SILENT

    # ---- what a subclass says

    @abstractmethod
    def _command(self, words: str, *, hold: bool = False) -> list[str]:
        """Return the local command that gives the device's login shell some words.

        Args:
            words: Plain ones, that every shell understands.
            hold: It is the first command, which stays.
        """

    @abstractmethod
    def _error(self, said: str) -> DeviceError:
        """Return the error that explains why a command did not get to the device, or not to its end.

        Args:
            said: What the program that reaches the device wrote to standard error.
        """

    def _refused(self, status: int | None, said: str, heard: str) -> DeviceError:
        """Return the error for a login shell that has ended without doing what it was asked to.

        Args:
            status: Of the program that reaches the device.
            said: What it wrote to standard error.
            heard: What it wrote to standard output.
        """
        return self._error(said)

    @abstractmethod
    def _unstartable(self, error: OSError) -> DeviceError:
        """Return the error for a computer without the program that reaches the device."""

    @abstractmethod
    def _reach(self) -> None:
        """Find out how to reach the device, before the first command."""

    @abstractmethod
    def _leave(self) -> None:
        """Undo what `_reach` has done, if it has."""

    def _reached(self) -> bool:
        """Return whether the device is known to be reached, so that its login shell must run now."""
        return False

    # ---- the transport

    def connect(self, progress: Progress = SILENT) -> None:
        """Reach the device, lock it, and prepare it as its profile asks."""
        self._progress = progress
        try:
            self._reach()
            held = self._hold()
            if self._held and self._held.boot != held.boot:
                progress.note(f"{self._name} has restarted.")
            self._held, self.machine = held, held.machine
            self.python = interpreter(held, self._profile, self.default_python, progress)
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
        try:
            said = list(self._holder.lines(STORE))
        except TimeoutError as error:
            raise self._silent(STORE) from error
        complaint = self._holder.complaint()
        self.close()
        freed = [line.split()[1] for line in said if line.startswith("freed ")]
        if not freed:
            raise DeviceError(f"edgekit's folder on {self._name} was not removed: {last_line(complaint)}")
        return int(freed[0]) * 1024

    def push(self, payloads: Sequence[Payload], progress: Progress = SILENT) -> Pushed:
        """Send what the device does not have, in one stream; each payload arrives whole or not at all."""
        return self._push(payloads, progress, ATTEMPTS)

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: str,
        deadline: float,
        heard: Callable[[bytes], None] | None = None,
    ) -> Completed:
        """Run a command; it and everything it started is gone when this returns or raises."""
        try:
            return self._call(argv, [stdin.encode()], deadline=deadline, heard=heard)
        except TimeoutError as error:
            raise overdue(f"The process on {self._name}", deadline) from error

    # ---- holding

    def _hold(self) -> HeldDevice:
        profile = self._profile
        folder = profile.folder or self.default_folder
        arguments = (
            who(),
            folder,
            "" if profile.python == PORTABLE else profile.python or self.default_python,
            profile.governor,
            "1" if profile.fixed_performance else "",
            self.policies,
            MARKER,
            self._token,
        )
        entry = Entry(HOLD, arguments, self._token)
        try:
            self._holder = Holder(self._command(entry.words, hold=True), own_session=not self.interactive)
        except OSError as error:
            raise self._unstartable(error) from error
        patience = 3 * ANSWER if self.interactive else ANSWER  # somebody may have to type a password
        try:
            if not self._holder.enter(entry, patience, GREETING, self._reached):
                self._holder.finish()
                raise self._refused(self._holder.status, self._holder.complaint(), self._holder.heard())
        except TimeoutError as error:
            raise self._speechless(patience) from error
        handshake = Handshake(profile, folder, self._error, self._progress)
        try:
            return handshake.wait(self._holder, ANSWER)
        except TimeoutError as error:
            raise self._silent(ANSWER) from error

    def _ensure(self) -> HeldDevice:
        """Make sure that the device is held, reaching it again if it was lost."""
        if self._holder and self._held and self._holder.alive:
            return self._held
        patient = self._held and not self._given_up  # it was there before, and this loss is new
        limit, pause = time.monotonic() + (RECONNECT if patient else 0.0), 1.0
        while True:
            self.close()
            try:
                self.connect(self._progress)
            except TransientDeviceError:
                if time.monotonic() + pause > limit:
                    self._given_up = True
                    raise
                self._progress.step(f"Connecting to {self._name} again")
                time.sleep(pause)
                pause = min(2 * pause, _PAUSE)
            else:
                self._given_up = False
                assert self._held  # noqa: S101 - narrows the type
                return self._held

    # ---- commands

    def _call(
        self,
        argv: Sequence[str],
        feed: Iterable[bytes] = (),
        *,
        deadline: float,
        hold: bool = True,
        heard: Callable[[bytes], None] | None = None,
    ) -> Completed:
        """Run a command on the held device.

        Raises:
            TimeoutError: It was not done in time, and was ended.
            TransientDeviceError: The connection was lost; what ran there is ended before the next begins.
        """
        held = self._ensure()
        mark = secrets.token_hex(16)
        entry = Entry(RUN, (held.folder, mark, *argv), mark)
        try:
            done = self._enter(entry, feed, deadline=deadline, hold=hold, heard=heard)
        except UnansweredError as error:
            self.close()
            raise self._silent(ANSWER) from error
        except BaseException:
            self._stop(held, mark)
            raise
        noise, begun, stdout = done.stdout.partition(entry.answer)
        if not begun:
            self.close()
            raise self._refused(done.code, done.stderr, noise.decode("utf-8", "replace"))
        stderr, ended, status = done.stderr.rpartition(f"\n{mark} ")
        if not ended:
            self.close()
            raise self._error(done.stderr)
        stderr = stderr.partition(entry.answer.decode())[2]
        status = status.partition("\n")[0]  # the program that reaches the device may have said more
        if not status.isdigit():
            self.close()  # the next connection makes it again
            raise TransientDeviceError(f"{held.folder} on {self._name} has vanished.", "Try again.")
        return Completed.of_shell(stdout, stderr, int(status))

    def _enter(
        self,
        entry: Entry,
        feed: Iterable[bytes] = (),
        *,
        deadline: float,
        hold: bool = True,
        heard: Callable[[bytes], None] | None = None,
    ) -> Completed:
        return execute(
            self._command(entry.words),
            chain([entry.line], feed),
            deadline=deadline,
            hold=hold,
            knock=Knock(entry.knock, entry.answer, ANSWER),
            heard=heard,
        )

    def _script(self, script: str, *arguments: str, deadline: float) -> Completed:
        try:
            return self._call(["sh", "-c", script, "edgekit", *arguments], deadline=deadline)
        except TimeoutError as error:
            raise self._silent(deadline) from error

    def _stop(self, held: HeldDevice, mark: str) -> None:
        """End a command that did not end by itself; where that fails, the next connection does it."""
        if self._holder and self._holder.alive:
            with suppress(EdgekitError, OSError):
                self._enter(Entry(STOP, (held.folder, mark)), deadline=ANSWER / 4)

    def _speechless(self, patience: float) -> DeviceError:
        """Return the error for a login shell that runs on without doing what it was asked to."""
        return self._silent(patience)

    def _silent(self, deadline: float) -> TransientDeviceError:
        return TransientDeviceError(
            f"{self._name} did not answer within {seconds(deadline)}.", "Is it busy, or is its card failing?"
        )

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
        held = self._ensure()
        wanted = {payload.sha256: payload for payload in payloads}
        listed = self._script(LIST, held.folder, *wanted, deadline=STORE).stdout.decode("utf-8", "replace")
        there = _present(listed)
        missing = [payload for payload in wanted.values() if payload.sha256 not in there]
        sent = 0
        if missing:
            entries = members(missing)
            sent = sum(entry.size or 0 for entry in entries)
            self._check_room(room(entries), _free(listed), held)
            progress.step(f"Sending {megabytes(sent)} MB to {self._name}", sent)
            self._send(entries, [payload.sha256 for payload in missing], held, progress)
        transfer = Transfer(bytes=sent, files=len(missing), reused_files=len(wanted) - len(missing))
        return Pushed({name: f"{held.folder}/blobs/{name}" for name in wanted}, transfer)

    def _send(
        self, entries: Sequence[Member], names: Sequence[str], held: HeldDevice, progress: Progress
    ) -> None:
        lines = sum(1 + entry.name.count("\n") for entry in entries if entry.size is not None)
        receive = ["sh", "-c", RECEIVE, "edgekit", held.folder, secrets.token_hex(8), str(lines), *names]
        try:
            done = self._call(receive, pack(entries, progress.advance), deadline=STORE, hold=False)
        except TimeoutError as error:
            raise self._silent(STORE) from error
        if done.code == 0:
            return
        if re.search("No space left|[Qq]uota exceeded|Wrote only", done.stderr):
            self._check_room(room(entries), 0, held)
        raise TransientDeviceError(
            f"{self._name} could not store what was sent: {last_line(done.stderr)}", "Try again."
        )

    def _check_room(self, needed: int, free: int | None, held: HeldDevice) -> None:
        if free is None or free >= needed:
            return
        have = f"has {megabytes(free)} MB free" if free else "has no space left"
        raise DeviceError(
            f"{self._name} {have} in {held.folder}; {megabytes(needed)} MB are needed.",
            f"`edgekit devices clean {self._name}` frees what edgekit keeps there.",
        )


def _present(listed: str) -> set[str]:
    """Return the payloads that a device has, files only if their content is what it should be."""
    found = set()
    for line in listed.splitlines():
        first, _, second = line.partition(" ")
        if second == "folder" or first == second.strip():
            found.add(first)
    return found


def _free(listed: str) -> int | None:
    """Read the free bytes from what `df -Pk` says; None: it says something else."""
    found = re.findall(r"\s\d+\s+-?\d+\s+(\d+)\s+\d+%\s", listed)
    return int(found[-1]) * 1024 if found else None
