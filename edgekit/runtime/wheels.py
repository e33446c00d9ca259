"""Wheels into a folder, for one Python and platform. uv resolves, downloads and unpacks them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from edgekit.errors import RuntimeMissingError, StorageError
from edgekit.runtime.target import Target

TIMEOUT = 1800  # seconds; a slow line needs minutes for 30 MB

# pip's settings for where packages come from, and what uv calls them
_PIP_SETTINGS = {
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_EXTRA_INDEX_URL": "UV_INDEX",
    "PIP_FIND_LINKS": "UV_FIND_LINKS",
    "PIP_CERT": "SSL_CERT_FILE",
}

# what makes uv install another version than it is asked for, or look elsewhere for its settings
_UV_PINS = ("UV_OVERRIDE", "UV_CONSTRAINT", "UV_EXCLUDE", "UV_PROJECT", "UV_WORKING_DIR")


def install_wheels(folder: Path, requirements: Sequence[str], target: Target, what: str) -> None:
    """Unpack exactly these pinned requirements, as wheels, without what they depend on.

    Args:
        folder: An empty one.
        requirements: `name==version`.
        target: The Python that will import them.
        what: What an error calls them.

    Raises:
        RuntimeMissingError: No such version, no wheel for the target, or no network.
        StorageError: The disk is full.
    """
    from uv import find_uv_bin

    command = [
        find_uv_bin(),
        "pip",
        "install",
        "--target",
        str(folder),
        "--only-binary",
        ":all:",
        "--no-deps",
    ]
    # copies: a bundle must not change when somebody changes uv's cache
    command += ["--link-mode", "copy", "--python", target.executable or sys.executable]
    if target.platform:
        command += ["--python-platform", target.platform, "--python-version", target.python]
    if os.environ.get("PIP_NO_INDEX"):
        command.append("--no-index")
    with TemporaryDirectory() as nowhere:
        # the settings of the project that edgekit runs in must not decide what is in a bundle
        done = _run([*command, "--project", nowhere, *requirements], what)
    (folder / ".lock").unlink(missing_ok=True)  # uv's own
    if done.returncode:
        raise _error(done.stderr, what, target)


def _run(command: Sequence[str], what: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            env=environment(os.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RuntimeMissingError(
            f"{what} was not fetched within {TIMEOUT / 60:.0f} minutes.",
            "Try again with a faster connection: what arrived stays in uv's cache.",
        ) from error


def environment(host: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for uv: the user's without pins, and pip's index settings where uv has none."""
    settings = {name: value for name, value in host.items() if name not in _UV_PINS}
    for pip, uv in _PIP_SETTINGS.items():
        if pip in host and uv not in host:
            # pip separates several values by spaces; uv separates links by commas
            settings[uv] = ",".join(host[pip].split()) if uv == "UV_FIND_LINKS" else host[pip]
    # a bundle is for a Python that is there; edgekit installs none
    return {**settings, "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "NO_COLOR": "1"}


def _error(said: str, what: str, target: Target) -> RuntimeMissingError | StorageError:
    """Turn uv's words into one sentence, without the addresses in them."""
    if "No space left on device" in said or "os error 28" in said:
        return StorageError(
            f"The disk is full: {what} could not be unpacked.",
            "Free some space, or keep the bundles elsewhere: set EDGEKIT_CACHE.",
        )
    if "network was disabled" in said:
        reason = "the network is switched off (UV_OFFLINE) and it is not in uv's cache."
    else:
        reason = _shortened(said)
    if reason.startswith("there "):
        return RuntimeMissingError(f"{what} cannot be had for {target}: {reason}")
    return RuntimeMissingError(
        f"{what} for {target} could not be fetched: {reason}",
        "Connect to the network once: what was fetched stays in the cache and works offline.",
    )


def _shortened(said: str) -> str:
    """Keep the first and the last cause, without addresses and without what may be a secret in them."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    unsolved = next((line for line in lines if "Because" in line), "")
    if unsolved:  # a resolver's proof: its first premise is the news
        premise = unsolved.partition("Because ")[2].partition(" and you require")[0]
        return _without_addresses(
            premise if premise.startswith("there ") else f"there is a conflict: {premise}"
        )
    causes = [line.partition(":")[2].strip() for line in lines if line.startswith(("error:", "cause:"))]
    return _without_addresses("; ".join(dict.fromkeys([*causes[:1], *causes[-1:]])) or " ".join(lines[-1:]))


def _without_addresses(text: str) -> str:
    return re.sub(r"[`(]*\b[a-z+]+://\S+", "…", text)[:300].rstrip(".") + "."
