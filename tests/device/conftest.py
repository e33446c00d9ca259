"""A device, and what is to be sent to it."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pytest
from support.here import Here

from edgekit.device import Payload
from edgekit.progress import Recorder


@pytest.fixture
def here(tmp_path):
    folder = tmp_path / "device"
    folder.mkdir()
    device = Here(folder)
    yield device
    for transport in device.opened:
        transport.close()


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def payload(tmp_path):
    """Make a file's payload."""

    def make(name, content):
        path = tmp_path / name
        path.write_bytes(content)
        return Payload(path, hashlib.sha256(content).hexdigest(), len(content))

    return make


@pytest.fixture
def wait_until():
    def wait(condition, seconds=30):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end
            time.sleep(0.02)

    return wait


@pytest.fixture
def is_alive():
    def alive(pid):
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    return alive
