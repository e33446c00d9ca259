"""What converters print, kept off the screen for the error message."""

from __future__ import annotations

import logging
import re
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgekit.errors import EdgekitError, ModelError, StorageError
from edgekit.quiet import quiet_stderr
from edgekit.words import first_line

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
    with quiet_stderr(shown=False) as printed, _logged() as logged, warnings.catch_warnings():
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
            reason = _reason(error, [*logged, *printed().splitlines()])
            raise ModelError(
                f"The model cannot be converted to {what}: {reason}.",
                "An operator may be unknown to the converter: replace the layer, or try the other format "
                "with --format.",
            ) from error


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
    return "; ".join(dict.fromkeys(telling[-_LINES:] or [first_line(error)])).rstrip(". ")
