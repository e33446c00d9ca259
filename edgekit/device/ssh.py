"""The transport over the system's own OpenSSH, with the user's configuration, agent, keys and jump hosts."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

from edgekit.device.process import execute
from edgekit.device.profile import Profile
from edgekit.device.shell import GREETING, ShellTransport
from edgekit.errors import DeviceError, TransientDeviceError, UsageError
from edgekit.units import seconds
from edgekit.words import last_line, visible

# Host keys are checked as the user's configuration says. What of it would get in the way is switched off.
_OPTIONS = {
    "ConnectTimeout": "10",
    "ServerAliveInterval": "10",  # a connection that is silent for three of these is lost
    "ServerAliveCountMax": "3",
    "LogLevel": "INFO",  # errors are recognised by its messages
    "ClearAllForwardings": "yes",
    "PermitLocalCommand": "no",
    "Tunnel": "no",
}
# More of it, which an older ssh does not know, and so cannot have in its configuration.
_NEWER = {
    "RemoteCommand": "none",
    "StdinNull": "no",
    "SessionType": "default",
    "ForkAfterAuthentication": "no",
    "ChannelTimeout": "none",  # a session that waits is not idle
}
_SSH_FAILED = 255  # the status of ssh itself, rather than of what it ran
_LONGEST_SOCKET = 70  # characters of its folder; a socket's path has room for about a hundred

# what ssh says: whether trying again may help, what it means, and what to do about it
_ERRORS: tuple[tuple[str, bool, str, str], ...] = (
    (
        "No user exists for uid|You don't exist, go away",
        False,
        "ssh does not start for a user without a name: {said}",
        "Run edgekit as a user that /etc/passwd has; a container can be given one: "
        "-v /etc/passwd:/etc/passwd:ro",
    ),
    (
        "Session open refused by peer",
        False,
        "{name} ({address}) permits too few sessions in one connection.",
        "Set MaxSessions to 10 in its /etc/ssh/sshd_config.",
    ),
    (
        # the first connection, which others go through
        "Control socket connect|mux_client_\\w+: (read|write)",
        True,
        "The connection to {name} ({address}) was lost.",
        "Is it switched on, and its network steady? Try: {ssh}",
    ),
    (
        "REMOTE HOST IDENTIFICATION HAS CHANGED",
        False,
        "The host key of {name} ({address}) has changed: it was set up again, or another device answers.",
        "If you know why, forget the old key: ssh-keygen -R {host}",
    ),
    (
        "Host key verification failed|host key is known for .* and you have requested strict checking",
        False,
        "The host key of {name} ({address}) is not known yet.",
        "Connect once by hand and compare the key: {ssh}",
    ),
    (
        "UNPROTECTED PRIVATE KEY FILE",
        False,
        "ssh does not use a private key that others may read, and {name} ({address}) refused the login.",
        "Make it private, as in: chmod 600 ~/.ssh/id_ed25519",
    ),
    (
        "Too many authentication failures",
        False,
        "{name} ({address}) refused the login after too many keys were offered.",
        "Name the right one in ~/.ssh/config with IdentityFile, and add: IdentitiesOnly yes",
    ),
    (
        "Permission denied \\(|Authentication failed|No more authentication methods",
        False,
        "{name} ({address}) refused the login: {said}",
        "Check the user, and give it your key: {copy}",
    ),
    (
        "Could not resolve hostname",
        False,
        "There is no computer called {address}.",
        "Check it for typing errors, or give the IP address of {name} instead.",
    ),
    (
        "hostname contains invalid characters|Bad port",
        False,
        "ssh cannot use the address {address}: {said}",
        "Write it as USER@HOST.",
    ),
    (
        "Bad configuration option|Bad owner or permissions|terminating, \\d+ bad configuration",
        False,
        "ssh's own configuration cannot be used: {said}",
        "Correct the file; `ssh -G {host}` shows whether it is right.",
    ),
    (
        "Unable to negotiate|no matching (host key|key exchange|cipher|mac)",
        False,
        "ssh and {name} ({address}) have no algorithm in common: {said}",
        "Update the device, or permit the algorithm in ~/.ssh/config.",
    ),
    (
        "Connection refused",
        True,
        "{name} ({address}) is there, but no SSH server answers.",
        "Switch SSH on there (Raspberry Pi: sudo raspi-config, Interface Options) and check the port.",
    ),
    (
        "No route to host|Network is unreachable|Host is down",
        True,
        "{name} ({address}) cannot be reached from this network.",
        "Is it switched on, and in the same network? Try: {ssh}",
    ),
    (
        "(Connection|Operation) timed out|port \\d+ timed out",
        True,
        "{name} ({address}) did not answer.",
        "Is it switched on, and is the address right? Try: {ssh}",
    ),
    (
        "Connection (to .* )?(closed|reset)|Broken pipe|not responding|Connection aborted",
        True,
        "The connection to {name} ({address}) was lost.",
        "Is it switched on, and its network steady? Try: {ssh}",
    ),
)


class SshTransport(ShellTransport):
    """One connection; every command is a session in it."""

    default_folder = "~/.cache/edgekit"
    default_python = "python3"

    def __init__(self, profile: Profile) -> None:
        super().__init__(profile)
        if profile.address.startswith("-") or not profile.address.isprintable():
            raise UsageError(f"{profile.address!r} is not an address.", "Write it as USER@HOST.")
        self.interactive = sys.stdin is not None and sys.stdin.isatty()
        self._sockets = ""
        self._newer: dict[str, str] = {}

    def _reach(self) -> None:
        self._newer = self._newer or self._known()
        if not self._sockets:
            short = len(tempfile.gettempdir()) <= _LONGEST_SOCKET
            self._sockets = tempfile.mkdtemp(prefix="edgekit-", dir=None if short else "/tmp")  # noqa: S108

    def _known(self) -> dict[str, str]:
        """Return those of the newer options that this ssh knows: it reads them before it says its version."""

        def knows(options: dict[str, str]) -> bool:
            words = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
            try:
                return execute(["ssh", *words, "-V"], deadline=10).code == 0
            except OSError as error:
                raise self._unstartable(error) from error
            except TimeoutError:
                return False

        return dict(_NEWER) if knows(_NEWER) else {k: v for k, v in _NEWER.items() if knows({k: v})}

    def _leave(self) -> None:
        if self._sockets:
            shutil.rmtree(self._sockets, ignore_errors=True)
            self._sockets = ""

    def _command(self, words: str, *, hold: bool = False) -> list[str]:
        socket = str(Path(self._sockets) / "s").replace("%", "%%")
        command = ["ssh", "-T", "-x", "-S", socket]
        if hold and self.interactive:
            # ssh asks for a password on the terminal, but leaves Ctrl-C to us
            command = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *command]
        options = {**_OPTIONS, **self._newer}
        if not (hold and self.interactive):
            options["BatchMode"] = "yes"
        if hold:
            options |= {"ControlMaster": "yes", "ControlPersist": "no"}
        else:
            # without the first connection there is no lock: then fail, rather than connect anew
            options |= {"ControlMaster": "no", "ProxyCommand": "false"}
        for key, value in options.items():
            command += ["-o", f"{key}={value}"]
        return [*command, *self._destination(), words]

    def _destination(self) -> list[str]:
        profile = self._profile
        port = ["-p", str(profile.port)] if profile.port else []
        user = ["-l", profile.user] if profile.user else []
        return [*port, *user, "--", profile.address]

    def _error(self, said: str) -> DeviceError:
        profile = self._profile
        at = self._at
        port = ["-p", str(profile.port)] if profile.port else []
        host = profile.address.rpartition("@")[2]
        values = {
            "name": profile.name,
            "address": at,
            "host": shlex.quote(f"[{host}]:{profile.port}" if profile.port else host),
            "said": last_line(said),
            "ssh": self._ssh(),
            "copy": shlex.join(["ssh-copy-id", *port, at]),
        }
        for pattern, transient, what, hint in _ERRORS:
            if line := re.search(f".*({pattern}).*", said):
                values["said"] = last_line(line[0].removeprefix("ssh: "))
                kind = TransientDeviceError if transient else DeviceError
                return kind(what.format(**values), hint.format(**values))
        reason = f": {values['said']}" if said.strip() else "."
        return TransientDeviceError(
            f"The connection to {profile.name} ({at}) was lost{reason}", f"Try: {values['ssh']}"
        )

    def _reached(self) -> bool:
        return Path(self._sockets, "s").exists()

    def _refused(self, status: int | None, said: str, heard: str) -> DeviceError:
        if status == _SSH_FAILED:
            return self._error(said)
        return DeviceError(
            f"The login shell on {self._profile.name} ({self._at}) did not start `sh`: "
            f"{visible(last_line(said if said.strip() else heard))}",
            f"It has to run commands. This should end at once, without a word: {self._ssh('sh', '-c', ':')}",
        )

    def _speechless(self, patience: float) -> DeviceError:
        if not self._reached():
            return self._silent(patience)
        return DeviceError(
            f"The login shell on {self._profile.name} ({self._at}) did not start `sh` "
            f"within {seconds(GREETING)}.",
            "A start-up file there may start another program, or wait for something. "
            f"This should end at once: {self._ssh('true')}",
        )

    @property
    def _at(self) -> str:
        return self._profile.place

    def _ssh(self, *words: str) -> str:
        """Return the command with which a person tries it."""
        port = ["-p", str(self._profile.port)] if self._profile.port else []
        return shlex.join(["ssh", *port, self._at, *words])

    def _unstartable(self, error: OSError) -> DeviceError:
        return DeviceError(
            "ssh is not installed.", "Install OpenSSH's client: sudo apt install openssh-client"
        )
