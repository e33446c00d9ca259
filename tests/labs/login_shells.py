"""Users with every shell there is, behind one sshd: native, so that a session takes no time."""

from __future__ import annotations

import importlib.resources
import os
import re
import shlex
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from edgekit.device import Profile, scripts
from labs.board import wait_until
from labs.ssh_lab import Keys

# how each shell is started, by the name of the user who has it
SHELLS = {
    "dash": "/usr/bin/dash",
    "bash": "/usr/bin/bash",
    "rbash": "/usr/bin/rbash",
    "zsh": "/usr/bin/zsh",
    "ksh93": "/usr/bin/ksh93",
    "mksh": "/usr/bin/mksh",
    "fish": "/usr/bin/fish",
    "tcsh": "/usr/bin/tcsh",
    "csh": "/usr/bin/bsd-csh",
    "busybox": "",  # a script: its login shell is `busybox sh`
    "xonsh": "",  # a script: Debian's Python runs this environment's
}
NO_SHELLS = {"nologin": "/usr/sbin/nologin", "false": "/usr/bin/false", "git-shell": "/usr/bin/git-shell"}
_FIRST = 12000  # the first user's number

_SCRIPTS = "".join((scripts.HOLD, scripts.RUN, scripts.STOP, scripts.LIST, scripts.RECEIVE))
# the names of our variables and functions, and the plain words that they are about
NAMES = sorted(
    {
        *re.findall(r"edgekit_\w+", _SCRIPTS),
        *re.findall(r"(?<=edgekit_)\w+", _SCRIPTS),
        *("edgekit_script", "name", "pid", "CDPATH", "ENV", "BASH_ENV", "TAR_OPTIONS", "GZIP"),
    }
)
FOLDERS = ("incoming", "tmp", "blobs", "running", "restore", "edgekit", "2", "sh")


class LoginShells:
    """The server, and the ssh that reaches each user by the name of the shell.

    Args:
        folder: Where its files are.
        keys: The server's, and the client's that it lets in.
    """

    def __init__(self, folder: Path, keys: Keys) -> None:
        self.homes = Path(tempfile.mkdtemp(prefix="edgekit-homes-"))
        self.homes.chmod(0o755)
        busybox = self.homes / "busybox-shell"
        busybox.write_text('#!/bin/dash\nexec /usr/bin/busybox sh "$@"\n')
        busybox.chmod(0o755)
        self.shells = {**SHELLS, **NO_SHELLS, "busybox": str(busybox), "xonsh": str(self._xonsh())}
        self.shells = {name: path for name, path in self.shells.items() if Path(path).exists()}
        lines = [Path("/etc/passwd").read_text()]
        for number, (name, shell) in enumerate(self.shells.items(), _FIRST):
            self.home(name).mkdir()
            os.chown(self.home(name), number, number)
            lines.append(f"{name}-user:x:{number}:{number}::{self.home(name)}:{shell}\n")
        (folder / "passwd").write_text("".join(lines))
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        shutil.copy(keys.client.with_suffix(".pub"), self.homes / "authorized")
        (folder / "sshd_config").write_text(
            f"ListenAddress 127.0.0.1:{port}\nHostKey {keys.host}\nPidFile none\nUsePAM no\nStrictModes no\n"
            f"AuthorizedKeysFile {self.homes}/authorized\nPrintLastLog no\nPrintMotd no\nMaxStartups 100\n"
        )
        known = f"[127.0.0.1]:{port} {keys.host.with_suffix('.pub').read_text()}"
        (folder / "known").write_text(known)
        (folder / "config").write_text(
            "".join(f"Host {name}\n  User {name}-user\n" for name in self.shells)
            + f"Host *\n  HostName 127.0.0.1\n  Port {port}\n  IdentityFile {keys.client}\n"
            f"  IdentitiesOnly yes\n  UserKnownHostsFile {folder}/known\n  GlobalKnownHostsFile none\n"
        )
        self.programs = folder / "programs"
        self.programs.mkdir()
        ssh = shlex.join([str(shutil.which("ssh")), "-F", str(folder / "config")])
        (self.programs / "ssh").write_text(f'#!/bin/sh\nexec {ssh} "$@"\n')
        (self.programs / "ssh").chmod(0o755)
        Path("/run/sshd").mkdir(exist_ok=True)
        script = 'mount --bind "$1" /etc/passwd && exec /usr/sbin/sshd -D -e -f "$2"'
        command = [
            "unshare",
            "--mount",
            "sh",
            "-c",
            script,
            "sh",
            f"{folder}/passwd",
            f"{folder}/sshd_config",
        ]
        log = folder / "log"
        with log.open("wb") as file:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=file)
        wait_until(lambda: "listening" in log.read_text(), log.read_text)

    def _xonsh(self) -> Path:
        """Return a xonsh that everybody may start: the environment may be where only root can read."""
        package = Path(str(importlib.resources.files("xonsh")))
        shutil.copytree(package, self.homes / "xonsh-package/xonsh")
        shell = self.homes / "xonsh-shell"
        shell.write_text(
            f'#!/bin/dash\nPYTHONPATH={self.homes}/xonsh-package exec /usr/bin/python3 -m xonsh "$@"\n'
        )
        shell.chmod(0o755)
        return shell

    def home(self, name: str) -> Path:
        """Return the home of the user with that shell."""
        return self.homes / name

    def start_up(self, name: str, text: str) -> None:
        """Replace the start-up file of a user of bash, csh or tcsh."""
        file = ".cshrc" if name in ("csh", "tcsh") else ".bashrc"
        (self.home(name) / file).write_text(text)

    def furnish(self, name: str) -> None:
        """Fill a home with what must never be touched, and let every start-up file point our names at it."""
        home = self.home(name)
        for folder in ("work", "work/deep"):
            (home / folder).mkdir(exist_ok=True)
            for inside in {*NAMES, *FOLDERS}:
                (home / folder / inside).mkdir()
                (home / folder / inside / "kept").write_text(f"{folder} {inside}\n")
        for inside in FOLDERS:
            (home / inside).mkdir()
            (home / inside / "kept").write_text(f"{inside}\n")
        values = dict.fromkeys(NAMES, f"{home}/work")
        exports = "".join(f"export {variable}='{value}'\n" for variable, value in values.items())
        functions = "".join(
            f"{word}() {{ echo {word}; }}\nexport -f {word}\n" for word in ("cut", "tar", "df")
        )
        for file in (".profile", ".zshenv", ".kshrc", ".mkshrc"):
            (home / file).write_text(exports)
        (home / ".bashrc").write_text(exports + functions)
        (home / ".config/fish").mkdir(parents=True)
        (home / ".config/fish/config.fish").write_text(
            "".join(f"set -gx {variable} '{value}'\n" for variable, value in values.items())
        )
        (home / ".xonshrc").write_text("".join(f"${v} = {value!r}\n" for v, value in values.items()))
        (home / ".cshrc").write_text(
            "".join(f"set {v} = '{value}'\nsetenv {v} '{value}'\n" for v, value in values.items())
        )
        owner = home.stat().st_uid
        for path in home.rglob("*"):
            os.chown(path, owner, owner)

    def contents(self, name: str) -> dict[str, bytes | None]:
        """Return everything in a home but edgekit's own folder, byte by byte."""
        home = self.home(name)
        found = {str(path.relative_to(home)): path for path in home.rglob("*")}
        return {
            inside: path.read_bytes() if path.is_file() else None
            for inside, path in found.items()
            if not inside.startswith(".cache")
        }

    def profile(self, name: str, **fields: object) -> Profile:
        """Return the profile of the user with that shell."""
        given = {"description": "", "transport": "ssh", "name": name, "address": name, **fields}
        return msgspec.convert(given, Profile)

    def processes(self, name: str) -> list[str]:
        """Return what runs for that user, but the server's own."""
        number = str(self.home(name).stat().st_uid)
        listed = subprocess.run(
            ["ps", "-o", "args=", "-U", number], capture_output=True, text=True, check=False
        )
        return [line for line in listed.stdout.splitlines() if not line.startswith("sshd:")]

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self.homes)


@contextmanager
def login_shells(folder: Path, keys: Keys) -> Iterator[LoginShells]:
    """Start the server, and end it."""
    server = LoginShells(folder, keys)
    try:
        yield server
    finally:
        server.close()
