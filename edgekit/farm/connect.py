"""Reaching a Dask scheduler: what is not there, or is something else, is named."""

from __future__ import annotations

import asyncio
import logging
import socket
import warnings
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from edgekit.errors import UnavailableError, UsageError
from edgekit.progress import Progress
from edgekit.words import first_line

if TYPE_CHECKING:
    from distributed import Client

PORT = 8786  # of a scheduler whose address has none, as Dask has it
ANSWER = 10.0  # seconds for a scheduler to answer


def need_dask() -> None:
    """Make sure that Dask is installed, and keep what it logs to itself: what matters is said by edgekit.

    Raises:
        UnavailableError: It is not.
    """
    try:
        import distributed
    except ImportError as error:
        raise UnavailableError(
            "Schedulers and workers need Dask distributed, which is not installed.",
            "In the clone of edgekit: pip install '.[farm]'",
        ) from error
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", category=distributed.versions.VersionMismatchWarning)


def caution(scheduler: str, progress: Progress) -> None:
    """Say what an address without keys means, unless it is of this computer alone."""
    host = urlsplit(scheduler).hostname or ""
    if scheduler.startswith("tcp://") and not (
        host == "localhost" or host.startswith("127.") or host == "::1"
    ):
        progress.note(
            f"{scheduler} has no authentication or encryption: anyone who can reach it can run code on its "
            "workers. docs/farm.md shows how to use tls://."
        )


def greet(scheduler: str) -> None:
    """Make sure that a scheduler answers, and speaks this Dask's version.

    Raises:
        UsageError: It is not an address, or its scheduler has another version.
        UnavailableError: Nothing answers there, or something that is not a Dask scheduler.
    """
    if not scheduler.startswith(("tcp://", "tls://")) or not scheduler[6:].strip("/"):
        raise UsageError(
            f"{scheduler!r} is not a scheduler's address.", "Write it as tls://HOST:8786 or tcp://HOST:8786."
        )
    need_dask()
    import distributed

    try:
        theirs = asyncio.run(_version(scheduler))
    except (OSError, asyncio.TimeoutError) as error:
        raise UnavailableError(
            f"No Dask scheduler answers at {scheduler}: {_reason(error) or 'it says nothing'}.",
            "Start one there, `dask scheduler`, or correct the address; docs/farm.md shows how.",
        ) from error
    except (RuntimeError, TypeError, ValueError) as error:  # as Dask refuses a configuration without keys
        raise UsageError(
            f"{scheduler} cannot be used: {first_line(error).rstrip('.')}.",
            "A tls:// address needs keys in Dask's configuration, and a tcp:// address must have none; "
            "docs/farm.md shows how.",
        ) from error
    if theirs != distributed.__version__:
        raise UsageError(
            f"The scheduler at {scheduler} runs Dask distributed {theirs}; here it is "
            f"{distributed.__version__}.",
            "Install the same version in both places.",
        )


async def _version(scheduler: str) -> str:
    from distributed import Security
    from distributed.core import connect

    async def ask() -> Any:
        keys = Security().get_connection_args("client")
        if scheduler.startswith("tcp://") or keys.get("ssl_context"):
            # Dask tries again until its time is up, and may then not say that it was refused
            await asyncio.to_thread(_knock, scheduler)
        comm = await connect(scheduler, timeout=ANSWER, **keys)
        try:
            await comm.write({"op": "versions", "reply": True})
            return await comm.read()
        finally:
            comm.abort()

    answer = await asyncio.wait_for(ask(), ANSWER + 1)
    try:
        return str(answer["packages"]["distributed"])
    except (KeyError, TypeError):
        raise OSError("what answers is not a scheduler") from None


def _knock(scheduler: str) -> None:
    """Connect once, and let go.

    Raises:
        OSError: Nothing listens there.
    """
    address = urlsplit(scheduler)
    socket.create_connection((address.hostname, address.port or PORT), ANSWER).close()


def _reason(error: BaseException) -> str:
    """Return the innermost reason that has words: under a timeout there are only names of classes."""
    inner = _reason(error.__cause__) if error.__cause__ else ""
    return inner or (first_line(error).rstrip(".") if str(error).strip() else "")


def client_of(scheduler: str) -> Client:
    """Return a client of a scheduler that has answered."""
    greet(scheduler)
    from distributed import Client

    return Client(scheduler, timeout=ANSWER, set_as_default=False, name="edgekit")
