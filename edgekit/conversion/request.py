"""What a conversion is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from edgekit.artefact import Format, Precision
from edgekit.data.sources import Channels
from edgekit.errors import UsageError
from edgekit.zoo.source import Source

Target = Literal["portable", "arm64", "x86-vnni", "x86-avx2"]
IO = Literal["int8", "uint8", "float32"]

DEFAULT_MAX_DROP = 0.005  # half a percentage point
LARGEST_CALIBRATION = 500  # pictures; what a dataset sets aside


@dataclass(frozen=True)
class ConvertRequest:
    """One conversion.

    Raises:
        UsageError: A value is not one of those possible.
    """

    source: Source
    output: Path  # the set's folder; a set that is there already is replaced
    dataset: str | None = None  # as `load_dataset` takes it; None: the one the model was trained on
    formats: tuple[Format, ...] = ("tflite", "onnx")
    precisions: tuple[Precision, ...] = ("float32", "int8")  # float32 is always made
    target: Target = "portable"  # CPUs that the int8 ONNX file's weights must suit
    io: IO = "int8"  # input and output of the int8 TFLite file; ONNX files keep float32
    calibration: int = 300  # pictures, stratified
    max_drop: float | None = None  # accuracy an int8 file may lose, a fraction; None: report, do not gate
    mean: Channels | None = None  # in units of 0–255; None: what the model was made for
    std: Channels | None = None
    seed: int = 0  # of the pictures that `shapes` draws; the other datasets are the same for every seed
    command: str = ""  # as typed, for the manifest

    def __post_init__(self) -> None:
        for what, values, known in (
            ("format", self.formats, get_args(Format)),
            ("precision", self.precisions, get_args(Precision)),
            ("target", (self.target,), get_args(Target)),
            ("io", (self.io,), get_args(IO)),
        ):
            for value in values:
                if value not in known:
                    raise UsageError(f"There is no {what} {value!r}.", f"Choose from {', '.join(known)}.")
        if not self.formats:
            raise UsageError("No format was asked for.", f"Choose from {', '.join(get_args(Format))}.")
        if "float16" in self.precisions and "tflite" not in self.formats:
            raise UsageError(
                "float16 is made for TFLite only.", "Add the format tflite, or leave out float16."
            )
        if not 1 <= self.calibration <= LARGEST_CALIBRATION:
            raise UsageError(
                f"The number of calibration pictures must lie between 1 and {LARGEST_CALIBRATION}, "
                f"received {self.calibration}.",
                "Ranges settle at 200 to 500.",
            )
        if self.max_drop is not None and not 0 <= self.max_drop < 1:
            raise UsageError(
                f"The largest drop must lie between 0 and 100 pp, received {self.max_drop * 100:g} pp.",
                "A common one is 0.5 pp.",
            )
        if self.max_drop is not None and "int8" not in self.precisions:
            raise UsageError(
                f"A largest drop of {self.max_drop * 100:g} pp was set, but no int8 file is made to lose it.",
                "Add int8, or leave out --max-drop.",
            )
        if self.std is not None and not all(value > 0 for value in self.std):
            raise UsageError(f"Every std must be above 0, received {self.std}.", "A common one is 127.5.")
