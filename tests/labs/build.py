"""Build the test boards' root file systems: `make lab`.

Installs the Debian packages the labs need (as root; otherwise it names them), lets Linux run Arm programs
through qemu, and unpacks what is missing of the roots into `$EDGEKIT_LABS`, or `~/.cache/edgekit/labs`. There
MediaPipe goes, too, which stands for the apps that load our files.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from edgekit.debian import fetch_packages
from edgekit.errors import EdgekitError
from edgekit.files import new_folder
from labs import mediapipe_app
from labs.roots import ROOTS, Root, labs_folder, root_folder

# what each lab executes, and the Debian package it is in
PROGRAMS = {
    "/usr/sbin/sshd": "openssh-server",
    "/usr/bin/ssh": "openssh-client",
    "/usr/bin/adb": "adb",
    "/usr/bin/qemu-aarch64-static": "qemu-user-static",
    "/usr/bin/qemu-system-aarch64": "qemu-system-arm",
    "/usr/sbin/ip": "iproute2",
    "/usr/bin/chromium": "chromium",  # pages are looked at in it
    # login shells
    "/usr/bin/busybox": "busybox",
    "/usr/bin/zsh": "zsh",
    "/usr/bin/ksh93": "ksh93u+m",
    "/usr/bin/mksh": "mksh",
    "/usr/bin/fish": "fish",
    "/usr/bin/tcsh": "tcsh",
    "/usr/bin/bsd-csh": "csh",
}
BINFMT = Path("/proc/sys/fs/binfmt_misc")
POLICY = Path("/usr/sbin/policy-rc.d")


def main() -> int:
    if os.geteuid() != 0:
        packages = " ".join(sorted(set(PROGRAMS.values())))
        print("The labs mount file systems and change roots: only root can build and use them.")
        print(f"    sudo apt-get install {packages}\n    sudo make lab")
        return 3
    try:
        _install()
        _register()
        for name, root in ROOTS.items():
            _build(name, root)
        _build_app()
    except EdgekitError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except subprocess.CalledProcessError as error:
        print(f"{' '.join(map(str, error.cmd))} exited with status {error.returncode}.", file=sys.stderr)
        return 3
    return 0


def arm_runs() -> bool:
    """Tell whether Linux starts Arm programs through qemu, in any root."""
    return all((BINFMT / f"qemu-{name}").exists() for name in ("aarch64", "arm"))


def _install() -> None:
    missing = sorted({package for program, package in PROGRAMS.items() if not Path(program).exists()})
    if not missing:
        return
    print(f"Installing {', '.join(missing)}", flush=True)
    command = ["apt-get", "install", "--yes", "--quiet=2", "--no-install-recommends", *missing]
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    ours = not POLICY.exists()
    if ours:  # 101: nothing is started; the labs start their own sshd, on the loopback of their own network
        POLICY.write_text("#!/bin/sh\nexit 101\n")
        POLICY.chmod(0o755)
    try:
        if subprocess.run(command, env=quiet, check=False).returncode:
            subprocess.run(["apt-get", "update", "--quiet=2"], env=quiet, check=True)
            subprocess.run(command, env=quiet, check=True)
    finally:
        if ours:
            POLICY.unlink()


def _register() -> None:
    """Register qemu for Arm programs with Linux: it forgets that when the computer is restarted."""
    if not (BINFMT / "register").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", str(BINFMT)], check=True)
    for name in ("aarch64", "arm"):
        if not (BINFMT / f"qemu-{name}").exists():
            rule = Path(f"/usr/lib/binfmt.d/qemu-{name}.conf").read_text().strip()
            (BINFMT / "register").write_text(rule)


def _build(name: str, root: Root) -> None:
    folder = root_folder(name)
    if folder.is_dir():
        print(f"{name}: {folder}")
        return
    begin = time.monotonic()
    for older in folder.parent.glob(f"{name}-*"):
        shutil.rmtree(older)
    with new_folder(folder) as staging:
        fetch_packages(root.packages, root.architecture, staging)
        root.finish(staging)
        staging.chmod(0o755)
    print(f"{name}: {folder} (built in {time.monotonic() - begin:.0f} s)", flush=True)


def _build_app() -> None:
    folder = mediapipe_app.packages_folder(labs_folder())
    if not folder.is_dir():
        with new_folder(folder) as staging:
            mediapipe_app.install(staging)
            staging.chmod(0o755)
    print(f"mediapipe: {folder}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
