"""TensorFlow, and other libraries that print, without their chatter."""

from __future__ import annotations

import gc
import io
import os
import platform
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

from edgekit.lookup import keras_home

_STDERR = 2
_PATIENCE = 30.0  # seconds without an answer before the network counts as absent


def import_tensorflow() -> Any:
    """Return the `tensorflow` module, imported without its banner and set up as edgekit expects it.

    Keras runs on TensorFlow with channels last and float32, whatever the user's own keras.json says:
    the converters know no other. Real errors are not hidden.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if platform.machine() in ("x86_64", "AMD64"):
        # without instructions made for 8 bits TensorFlow would leave it off; training takes half the time
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("KERAS_HOME", str(keras_home()))
    with quiet_stderr(), _kept_for_good():
        import keras
        import tensorflow as tf
        from absl import logging

    logging.set_verbosity(logging.ERROR)
    tf.get_logger().setLevel("ERROR")
    keras.config.set_image_data_format("channels_last")
    keras.config.set_floatx("float32")
    return tf


@contextmanager
def _kept_for_good() -> Iterator[None]:
    """Spare the garbage collector TensorFlow's million objects, which are there to stay.

    Walking them again and again takes a quarter of a conversion's time. Nothing is done where TensorFlow
    is loaded already: then a caller's models, which he may want to be rid of, could be among the objects.
    """
    if "tensorflow" in sys.modules:
        yield
        return
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()


@contextmanager
def quiet_stderr(*, shown: bool = True) -> Iterator[Callable[[], str]]:
    """Keep what C++ libraries write to standard error off the screen; yield a function that reads it.

    If the block fails it is shown after all, unless `shown` is False. TensorFlow logs before any of its
    settings are read, so only the file descriptor itself helps. What Python writes (warnings, a progress
    bar in another thread) still reaches the screen.
    """
    python_stderr = sys.stderr
    sys.stderr.flush()
    with os.fdopen(os.dup(_STDERR), "w") as screen, tempfile.TemporaryFile() as kept:
        try:
            if sys.stderr.fileno() == _STDERR:
                sys.stderr = screen
        except (OSError, ValueError):
            pass  # already replaced by something without a descriptor, such as a test's recorder
        os.dup2(kept.fileno(), _STDERR)

        def read() -> str:
            kept.seek(0)
            return kept.read().decode(errors="replace")

        try:
            yield read
        except KeyboardInterrupt:
            raise  # nothing failed: what was kept explains nothing
        except BaseException:
            screen.write(read() if shown else "")
            raise
        finally:
            screen.flush()
            os.dup2(screen.fileno(), _STDERR)
            sys.stderr = python_stderr


@contextmanager
def not_loaded(module: str) -> Iterator[None]:
    """Let importing a module fail meanwhile, unless it is loaded already."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[module]


@contextmanager
def quiet_download() -> Iterator[None]:
    """Keep Keras' own progress bar off standard output; do not wait for a dead network."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_PATIENCE)
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        socket.setdefaulttimeout(before)
