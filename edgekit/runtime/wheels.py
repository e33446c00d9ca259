"""Wheels into a folder, for one Python and platform. uv resolves, downloads and unpacks them.

uv has no 32-bit Arm among its platforms; there pip does.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from edgekit.errors import RuntimeMissingError, StorageError
from edgekit.lookup import CACHE_ELSEWHERE, tool_folders
from edgekit.runtime.target import ARMV7, PythonTarget

TIMEOUT = 1800  # seconds; a slow line needs minutes for 30 MB

# pip's settings for where packages come from, and what uv calls them
_PIP_SETTINGS = {
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_EXTRA_INDEX_URL": "UV_INDEX",
    "PIP_FIND_LINKS": "UV_FIND_LINKS",
    "PIP_CERT": "SSL_CERT_FILE",
}

# what makes uv or pip install another version than it is asked for, or look elsewhere for its settings
_PINS = ("UV_OVERRIDE", "UV_CONSTRAINT", "UV_EXCLUDE", "UV_PROJECT", "UV_WORKING_DIR", "PIP_CONSTRAINT")

_NO_MATCH = "No matching distribution found"  # pip's words

# whatever a wheel's name promises about the C library: see target.py
_ARMV7_PLATFORMS = (f"manylinux_2_34_{ARMV7}", f"manylinux2014_{ARMV7}", f"linux_{ARMV7}")


def install_wheels(folder: Path, requirements: Sequence[str], target: PythonTarget, what: str) -> None:
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
    with TemporaryDirectory() as nowhere:
        command = _pip() if installer(target) == "pip" else _uv(nowhere)
        command += ["--target", str(folder), "--only-binary", ":all:", "--no-deps"]
        done = _run([*command, *_platform(target), *requirements], what)
    (folder / ".lock").unlink(missing_ok=True)  # uv's own
    if done.returncode:
        raise _error(done.stderr, what, target)


def installer(target: PythonTarget) -> str:
    """Return who installs for a target: uv or pip."""
    return "pip" if target.platform == ARMV7 else "uv"


def _uv(nowhere: str) -> list[str]:
    from uv import find_uv_bin

    # copies: a bundle must not change when somebody changes uv's cache. Nowhere: the settings of the
    # project that edgekit runs in must not decide what is in a bundle
    command = [find_uv_bin(), "pip", "install", "--link-mode", "copy", "--project", nowhere]
    return [*command, "--no-index"] if os.environ.get("PIP_NO_INDEX") else command


def _pip() -> list[str]:
    command = [sys.executable, "-m", "pip", "install", "--no-compile", "--disable-pip-version-check"]
    return [*command, "--no-index"] if os.environ.get("UV_OFFLINE") else command


def _platform(target: PythonTarget) -> list[str]:
    """Return the options that say which Python the wheels are for."""
    if target.platform == ARMV7:
        platforms = [option for name in _ARMV7_PLATFORMS for option in ("--platform", name)]
        return [*platforms, "--implementation", "cp", "--python-version", target.python]
    python = ["--python", target.executable or sys.executable]
    if not target.platform:
        return python
    return [*python, "--python-platform", target.platform, "--python-version", target.python]


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
    """Return the environment for uv: the user's without pins, and pip's index settings where uv has none.

    Likewise for pip, where only uv is told where packages come from.
    """
    settings = {name: value for name, value in host.items() if name not in _PINS}
    for pip, uv in _PIP_SETTINGS.items():
        if pip in host and uv not in host:
            # pip separates several values by spaces; uv separates links by commas
            settings[uv] = ",".join(host[pip].split()) if uv == "UV_FIND_LINKS" else host[pip]
        elif uv in host and pip not in host:
            settings[pip] = " ".join(host[uv].split(",")) if uv == "UV_FIND_LINKS" else host[uv]
    # a bundle is for a Python that is there; edgekit installs none
    return {
        **tool_folders(),
        **settings,
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_NO_PROGRESS": "1",
        "NO_COLOR": "1",
    }


def _error(said: str, what: str, target: PythonTarget) -> RuntimeMissingError | StorageError:
    """Turn uv's words into one sentence, without the addresses in them."""
    if "No space left on device" in said or "os error 28" in said:
        return StorageError(
            f"The disk is full: {what} could not be unpacked.",
            f"Free some space, or {CACHE_ELSEWHERE}.",
        )
    if "network was disabled" in said or (os.environ.get("UV_OFFLINE") and _NO_MATCH in said):
        reason = "the network is switched off (UV_OFFLINE) and it is not in uv's cache."
    elif _NO_MATCH in said:
        reason = _unmatched(said)
    else:
        reason = _shortened(said)
    if reason.startswith("there "):
        return RuntimeMissingError(f"{what} is not available for {target}: {reason}")
    return RuntimeMissingError(
        f"{what} for {target} could not be fetched: {reason}",
        "Connect to the network once: what was fetched stays in the cache and works offline.",
    )


def _unmatched(said: str) -> str:
    """Return why pip found nothing; it has one sentence for every reason."""
    if "Retrying (" in said:
        return "the package index could not be reached."
    if "(from versions: none)" in said:
        return "no wheel was found."
    return "there is no such version with a wheel for it."


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
