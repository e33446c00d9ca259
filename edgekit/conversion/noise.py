"""What converters print, kept off the screen and at hand for the error message."""

from __future__ import annotations

import logging
import os
import re
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from edgekit.errors import EdgekitError, ModelError, StorageError
from edgekit.zoo.quiet import quiet_stderr

_STDERR = 2
_LOGGERS = (None, "tf2onnx")  # None: the root, where ONNX Runtime's quantizer logs
_PLACE = re.compile(r"^.*error: ")  # where in the graph, in MLIR's notation
_SCARCE = 16 * 2**20  # bytes; a conversion needs a few times the model's size
_LINES = 3  # of a converter's output that an error message repeats


@contextmanager
def converter(what: str) -> Iterator[None]:
    """Run a converter silently; if it fails, say so with the complaints it printed.

    Args:
        what: What it makes, for the message: `a float32 TFLite file`.

    Raises:
        ModelError: The converter cannot convert this model.
        StorageError: The disk it keeps its temporary files on is full.
    """
    with quiet_stderr(), _printed() as printed, _logged() as logged, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the libraries about their own internals
        try:
            yield
        except EdgekitError:
            raise
        except Exception as error:
            # what the libraries say of a full disk does not show that it was one
            temporary = Path(tempfile.gettempdir())
            if shutil.disk_usage(temporary).free < _SCARCE:
                raise StorageError(
                    f"The disk is full: no space for temporary files in {temporary}.",
                    "Free some space, or name another folder in the environment variable TMPDIR.",
                ) from error
            raise ModelError(
                f"The model cannot be converted to {what}: {_reason(error, [*logged, *printed()])}.",
                "An operator may be unknown to the converter: leave out this format with --format, or "
                "replace the layer.",
            ) from error


@contextmanager
def _printed() -> Iterator[Callable[[], list[str]]]:
    """Redirect standard error's descriptor, where C++ writes; yield a function that reads the lines."""
    with tempfile.TemporaryFile() as kept:

        def lines() -> list[str]:
            kept.seek(0)
            return kept.read().decode(errors="replace").splitlines()

        screen = os.dup(_STDERR)
        os.dup2(kept.fileno(), _STDERR)
        try:
            yield lines
        finally:
            os.dup2(screen, _STDERR)
            os.close(screen)


@contextmanager
def _logged() -> Iterator[list[str]]:
    """Take over the loggers the converters use; yield the errors they report."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [(logger.handlers, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.handlers, logger.propagate = [Keep(logging.ERROR)], False
    try:
        yield lines
    finally:
        for logger, (handlers, propagate) in zip(loggers, before, strict=True):
            logger.handlers, logger.propagate = handlers, propagate


def _reason(error: Exception, lines: list[str]) -> str:
    """What went wrong as one sentence: what the converter complained of, else the error's first line."""
    complaints = [_PLACE.sub("", line).strip() for line in lines if "rror" in line or "nsupported" in line]
    telling = [line for line in complaints if line and not line.startswith("failed while converting")]
    said = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return "; ".join(dict.fromkeys(telling[-_LINES:] or [said])).rstrip(". ")
