"""Asking the guest as a device would: a fresh process, one request, one answer."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import edgekit
from edgekit.runtime import KINDS, RuntimeSpec, ensure_bundle
from edgekit.runtime.catalogue import default_version
from edgekit.runtime.target import this_python

GUEST = Path(edgekit.__file__).parent / "guest" / "edgekit_guest.py"
MODELS = Path(__file__).parent / "models"
COUNTING_TIME = (str(Path(__file__).parent / "counting_time.py"),)
MISBEHAVING = Path(__file__).parent / "misbehaving"
SHORT = {"min_runs": 20, "min_seconds": 0.02, "warmup_seconds": 0.01}


def run_guest(request, *, python=sys.executable, before=(), **variables):
    """Run the guest on a request (a dict, or the text itself), or a script that runs it."""
    text = request if isinstance(request, str) else json.dumps(request)
    command = [python, "-I", "-S", "-B", *before, str(GUEST), "-"]
    return subprocess.run(
        command,
        input=text + "\n",
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def ask(request, **options):
    """Return the guest's answer."""
    return json.loads(run_guest(request, **options).stdout)


def bundle_path(name):
    """The folder of a runtime's bundle for this Python; skips where the runtime has no wheels for it."""
    target = this_python()
    if default_version(KINDS[name], target) is None:
        pytest.skip(f"{name} has no wheels for Python {target.python}; Python 3.10 and 3.11 have them")
    return str(ensure_bundle(RuntimeSpec(KINDS[name]), target).folder)


def real(name, file, **fields):
    """A request for one of the small models with a real runtime."""
    defaults = {"pass": "latency", "runtime": name, "path": [bundle_path(name)], "model": str(MODELS / file)}
    return {**defaults, **SHORT, "output_shape": [1, 3], **fields}
