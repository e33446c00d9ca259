"""One file to measure, whether it is of an artefact set or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgekit.artefact import Format, Head, Precision, Preprocessing
from edgekit.device import Payload
from edgekit.results import Artefact, Reference


@dataclass(frozen=True)
class Given:
    """What one input is given, if not its own shape and seeded values."""

    shape: tuple[int, ...] = ()  # empty: the model's own
    payload: Payload | None = None  # a .npy file with its values
    scale: float = 0.0  # of a quantized input; 0: it is not, or the file itself says
    zero_point: int = 0

    def field(self, places: Mapping[str, str]) -> dict[str, Any]:
        """What the guest has to know of it, given where things are on the device, by hash."""
        known: dict[str, Any] = {"shape": self.shape} if self.shape else {}
        return known | ({"file": places[self.payload.sha256]} if self.payload else {})


@dataclass(frozen=True)
class Images:
    """Evaluation images on this computer: what a `Manifest.evaluation_file` is."""

    path: Path
    sha256: str
    n: int
    head: Head  # how the scores become an answer
    classes: int  # or labels
    labelled: bool = True  # whether the right answers are known


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One file to measure."""

    path: Path  # on this computer
    sha256: str  # with the files that hold its weights, if any do
    bytes: int  # likewise
    format: Format
    precision: Precision
    set: str  # the set's name, which no other set of the session has; LOOSE: it is of none
    inputs: tuple[Given, ...]
    contract: Preprocessing | None = None  # None: its input is not known to take images
    output_shape: tuple[int, ...] = ()  # of the first output; empty: any
    output_scale: float = 0.0  # of a quantized first output; 0: it is not, or the file itself says
    output_zero_point: int = 0
    images: Images | None = None  # to answer; None: there are none, or its output is not answers
    reference: Reference | None = None  # what the computer that converted it said of it
    folder: Payload | None = None  # brought in place of the file: it and the files that hold its weights
    data: tuple[tuple[str, str], ...] = ()  # those files, name and SHA-256
    own_sha256: str = ""  # of the file alone, where it is in a folder with others
    free: str = ""  # how to choose the sizes that it leaves open; empty: all are known

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def payload(self) -> Payload:
        """What has to be on the device for it."""
        return self.folder or Payload(self.path, self.sha256, self.bytes)

    @property
    def loose(self) -> bool:
        """Whether it is of no artefact set."""
        return self.reference is None

    @property
    def compared(self) -> bool:
        """Whether its outputs are compared between devices and runtimes, since answers say too little."""
        return self.loose or not self.images

    def record(self) -> Artefact:
        """What a result says about the file."""
        return Artefact(self.set, self.name, self.sha256, self.bytes, self.format, self.precision)

    def fields(self, places: Mapping[str, str]) -> dict[str, Any]:
        """What the guest has to know about it, given where things are on the device, by hash."""
        contract, first = self.contract, self.inputs[0] if self.inputs else Given()
        place = places[self.payload.sha256]
        return {
            "model": f"{place}/{self.name}" if self.folder else place,
            "model_sha256": self.own_sha256 or self.sha256,
            "model_data": self.data,
            "inputs": [given.field(places) for given in self.inputs],
            "mean": contract.mean if contract else (),
            "std": contract.std if contract else (),
            "layout": contract.layout if contract else "NHWC",
            "input_scale": first.scale,
            "input_zero_point": first.zero_point,
            "output_scale": self.output_scale,
            "output_zero_point": self.output_zero_point,
            "output_shape": self.output_shape,
            "finite": not self.loose,
        }
