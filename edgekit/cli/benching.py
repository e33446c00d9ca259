"""One bench on several devices, each with a result of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgekit.errors import EdgekitError, UsageError

if TYPE_CHECKING:
    from edgekit.device import Profile
    from edgekit.measurement import BenchRequest
    from edgekit.results import Result

_INTERRUPTED = 130  # as a shell says it of a program that SIGINT ended
_LACKING, _INVALID = 3, 4


def profiles(names: Sequence[str], address: str, user: str, output: Path | None) -> list[Profile]:
    """Return the profiles of the devices named, each once.

    Raises:
        UsageError: A device is not known, or an option that is for one device is given with several.
    """
    from edgekit.device import find_profile, reached_at

    chosen = [find_profile(name) for name in dict.fromkeys(names)]
    if output and len(chosen) > 1:
        raise UsageError(
            f"--output {output} is for one device; {len(chosen)} are named.",
            "Leave it out: each device's result then has a file of its own in results/.",
        )
    remote = [profile for profile in chosen if profile.remote]
    if (address or user) and len(remote) > 1:
        raise UsageError(
            "--address and --user are for one device; several are named.",
            "Write down where each is: edgekit devices add NAME --ssh USER@HOST",
        )
    if (address or user) and not remote:
        reached_at(chosen[0], address=address, user=user)  # says why it has none
    return [
        reached_at(profile, address=address, user=user) if profile in remote else profile
        for profile in chosen
    ]


def measure_each(
    request: BenchRequest, chosen: Sequence[Profile], output: Path | None
) -> tuple[list[tuple[Result, Path]], int]:
    """Measure on one device after the other; one that fails does not take the others' results away.

    Returns:
        The results with their files, and the exit code; results may be none where several devices failed.

    Raises:
        EdgekitError: The only device gave no result.
        KeyboardInterrupt: Interrupted before anything was measured.
    """
    from edgekit.cli.console import progress_bar, show_error, show_interrupted
    from edgekit.files import OUTPUT, storage_errors
    from edgekit.measurement import bench, save_result
    from edgekit.results import write_result

    measured: list[tuple[Result, Path]] = []
    failures: list[EdgekitError] = []
    interrupted = False
    for profile in chosen:
        try:
            with progress_bar() as progress:
                result = bench(replace(request, device=profile), progress)
                with storage_errors(output or Path("results"), OUTPUT):
                    if output:
                        write_result(output, result)
                    measured.append((result, output or save_result(result)))
        except EdgekitError as error:
            if len(chosen) == 1:
                raise
            show_error(type(error)(f"{profile.name}: {error.what}", error.hint))
            failures.append(error)
        except KeyboardInterrupt:
            if not measured:
                raise
            show_interrupted()
            interrupted = True
        if interrupted or (measured and measured[-1][0].ended == "interrupted"):
            return measured, _INTERRUPTED
    return measured, _exit_code([result for result, _ in measured], failures)


def _exit_code(results: Sequence[Result], failures: Sequence[EdgekitError]) -> int:
    """What is lacking counts more than what is invalid; where nothing was measured, the first failure."""
    if failures and not results:
        return failures[0].exit_code
    if failures or any(result.partial for result in results):
        return _LACKING
    return 0 if all(m.valid for result in results for m in result.measurements) else _INVALID
