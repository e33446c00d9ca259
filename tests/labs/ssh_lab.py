"""Test boards behind a real sshd, and the ssh configuration that reaches them by name."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edgekit.device import Profile
from labs.board import CONFIG, CORTEX_A7, CORTEX_A72, ROOT, Board, wait_until
from labs.roots import PI, ROOTS, root_folder
from labs.wire import Wire

PORT = 22  # on the board's own loopback
HOME = "/home/pi"
FOLDER = f"{HOME}/.cache/edgekit"  # edgekit's own
_SERVER = f"""\
ListenAddress 127.0.0.1:{PORT}
HostKey {CONFIG}/host_key
AuthorizedKeysFile {CONFIG}/authorized_keys
PidFile none
ChrootDirectory {ROOT}
Subsystem sftp internal-sftp
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PrintLastLog no
PrintMotd no
StrictModes yes
MaxStartups 100
"""
# what sshd of this computer looks up: the board's people instead of this computer's
_PASSWD = f"""\
root:x:0:0::/root:/bin/sh
sshd:x:101:65534::/run/sshd:/usr/sbin/nologin
pi:x:{PI}:{PI}::{HOME}:"""
_GROUP = f"root:x:0:\nnogroup:x:65534:\npi:x:{PI}:\n"
_SHADOW = "root:*:1::::::\nsshd:*:1::::::\npi:*:1::::::\n"
_NAMES = "passwd: files\ngroup: files\nshadow: files\nhosts: files\n"


@dataclass(frozen=True)
class Keys:
    """Key pairs, as OpenSSH's files."""

    host: Path
    client: Path
    other: Path  # of somebody else


def make_keys(folder: Path) -> Keys:
    """Make new keys."""
    keys = Keys(folder / "host", folder / "client", folder / "other")
    for path in (keys.host, keys.client, keys.other):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", str(path)], check=True
        )
    return keys


class SshBoard:
    """A board that is switched on, reached through `wire`.

    Args:
        name: The root's, and the host's in ssh's configuration.
        folder: Where the board's disk and log are.
        keys: The host's key, and the client's that it lets in.
        limits: Bytes of folders that are to be small file systems.
    """

    def __init__(
        self, name: str, folder: Path, keys: Keys, limits: Mapping[str, int | str] | None = None
    ) -> None:
        self.name = name
        self.keys = keys
        cpu = CORTEX_A7 if ROOTS[name].architecture == "armhf" else CORTEX_A72
        config = {
            "sshd_config": f"{_SERVER}SetEnv QEMU_CPU={cpu.name}\n",
            "host_key": keys.host.read_text(),
            "authorized_keys": keys.client.with_suffix(".pub").read_text(),
            "passwd": f"{_PASSWD}{ROOTS[name].shell}\n",
            "group": _GROUP,
            "shadow": _SHADOW,
            "nsswitch.conf": _NAMES,
        }
        replaced = {f"/etc/{file}": file for file in ("passwd", "group", "nsswitch.conf", "shadow")}
        self.board = Board(
            name=name,
            root=root_folder(name),
            program=("/usr/sbin/sshd", "-D", "-e", "-f", f"{CONFIG}/sshd_config"),
            disk=folder,
            folders={HOME: PI, **dict.fromkeys(limits or {}, PI)},
            config=config,
            readable=[file for file in config if file not in ("host_key", "shadow")],
            replaced=replaced,
            limits=dict(limits or {}),
            cpu=cpu,
        )
        self.wire = Wire(lambda: self.board.connect(PORT))
        self.start()

    def start(self) -> None:
        """Switch it on and wait until it answers."""
        self.board.start()
        wait_until(self._answers, lambda: f"{self.name} to answer; its sshd said: {self.board.log()}")

    def reboot(self) -> None:
        """Pull the plug and put it back: the disk stays, everything else is new."""
        self.board.stop()
        self.wire.cut()
        self.start()

    def stop(self) -> None:
        """Switch it off and take the wire away."""
        self.wire.close()
        self.board.stop()

    def new_host_key(self) -> None:
        """Become another computer at the same address, as far as keys can tell."""
        self.board.config = {**self.board.config, "host_key": self.keys.other.read_text()}
        self.reboot()

    def shut_out(self) -> None:
        """Let nobody in whose key it knew."""
        self.board.config = {
            **self.board.config,
            "authorized_keys": self.keys.other.with_suffix(".pub").read_text(),
        }
        self.reboot()

    def path(self, inside: str) -> Path:
        """Return where a file of the board is found on this computer."""
        return self.board.path(inside)

    def written(self) -> set[str]:
        """Return everything that is in the folders a user can write, as paths on the board."""
        found = set()
        for folder in (HOME, "/tmp", "/var/tmp", "/dev/shm"):
            place = self.path(folder)
            found |= {f"{folder}/{path.relative_to(place)}" for path in place.rglob("*")}
        return found

    def wait_idle(self) -> None:
        """Wait until nothing runs there any more."""
        wait_until(lambda: not self.board.processes(), lambda: f"{self.board.processes()} to end")

    def assert_tidy(self, folder: str = FOLDER) -> None:
        """Make sure that edgekit has left nothing running, and in its own folder only what may stay."""
        self.wait_idle()
        written = self.written()
        outside = {path for path in written if not path.startswith(f"{folder}/") and path not in folder}
        assert not outside
        inside = {
            path.removeprefix(f"{folder}/").split("/")[0] for path in written - outside if path not in folder
        }
        assert inside <= {".edgekit", "blobs", "incoming", "tmp", "running"}
        assert not list(self.path(folder).glob("incoming/*")) + list(self.path(folder).glob("tmp/*"))

    def _answers(self) -> bool:
        try:
            with self.board.connect(PORT) as door:
                return door.recv(4) == b"SSH-"
        except (OSError, IndexError):
            return False


def profile(board: str, **fields: object) -> Profile:
    """Return the profile of a board that is switched on."""
    given = {"description": "", "transport": "ssh", "name": board, "address": board, **fields}
    return msgspec.convert(given, Profile)


class SshLab:
    """Boards for one test, and the ssh that knows them.

    OpenSSH takes its user's home from the system, not from the environment, so `programs` holds an `ssh`,
    and its relatives, that add `-F` with this lab's configuration and are the system's otherwise.
    """

    def __init__(self, folder: Path, keys: Keys) -> None:
        self.folder = folder
        self.programs = folder / "bin"
        self.config = folder / "config"
        self.known_hosts = folder / "known_hosts"
        self._keys = keys
        self._boards: list[SshBoard] = []
        self.programs.mkdir(parents=True)
        self.config.touch()
        self.known_hosts.touch()
        for name in ("ssh", "scp", "sftp"):
            real = shutil.which(name)
            assert real, f"{name} is not installed"
            (self.programs / name).write_text(
                f'#!/bin/sh\nexec {real} -F {shlex.quote(str(self.config))} "$@"\n'
            )
            (self.programs / name).chmod(0o755)

    def board(self, name: str, limits: Mapping[str, int | str] | None = None) -> SshBoard:
        """Switch a board on; ssh then knows it as `name`, with the right keys."""
        board = SshBoard(name, self.folder / name, self._keys, limits)
        self._boards.append(board)
        with self.config.open("a") as file:
            file.write(
                f"Host {name}\n  HostName 127.0.0.1\n  Port {board.wire.port}\n  User pi\n"
                f'  IdentityFile "{self._keys.client}"\n  UserKnownHostsFile "{self.known_hosts}"\n'
                "  GlobalKnownHostsFile none\n  IdentitiesOnly yes\n"
            )
        self.trust(board, self._keys.host)
        return board

    def trust(self, board: SshBoard, host: Path) -> None:
        """Let ssh expect that key of a board, and no other."""
        at = f"[127.0.0.1]:{board.wire.port} "
        others = [line for line in self.known_hosts.read_text().splitlines(True) if not line.startswith(at)]
        self.known_hosts.write_text("".join([*others, at, host.with_suffix(".pub").read_text()]))

    def close(self) -> None:
        """Switch every board off."""
        for board in self._boards:
            board.stop()
