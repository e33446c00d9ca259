"""What a conversion is asked to do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from edgekit.artefact import DEPTHS, Channels, PerChannel
from edgekit.conversion.formats import FORMATS, Format
from edgekit.conversion.target import Target
from edgekit.conversion.tflite_files import IO
from edgekit.errors import UsageError
from edgekit.progress import Progress
from edgekit.words import listed, plural
from edgekit.zoo.families import DEFAULT_FAMILY
from edgekit.zoo.input import Size
from edgekit.zoo.source import Source, resolve

Preprocess = Literal["caffe", "torch", "tf", "rescale", "none"]  # as Keras calls its own modes

DEFAULT_MAX_DROP = 0.005  # half a percentage point
LARGEST_CALIBRATION = 500  # images; what a dataset sets aside


@dataclass(frozen=True, kw_only=True)
class ConvertRequest:
    """One conversion. The first five fields name the model, as `edgekit.zoo.source.resolve` takes them.

    Raises:
        UsageError: A value is not one of those possible.
    """

    model: str | Path = DEFAULT_FAMILY
    alpha: float | None = None
    resolution: Size | None = None  # pixels of both sides, or (height, width)
    weights: str | None = None
    classes: int | None = None
    dataset: str | None = None  # as `load_dataset` takes it; None: the one the model was trained on
    labels: Path | None = None  # file with the classes' names in the model's order; None: the dataset's own
    calibrate_on: str | None = None  # images without classes, as `load_images` takes them
    int8: bool = True  # float32 files are always made
    float16: bool = False
    formats: Sequence[str] | None = None  # names in FORMATS; None: all
    target: Target = "portable"  # CPUs that the int8 ONNX file's weights must suit
    io: IO | None = None  # input and output of int8 files; None: each format's own
    calibration: int = 300  # images, stratified
    max_drop: float | None = None  # accuracy an int8 file may lose, a fraction; None: report, do not gate
    min_agreement: float | None = None  # share of answers that int8 must keep, a fraction; None: do not gate
    mean: PerChannel | None = None  # in units of 0–255, for all channels or each; None: as the model needs
    std: PerChannel | None = None
    channels: Channels | None = None  # None: rgb, or what the model's depth says
    preprocess: Preprocess | None = None  # mean, std and channels by their usual name
    qat: int | None = None  # epochs of training with simulated 8-bit arithmetic; None: none
    runs: Path = Path("runs")  # folder for what an unfinished training needs to go on
    seed: int = 0  # for the images that `shapes` draws; the other datasets are the same for every seed
    output: Path | None = None  # folder of the set, replaced if it holds one; None: artefacts/<model's name>
    command: str = ""  # as typed, for the manifest

    def __post_init__(self) -> None:
        formats = self.chosen()
        for what, value, known in (
            ("target", self.target, get_args(Target)),
            ("io", self.io, (None, *get_args(IO))),
            ("channels", self.channels, (None, *DEPTHS)),
            ("preprocess", self.preprocess, (None, *get_args(Preprocess))),
        ):
            if value not in known:
                raise UsageError(
                    f"There is no {what} {value!r}.", f"Choose from {', '.join(filter(None, known))}."
                )
        if not formats:
            raise UsageError("No format was asked for.", f"Choose from {', '.join(FORMATS)}.")
        if self.float16 and not any(format.float16 for format in formats):
            able = [format for format in FORMATS.values() if format.float16]
            raise UsageError(
                f"float16 is made for {listed(format.file.title for format in able)} only.",
                f"Add the format {' or '.join(format.name for format in able)}, or leave out float16.",
            )
        if not 1 <= self.calibration <= LARGEST_CALIBRATION:
            raise UsageError(
                f"The number of calibration images must be between 1 and {LARGEST_CALIBRATION}, "
                f"received {self.calibration}.",
                "Ranges settle at 200 to 500.",
            )
        if self.max_drop is not None and not 0 <= self.max_drop < 1:
            raise UsageError(
                f"The maximum drop must be between 0 and 100 pp, received {self.max_drop * 100:g} pp.",
                "A common one is 0.5 pp.",
            )
        if self.max_drop is not None and not self.int8:
            raise UsageError(
                f"A maximum drop of {self.max_drop * 100:g} pp was set, but no int8 file is made to lose it.",
                "Add int8, or leave out --max-drop.",
            )
        if self.min_agreement is not None and not 0 < self.min_agreement <= 1:
            raise UsageError(
                "The minimum agreement must be above 0 % and up to 100 %, "
                f"received {self.min_agreement * 100:g} %.",
                "A common one is 98 %.",
            )
        if self.min_agreement is not None and not self.int8:
            raise UsageError(
                f"{self.min_agreement * 100:g} % agreement was asked for, but no int8 file is made.",
                "Add int8, or leave out --min-agreement.",
            )
        self._check_training()
        if self.std is not None and not all(0 < value < math.inf for value in self.std):
            raise UsageError(f"Every std must be above 0, received {self.std}.", "A common one is 127.5.")
        if self.mean is not None and not all(map(math.isfinite, self.mean)):
            raise UsageError(f"Every mean must be a number, received {self.mean}.", "A common one is 127.5.")
        if self.preprocess is not None and (self.mean is not None or self.std is not None):
            raise UsageError(
                f"--preprocess {self.preprocess} already says the mean and std.",
                "Leave out --mean and --std.",
            )

    def _check_training(self) -> None:
        if self.qat is not None and self.qat < 1:
            raise UsageError(
                f"--qat is a number of epochs, at least 1; received {self.qat}.",
                "A common one is 3; without --qat nothing is trained.",
            )
        if self.qat is not None and not self.int8:
            raise UsageError(
                f"Training for 8 bits was asked for ({plural(self.qat, 'epoch')}), but no int8 file is made.",
                "Add --int8, or leave out --qat.",
            )

    def chosen(self) -> list[Format]:
        """Return the formats to make.

        Raises:
            UsageError: There is no format of that name.
        """
        return [FORMATS.named(name) for name in (FORMATS if self.formats is None else self.formats)]

    def source(self, progress: Progress) -> Source:
        """Find the model.

        Raises:
            UsageError: As `resolve` does.
        """
        return resolve(
            str(self.model),
            alpha=self.alpha,
            resolution=self.resolution,
            weights=self.weights,
            classes=self.classes,
            dataset=self.dataset,
            progress=progress,
        )
