"""Which CPUs an int8 file suits, and whether this host is one of them."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Literal

import numpy as np

from edgekit.conversion.answers import answers
from edgekit.conversion.quality import Outputs, Reference
from edgekit.errors import InvalidError
from edgekit.stats import paired_drop, wilson

Target = Literal["portable", "arm64", "x86-vnni", "x86-avx2"]

NOISE = 0.01  # share of images whose top-1 may change by rounding alone
_VNNI = {"avx512_vnni", "avx_vnni"}


def suits_host(target: Target) -> bool:
    """Whether this host computes as the target does, so that its fast kernels may judge the file."""
    machine = platform.machine().lower()
    x86 = machine in ("x86_64", "amd64")
    if target == "arm64":
        return machine in ("aarch64", "arm64")
    if target == "x86-vnni":
        return x86 and not _VNNI.isdisjoint(_cpu_flags())
    return target == "portable" or x86


def check_saturation(name: str, target: Target, reference: Reference, fast: Outputs, literal: Outputs) -> int:
    """Refuse a file whose answers change when the runtime uses its fast kernels.

    Those of AVX2 add two 8-bit products in 16 bits and saturate if the weights use the full range; the
    same graph executed node by node does not. Rounding alone changes few answers, for better and worse.

    Args:
        reference: How the scores are read, and the class of each image.
        fast: Outputs with every optimization, [n, …] each.
        literal: Outputs without any.

    Returns:
        How many answers change.

    Raises:
        InvalidError: More than 1 % of the answers change, or accuracy is lost, both at 95 % confidence.
    """
    ours, truth = answers(fast[0], reference.head), answers(literal[0], reference.head)
    if ours is None or truth is None:
        return 0
    changed, n = int(np.sum(ours != truth)), len(ours)
    here, plain = reference.judged(ours), reference.judged(truth)
    drop, drop_low, _ = (0.0, 0.0, 0.0) if here is None or plain is None else paired_drop(plain, here)
    if wilson(changed, n)[0] > NOISE or drop_low > 0:
        raise InvalidError(
            f"{name} saturates on this CPU: with the runtime's fast kernels the top-1 of {changed} of {n} "
            f"images changes and accuracy falls by {drop * 100:.2f} pp.",
            f"Its weights suit {target} only: convert with --target portable.",
        )
    return changed


def _cpu_flags() -> set[str]:
    """The CPU's features as Linux lists them; empty elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return set()
    return next((set(line.split(":")[1].split()) for line in lines if line.startswith("flags")), set())
