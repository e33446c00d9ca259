"""What converters print, kept off the screen and at hand for the error message."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgekit.errors import EdgekitError, ModelError
from edgekit.files import storage_errors
from edgekit.zoo.quiet import quiet_stderr

_STDERR = 2
_LINES = 3  # of a converter's output that an error message repeats


@contextmanager
def converter(what: str) -> Iterator[None]:
    """Run a converter silently; if it fails, say so with the last lines it printed.

    Args:
        what: What it makes, for the message: `a float32 TFLite file`.

    Raises:
        ModelError: The converter cannot convert this model.
        StorageError: The disk it keeps its temporary files on is full.
    """
    with quiet_stderr(), tempfile.TemporaryFile() as kept, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the libraries about their own internals
        screen = os.dup(_STDERR)
        os.dup2(kept.fileno(), _STDERR)
        try:
            with storage_errors(Path(tempfile.gettempdir())):
                yield
        except (EdgekitError, KeyboardInterrupt, SystemExit):
            raise
        except Exception as error:
            kept.seek(0)
            raise ModelError(
                f"The model cannot be converted to {what}: {_reason(error, kept.read())}.",
                "A layer may be unknown to the converter: try the other format, or replace the layer.",
            ) from error
        finally:
            os.dup2(screen, _STDERR)
            os.close(screen)


def _reason(error: Exception, printed: bytes) -> str:
    """The error's own first line and the last lines that were printed, as one sentence."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = lines[:1] or [type(error).__name__]
    tail = [line.strip() for line in printed.decode(errors="replace").splitlines() if "rror" in line]
    return "; ".join(dict.fromkeys([*said, *tail[-_LINES:]])).rstrip(". ")
