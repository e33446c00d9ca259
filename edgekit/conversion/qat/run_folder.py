"""What a training for 8 bits has done so far, so that a killed one goes on where it was.

runs/<model>_qat_<hash>/settings.json   what decides every weight
                        state.npz       weights, ranges and optimizer after the last steps
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from edgekit.errors import UsageError
from edgekit.files import alone_in, sha256_bytes, storage_errors, write_atomic
from edgekit.schema import encode_record, write_record
from edgekit.words import first_line

RUNS = "name another folder with --runs"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decides the weights: a run goes on only under equal ones."""

    float_file: str  # SHA-256 of the folded float model
    images: str  # SHA-256 of the hashes of what is trained on
    preprocessing: str  # SHA-256 of how they are read
    count: int  # images
    start: str  # what was done to the weights before
    levels: int  # the largest integer of a weight
    epochs: int
    batch: int
    rate: float
    seed: int
    versions: dict[str, str]

    @property
    def key(self) -> str:
        """A short hash."""
        return sha256_bytes(encode_record(self))[:12]


@dataclass(frozen=True)
class State:
    """How far a training has come."""

    steps: int = 0
    noise: float = 0.0  # sums of squares over the epoch so far: of the scores' difference from the float ones
    power: float = 0.0  # and of the float ones

    def after(self, noise: float, power: float, *, fresh: bool) -> State:
        """The state a step later; `fresh`: the first of an epoch."""
        if fresh:
            return State(self.steps + 1, noise, power)
        return State(self.steps + 1, self.noise + noise, self.power + power)

    @property
    def decibels(self) -> float:
        """SQNR of the scores of the epoch's images so far."""
        return 10 * math.log10(max(self.power, 1e-30) / max(self.noise, 1e-30))


@dataclass(frozen=True)
class Run:
    """A run folder that is ours alone, with settings written."""

    folder: Path

    @property
    def _state(self) -> Path:
        return self.folder / "state.npz"

    def save(self, state: State, variables: Sequence[Any]) -> None:
        """Keep what is needed to go on; whole or not at all, also when the process is killed.

        Raises:
            StorageError: The folder cannot be written, or the disk is full.
        """
        buffer = io.BytesIO()
        arrays = {f"v{i}": np.asarray(variable) for i, variable in enumerate(variables)}
        np.savez(buffer, allow_pickle=False, progress=[state.steps, state.noise, state.power], **arrays)
        write_atomic(self._state, buffer.getvalue(), RUNS)

    def restore(self, variables: Sequence[Any]) -> State:
        """Bring variables to where they were; return how far that was.

        Raises:
            UsageError: The state is damaged, which killing a training does not do.
        """
        if not self._state.is_file():
            return State()
        try:
            with np.load(io.BytesIO(self._state.read_bytes()), allow_pickle=False) as found:
                steps, noise, power = found["progress"].tolist()
                values = [found[f"v{i}"] for i in range(len(variables))]
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError) as error:
            raise UsageError(
                f"The unfinished training in {self.folder} is damaged: {first_line(error)}",
                f"Delete that folder to start again: rm -r {self.folder}",
            ) from error
        return State(int(steps), noise, power)


@contextmanager
def open_run(folder: Path, settings: Settings) -> Iterator[Run]:
    """Yield a run folder, locked.

    Raises:
        UsageError: Another process trains here.
        StorageError: The folder cannot be written.
    """
    busy = UsageError(
        f"Another process is training in {folder}.", "Wait for it, or train in another folder: --runs"
    )
    with alone_in(folder, busy, RUNS):
        path = folder / "settings.json"
        with storage_errors(path, RUNS):
            write_record(path, settings)
        yield Run(folder)
