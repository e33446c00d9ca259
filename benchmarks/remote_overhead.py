"""What a bench on a board takes beyond the measuring: python benchmarks/remote_overhead.py ADDRESS SET

Runs one bench over SSH after another has brought everything there, and takes off the time in which the
guest's processes ran, from being started to having ended, which is the measuring. What is left is finding
the board, locking it, looking at what lies there, checking the bundles here, judging and letting go. To that
is added what starting a process there costs each time: the time of a command that does nothing, as often as
there were processes. On an emulated board that is mostly the emulation's own start-up, so the sum is an
upper bound.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from edgekit.device import Completed, Profile
from edgekit.device.ssh import SshTransport
from edgekit.measurement import BenchRequest, Schedule, bench

NOTHINGS = 9


class Watched(SshTransport):
    """A transport that notes how long its commands took."""

    def __init__(self, profile: Profile) -> None:
        super().__init__(profile)
        self.seconds: list[float] = []

    def run(self, argv: Sequence[str], *, stdin: str, deadline: float) -> Completed:
        """Run a command and note its time."""
        start = time.monotonic()
        try:
            return super().run(argv, stdin=stdin, deadline=deadline)
        finally:
            self.seconds.append(time.monotonic() - start)


def main() -> None:
    """Print the overhead."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("address", help="A board's, as ssh takes it.")
    parser.add_argument("artefacts", type=Path, help="An artefact set.")
    chosen = parser.parse_args()
    profile = Profile(description="", transport="ssh", name="board", address=chosen.address)
    request = BenchRequest(
        artefacts=(chosen.artefacts,),
        device=profile,
        threads=(1,),
        accuracy=False,
        memory=False,
        instructions=False,
        mode=Schedule(repeats=1, min_runs=64, min_seconds=0.1, warmup_seconds=0.1),
    )
    bench(request, transport=Watched(profile))
    watched = Watched(profile)
    start = time.monotonic()
    result = bench(request, transport=watched)
    total, processes = time.monotonic() - start, len(watched.seconds)
    around = total - sum(watched.seconds)
    nothing = _nothing(profile)
    print(f"sent            {result.transfer.bytes} bytes; {result.transfer.reused_files} files were there")
    print(f"bench           {total:.2f} s, {processes} processes")
    print(f"around them     {around:.2f} s")
    print(
        f"a process       {nothing:.3f} s to start one that does nothing; {processes * nothing:.2f} s for all"
    )
    print(f"overhead        {around + processes * nothing:.2f} s at most")


def _nothing(profile: Profile) -> float:
    transport = Watched(profile)
    transport.connect()
    try:
        for _ in range(NOTHINGS):
            transport.run(["true"], stdin="", deadline=60)
    finally:
        transport.close()
    return median(transport.seconds)


if __name__ == "__main__":
    main()
