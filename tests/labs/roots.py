"""The root file systems of the test boards, unpacked from Debian's packages."""

from __future__ import annotations

import compileall
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from labs import android_root, flock

BASH = "/bin/bash"
PI = 1000  # the first user of a Raspberry Pi

_TOOLS = (
    "base-files bash coreutils dash debianutils findutils grep gzip hostname mawk procps sed tar util-linux "
    "libacl1 libattr1 libblkid1 libc-bin libc6 libcap-ng0 libcap2 libcrypt1 libgcc-s1 libgcrypt20 libgmp10 "
    "libgpg-error0 liblz4-1 liblzma5 libmd0 libmount1 libncursesw6 libpcre2-8-0 libproc2-0 libselinux1 "
    "libsmartcols1 libsystemd0 libtinfo6 libudev1 libuuid1 libzstd1 zlib1g"
)
_PYTHON = (
    "libpython3.11-minimal libpython3.11-stdlib python3-minimal python3.11-minimal "
    "libbz2-1.0 libexpat1 libffi8 libsqlite3-0 libssl3 libstdc++6"
)


@dataclass(frozen=True)
class Root:
    """A root: Debian's name of its architecture, its packages, and what is done after unpacking them."""

    architecture: str
    packages: tuple[str, ...]
    finish: Callable[[Path], None]
    shell: str = "/bin/sh"  # who logs in gets it

    def key(self) -> str:
        """Return a name of everything the root is built from, except the packages' versions."""
        sources = [Path(file).read_text() for file in (self.finish.__code__.co_filename, flock.__file__)]
        parts = [self.architecture, *self.packages, *sources]
        return sha256("\n".join(parts).encode()).hexdigest()[:12]


def finish_pi(root: Path) -> None:
    """Do what the packages' scripts would: links, users, compiled modules."""
    _merge_usr(root)
    (root / "usr/bin/sh").unlink(missing_ok=True)
    (root / "usr/bin/sh").symlink_to("dash")
    (root / "usr/bin/awk").symlink_to("mawk")
    _people(root, BASH)
    _compile(root)


def finish_bare(root: Path) -> None:
    """Make a root of busybox alone."""
    busybox = next(path for path in (root / "bin/busybox", root / "usr/bin/busybox") if path.is_file())
    kept, locking = busybox.read_bytes(), flock.take(root)
    shutil.rmtree(root)
    (root / "bin").mkdir(parents=True)
    (root / "bin/busybox").write_bytes(kept)
    (root / "bin/busybox").chmod(0o755)
    listed = subprocess.run(
        ["chroot", root, "/bin/busybox", "--list"], capture_output=True, text=True, check=True
    )
    for name in listed.stdout.split():
        if name != "busybox":
            (root / "bin" / name).symlink_to("busybox")
    flock.put(root, locking, root / "bin/flock", "/bin/sh")
    (root / "usr").mkdir()
    (root / "usr/bin").symlink_to("../bin")
    _people(root, "/bin/sh")


ROOTS = {
    "pi64": Root("arm64", tuple(f"{_TOOLS} {_PYTHON}".split()), finish_pi, BASH),
    "pi32": Root("armhf", tuple(f"{_TOOLS} {_PYTHON}".split()), finish_pi, BASH),
    "bare64": Root("arm64", ("busybox-static", *flock.PACKAGES), finish_bare),
    android_root.NAME: Root(android_root.ARCHITECTURE, android_root.PACKAGES, android_root.finish_android),
}


def labs_folder() -> Path:
    """Return where the roots are kept."""
    return Path(os.environ.get("EDGEKIT_LABS") or Path.home() / ".cache/edgekit/labs")


def root_folder(name: str) -> Path:
    """Return where a root lies: its name changes with what it is built from."""
    return labs_folder() / f"{name}-{ROOTS[name].key()}"


def _merge_usr(root: Path) -> None:
    """Move /bin, /sbin and /lib into /usr, as on every Debian since 12."""
    for name in ("bin", "sbin", "lib"):
        source, target = root / name, root / "usr" / name
        if source.is_dir() and not source.is_symlink():
            shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(source)
        if not source.is_symlink():
            target.mkdir(parents=True, exist_ok=True)
            source.symlink_to(f"usr/{name}")


def _people(root: Path, shell: str) -> None:
    for folder in ("dev", "etc", "home/pi", "proc", "sys", "tmp", "var/tmp"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "etc/passwd").write_text(f"root:x:0:0::/root:/bin/sh\npi:x:{PI}:{PI}::/home/pi:{shell}\n")
    (root / "etc/group").write_text(f"root:x:0:\npi:x:{PI}:\n")


def _compile(root: Path) -> None:
    """Compile Python's own modules, with the same Python where this computer runs it, else on the root's."""
    library = "usr/lib/python3.11"
    if sys.version_info[:2] == (3, 11):
        compileall.compile_dir(root / library, quiet=2, workers=0, stripdir=root, prependdir="/")
        return
    # without -j: its workers need /dev/shm
    command = ["chroot", str(root), "/usr/bin/python3.11", "-m", "compileall", "-q", f"/{library}"]
    subprocess.run(command, check=True)
