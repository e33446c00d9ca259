"""What a sweep is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from edgekit.artefact import Format, Precision
from edgekit.data import DATASETS
from edgekit.device import Profile, find_profile
from edgekit.errors import UsageError
from edgekit.inspection import FILE_FORMATS
from edgekit.measurement import MODES, Schedule
from edgekit.results import Mode
from edgekit.runtime import KINDS, parse_runtime
from edgekit.words import nearest
from edgekit.zoo.families import DEFAULT_FAMILY, FAMILIES
from edgekit.zoo.spec import ModelSpec, model_spec
from edgekit.zoo.trained import dataset_name

_FORMAT = "tflite"  # if neither a format nor a runtime is named: one more would double the time


@dataclass(frozen=True, kw_only=True)
class SweepRequest:
    """A family's sizes, and how each is measured. What is None or empty is as the family has it.

    Raises:
        UsageError: Something is asked for that there is not, or nothing is.
    """

    family: str = DEFAULT_FAMILY
    alphas: tuple[float, ...] = ()  # width multipliers; empty: the family's usual ones
    resolutions: tuple[int, ...] = ()  # pixels; empty: the family's usual ones
    devices: tuple[str | Profile, ...] = ("host",)
    dataset: str | None = None  # to train on, as `load_dataset` takes it; None: random weights
    epochs: int | None = None  # None: as the dataset's recipe says
    precisions: tuple[Precision, ...] = ("int8",)  # of the files to measure
    formats: tuple[str, ...] = ()  # empty: those of the runtimes named, or TFLite
    runtimes: tuple[str, ...] = ()  # NAME or NAME==VERSION; empty: the usual one of each format
    threads: tuple[int, ...] = (1, 0)  # 0: all CPUs
    mode: Mode | Schedule = "quick"
    seed: int = 0  # of weights, training and timed input
    output: Path | None = None  # folder; None: sweeps/FAMILY or sweeps/FAMILY_DATASET
    command: str = ""  # as typed

    def __post_init__(self) -> None:
        self.specs()
        for format in self.formats:
            FILE_FORMATS.named(format)
        runtimes = [parse_runtime(text) for text in self.runtimes]
        for runtime in runtimes:
            if runtime.kind.format not in self.chosen_formats:
                raise UsageError(
                    f"{runtime} executes .{runtime.kind.format} files, and the sweep makes "
                    f".{' and .'.join(self.chosen_formats)} files.",
                    f"Add --format {runtime.kind.format}, or leave out --format.",
                )
        for format in self.chosen_formats:
            if runtimes and format not in {each.kind.format for each in runtimes}:
                raise UsageError(
                    f"None of the runtimes named executes .{format} files.",
                    f"Leave out --format {format}, or add --runtime "
                    f"{next(kind.name for kind in KINDS.values() if kind.format == format)}.",
                )
        if not self.precisions or not self.devices or not self.threads:
            raise UsageError("There is nothing to measure.", "Name a device, a number of threads, and int8.")
        if isinstance(self.mode, str) and self.mode not in MODES:
            raise UsageError(f"There is no mode {self.mode!r}.", f"Choose from {', '.join(MODES)}.")
        if self.dataset is None and self.epochs is not None:
            raise UsageError(
                f"--epochs {self.epochs} says how long to train, and there is nothing to train on.",
                "Name images with --dataset, or leave out --epochs.",
            )
        if self.dataset is not None and self.dataset not in DATASETS and not Path(self.dataset).exists():
            raise UsageError(
                f"There is no dataset, folder or file {self.dataset!r}."
                f"{nearest(self.dataset.lower(), DATASETS)}",
                f"Name one of {', '.join(DATASETS)}, a folder with one sub-folder of images for each class, "
                "or a .npz file.",
            )

    def specs(self) -> list[ModelSpec]:
        """Return the models of the grid, the widest first as asked for, with ImageNet's classes.

        Raises:
            UsageError: The family has no such model.
        """
        family = FAMILIES.named(self.family)
        usual = family.widths.usual[::-1] if family.widths else (None,)
        return [
            model_spec(self.family, alpha, resolution)
            for alpha in dict.fromkeys(self.alphas or usual)
            for resolution in dict.fromkeys(self.resolutions or family.usual_resolutions[::-1])
        ]

    @property
    def chosen_formats(self) -> tuple[Format, ...]:
        """The formats of the files to measure."""
        named = (parse_runtime(text).kind.format for text in self.runtimes)
        return tuple(dict.fromkeys(self.formats or named)) or (_FORMAT,)

    @property
    def chosen_runtimes(self) -> tuple[str, ...]:
        """The runtimes to measure with."""
        usual = {kind.format: kind.name for kind in reversed(KINDS.values())}
        return self.runtimes or tuple(usual[format] for format in self.chosen_formats)

    @property
    def folder(self) -> Path:
        """Where the sweep is kept."""
        name = self.family if self.dataset is None else f"{self.family}_{dataset_name(self.dataset)}"
        return self.output or Path("sweeps") / name

    def profiles(self, *, elsewhere: bool) -> list[tuple[str, Profile | None]]:
        """Return each device's name and profile, once.

        Args:
            elsewhere: Workers measure: then a device need not be known here.

        Raises:
            UsageError: A device is not known.
        """
        found: dict[str, Profile | None] = {}
        for device in self.devices:
            if isinstance(device, str) and elsewhere:
                found[device] = None
            else:
                profile = find_profile(device) if isinstance(device, str) else device
                found[profile.name] = profile
        return list(found.items())

    def said_of(self, device: str) -> Any:
        """Return a device as a step is told of it: by its name, or as a profile of the caller's own."""
        own = next((each for each in self.devices if isinstance(each, Profile) and each.name == device), None)
        return device if own is None else msgspec.to_builtins(own)
