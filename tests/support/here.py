"""A device for tests: this computer, reached through its shell as another one would be."""

from __future__ import annotations

import os

from edgekit.device import Profile
from edgekit.device.shell import ShellTransport
from edgekit.errors import DeviceError, TransientDeviceError


class HereTransport(ShellTransport):
    """Runs every command on this computer, with a home of its own."""

    default_folder = "~/.cache/edgekit"
    default_python = "python3"

    def __init__(self, profile, home, path):
        super().__init__(profile)
        self.home, self.path = home, path
        self.prelude = ""  # what a login shell does first

    def _command(self, words, *, hold=False):
        # a session of its own, as a server's: what ends the near end does not end what runs there
        environment = ["setsid", "--wait", "env", f"HOME={self.home}", f"PATH={self.path}"]
        return [*environment, "sh", "-c", self.prelude + words]

    def _error(self, said):
        return TransientDeviceError(f"The connection was lost: {said.strip()}")

    def _unstartable(self, error):
        return DeviceError(f"No shell: {error.strerror}.")

    def _reach(self):
        pass

    def _leave(self):
        pass


class Here:
    """The device, and what can be seen of it from outside."""

    def __init__(self, folder):
        self.home = folder / "home"
        self.programs = folder / "programs"  # wins over the system's
        self.policies = folder / "cpufreq"
        for path in (self.home, self.programs, self.policies):
            path.mkdir()
        self.opened = []

    @property
    def edgekit(self):
        return self.home / ".cache" / "edgekit"

    @property
    def blobs(self):
        return self.edgekit / "blobs"

    def transport(self, **fields):
        profile = Profile(**{"description": "A board", "transport": "ssh", "name": "board", **fields})
        made = HereTransport(profile, self.home, f"{self.programs}:{os.environ['PATH']}")
        made.policies = str(self.policies)
        self.opened.append(made)
        return made

    def connect(self, progress=None, **fields):
        made = self.transport(**fields)
        made.connect(*([progress] if progress else []))
        return made

    def program(self, name, text):
        path = self.programs / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def governor(self, value, cpu=0):
        path = self.policies / f"policy{cpu}" / "scaling_governor"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{value}\n")
        return path
