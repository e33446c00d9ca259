"""The run folder: what a training has done so far, so that a killed one goes on from its last whole epoch.

runs/<name>/settings.json       what decides every weight
            history.json        a line for each epoch
            state.weights.h5    weights and optimizer after the last whole epoch
            head-history.json   the same of a head on a trained base, which learns before everything does
            head-state.weights.h5
            features.json       what computing its features took
            curves.png, curves.html
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from edgekit.artefact import Preprocessing
from edgekit.errors import UsageError
from edgekit.files import alone_in, storage_errors, write_atomic
from edgekit.schema import encode_record, write_record
from edgekit.training.scratch import scratch_folder
from edgekit.words import first_line
from edgekit.zoo.card import Splits, Training
from edgekit.zoo.load import WEIGHTS_SUFFIX

RUNS = "name another folder with --runs"
HEAD = "head"  # the stage in which a trained base is frozen


class Settings(msgspec.Struct, frozen=True):
    """Everything that decides the weights. A run goes on only under equal settings."""

    family: str
    alpha: float | None
    resolution: int
    labels: tuple[str, ...]
    training: Training
    splits: Splits
    preprocessing: Preprocessing


class Epoch(msgspec.Struct, frozen=True):
    """One epoch's line in the history."""

    epoch: int  # of its stage, from 1
    seconds: float
    learning_rate: float  # at its end
    loss: float
    accuracy: float  # of the augmented training images
    validation_loss: float
    validation_accuracy: float  # of the calibration split
    stage: str = ""  # of a training in several: `head`, `fine-tuning`


@dataclass(frozen=True)
class Run:
    """A run folder that is ours alone, with settings written; or the part of it that is one stage's."""

    folder: Path
    settings: Settings
    stage: str = ""

    def part(self, stage: str) -> Run:
        """The files of an earlier stage."""
        return replace(self, stage=stage)

    @property
    def begun(self) -> bool:
        """Whether there is something to go on from."""
        return self._state.is_file()

    @property
    def _prefix(self) -> str:
        return f"{self.stage}-" if self.stage else ""

    @property
    def _state(self) -> Path:
        return self.folder / f"{self._prefix}state{WEIGHTS_SUFFIX}"

    @property
    def _history(self) -> Path:
        return self.folder / f"{self._prefix}history.json"

    def history(self) -> list[Epoch]:
        """Read the history."""
        if not self._history.is_file():
            return []
        return msgspec.json.decode(self._history.read_bytes(), type=list[Epoch])

    def save(self, model: Any, history: list[Epoch]) -> None:
        """Keep what is needed to go on after this epoch.

        The history is written first: killed between the two, it holds one line more than the state
        has epochs, and `restore` drops it.

        Raises:
            StorageError: No room in the temporary or the run folder, or it cannot be written.
        """
        with scratch_folder(model.count_params()) as folder:
            path = folder / self._state.name
            model.save_weights(path)
            data = path.read_bytes()
        write_atomic(self._history, encode_record(history), RUNS)
        write_atomic(self._state, data, RUNS)

    def forget(self) -> None:
        """Remove what was kept; killed in the middle, no weights are left to go on from."""
        for part in (self, self.part(HEAD)):
            part._state.unlink(missing_ok=True)
        for kept in self.folder.iterdir():
            if kept.name != "lock":
                kept.unlink()

    def restore(self, model: Any, steps: int) -> list[Epoch]:
        """Bring a compiled model to the last whole epoch; return the history until then.

        Raises:
            UsageError: State or history are damaged, which killing a training does not do.
        """
        if not self._state.is_file():
            return []
        try:
            model.load_weights(self._state)
            done, history = int(model.optimizer.iterations) // steps, self.history()
            if len(history) < done:
                raise ValueError(f"{self._history.name} has {len(history)} of {done} epochs")
            return history[:done]
        except Exception as error:  # Keras and h5py raise many kinds
            raise UsageError(
                f"The unfinished training in {self.folder} is damaged: {first_line(error)}",
                "Add --restart to start again.",
            ) from error


@contextmanager
def open_run(folder: Path, settings: Settings, *, restart: bool) -> Iterator[Run]:
    """Yield the run folder, locked; begun anew on `restart`, or where an earlier run is complete.

    Raises:
        UsageError: Another process trains here, or an unfinished run has other settings.
        StorageError: The folder cannot be written.
    """
    busy = UsageError(f"Another process is training in {folder}.", "Wait for it, or train in another folder.")
    with alone_in(folder, busy, RUNS):
        run = Run(folder, settings)
        path = folder / "settings.json"
        earlier = _settings(path)
        if restart or earlier != settings:
            if earlier is not None and not restart:
                _refuse_unfinished(run, earlier, settings)
            run.forget()
            with storage_errors(path, RUNS):
                write_record(path, settings)
        yield run


def _settings(path: Path) -> Settings | None:
    """Read an earlier run's settings; None: there are none, or nothing that could be continued."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Settings)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


def _refuse_unfinished(run: Run, earlier: Settings, settings: Settings) -> None:
    """Raise a UsageError if the folder holds epochs of a training that has not ended."""
    try:
        done = len(run.history()) + len(run.part(HEAD).history())
    except msgspec.MsgspecError:
        return  # damaged, or of another edgekit: nothing here can be continued
    head = earlier.training.head
    epochs = earlier.training.epochs + (head.epochs if head else 0)
    if 0 < done < epochs:
        changed = _differences(earlier, settings)
        raise UsageError(
            f"{run.folder} holds {done} of {epochs} epochs of a training with other settings ({changed}).",
            "Continue it with its own settings, or add --restart to forget it.",
        )


def _differences(old: Settings, new: Settings) -> str:
    """Name what changed: `epochs 40 → 50`."""
    before, after = (_flat(msgspec.to_builtins(x)) for x in (old, new))
    return ", ".join(f"{k} {before.get(k)} → {v}" for k, v in after.items() if before.get(k) != v)


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return flat
