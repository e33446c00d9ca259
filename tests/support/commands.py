"""Commands run as a person runs them: a process of their own in a folder of their own."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Where a bench has to work, and nobody looks at what its times are worth, a repeat need not last two seconds.
_BRIEFLY = """
import sys
from dataclasses import replace
from edgekit.measurement.request import MODES
MODES["quick"] = replace(MODES["quick"], min_runs=16, min_seconds=0.0, warmup_seconds=0.0)
"""
BRIEF = ("-c", f"{_BRIEFLY}from edgekit.cli import main; sys.argv[0] = 'edgekit'; main()")
BRIEF_SCRIPT = ("-c", f"{_BRIEFLY}import runpy; runpy.run_path('script.py', run_name='__main__')")


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """Standard error as one line, however the terminal wrapped it."""
        return " ".join(self.err.split())


def measure(*args: str | Path, cwd: Path, **more: Any) -> Done:
    """Run a brief bench that must measure everything; some times may be too noisy on a busy computer."""
    done = run("bench", *args, cwd=cwd, code=None, program=BRIEF, **more)
    assert done.code in (0, 4), f"exit {done.code}\n{done.out}\n{done.err}"
    return done


def run(
    *args: str | Path,
    cwd: Path,
    code: int | None = 0,
    timeout: float = 300,
    python: str | Path = sys.executable,
    program: Sequence[str | Path] = ("-m", "edgekit"),
    **env: str,
) -> Done:
    """Run an edgekit command; it must end with `code` (None: any) and without a traceback."""
    environment = {**os.environ, "COLUMNS": "120", **env}
    if python != sys.executable:
        environment.pop("PYTHONPATH", None)  # it has an edgekit of its own
    done = subprocess.run(
        [python, *map(str, (*program, *args))],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=timeout,
        check=False,
    )
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    assert code is None or done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return Done(done.returncode, done.stdout, done.stderr)
