"""How many threads linear algebra uses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute matrix products on one thread.

    The products here are small. On several threads their order of summation would depend on the computer,
    and where other work goes on, threads that wait for each other take many times as long.
    """
    import scipy.linalg  # noqa: F401 - brings a BLAS of its own, which must be there to be limited
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(1, "blas"):
        yield
