"""An artefact set: one model in several formats and precisions, described by its manifest.

A set is a folder. `manifest.json` is written last, so a folder that has one is whole:

    digits/float32.tflite  int8.tflite  float32.onnx  int8.onnx  labels.txt  evaluation.npz  manifest.json
"""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import Any, Literal

import msgspec

from edgekit.errors import RecordError
from edgekit.files import sha256_bytes, sha256_file
from edgekit.schema import decode_record

MANIFEST = "manifest.json"
SCHEMA = "edgekit.manifest/2"

Format = str  # a name in `edgekit.inspection.FILE_FORMATS`, and how the file's name ends
Precision = Literal["float32", "float16", "int8"]
Channels = Literal["rgb", "bgr", "grey", "rgba"]  # of an image, in their order
Layout = Literal["NHWC", "NCHW"]
PerChannel = tuple[float, ...]  # one number for each channel

DEPTHS: dict[Channels, int] = {"rgb": 3, "bgr": 3, "grey": 1, "rgba": 4}
USUAL_CHANNELS: dict[int, Channels] = {
    1: "grey",
    3: "rgb",
    4: "rgba",
}  # if nothing else is said
MOST_LABELS = 62  # of a multi-label model: an answer has a bit for each, and is a signed 64-bit number


class Preprocessing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What turns an image file into the model's input; the same on every device.

    Decode → EXIF rotation → `channels` → resize to `height` × `width` → uint8 → (x − mean) / std → float32
    → `layout`. Transparent images are placed on white (but for `rgba`), 16-bit grey is divided by 257, and
    of an animation the first frame is taken.
    """

    height: int  # pixels
    width: int  # pixels
    resize: Literal["bilinear"] = "bilinear"  # antialiased, as Pillow does it
    channels: Channels = "rgb"
    mean: PerChannel = (127.5, 127.5, 127.5)  # by channel, in units of 0–255
    std: PerChannel = (127.5, 127.5, 127.5)  # by channel, in units of 0–255
    layout: Layout = "NHWC"  # of the model's input; images outside the model are always NHWC

    @property
    def depth(self) -> int:
        """How many channels an image has."""
        return DEPTHS[self.channels]

    @property
    def uniform(self) -> bool:
        """Whether all channels are scaled alike."""
        return len(set(self.mean)) == len(set(self.std)) == 1

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """The shape of one image as the model takes it, in its `layout`."""
        size = (self.height, self.width)
        return (self.depth, *size) if self.layout == "NCHW" else (*size, self.depth)

    @property
    def sha256(self) -> str:
        """The contract's identity: the hash of its canonical JSON."""
        return sha256_bytes(msgspec.json.encode(self, order="sorted"))


class Head(msgspec.Struct, frozen=True):
    """How a model's scores become an answer, which is one integer for each image.

    `top1`: one score for each class; the answer is the class of the highest. `binary`: one score; the answer
    is class 1 if it is above `threshold`, else class 0. `multilabel`: one score for each label; bit i of the
    answer says whether score i is above `threshold`. `none`: the output is not scores, and nothing is
    answered.
    """

    kind: Literal["top1", "binary", "multilabel", "none"] = "top1"
    threshold: float = 0.5  # in units of the scores: 0 where they are logits


TOP1 = Head()


class Tensor(msgspec.Struct, frozen=True):
    """A model's input or output. `scale` and `zero_point` are those of a quantized tensor."""

    name: str
    shape: tuple[int, ...]
    dtype: str  # as NumPy calls it: float32, int8
    scale: float | None = None
    zero_point: int | None = None


class OutputError(msgspec.Struct, frozen=True):
    """How far one output of a file is from the Keras model's, over the evaluation images."""

    name: str  # the output's, in the file
    max_abs_error: float  # largest difference
    sqnr_db: float | None = None  # 10 log₁₀ (Σ real² / Σ difference²); None: no difference, or no signal


class Quality(msgspec.Struct, frozen=True):
    """How accurate one file is on the evaluation set, measured on the converting host.

    Fractions of one. `drop` is the float32 Keras model's accuracy minus this file's, over the same
    images; its interval is the paired one of `edgekit.stats.paired_drop`, at 95 %. Where the images have no
    known classes there is neither accuracy nor drop, and where the head gives no answers no agreement.
    For a multi-label model `accuracy` is the share of images whose every label is right.
    """

    n: int  # images
    accuracy: float | None
    accuracy_low: float | None  # Wilson interval, 95 %
    accuracy_high: float | None
    drop: float | None
    drop_low: float | None
    drop_high: float | None
    agreement: float | None  # share of images with the Keras model's own answer
    # Images on which a float32 file was compared with Keras, where not on all `n`: five times its largest
    # error there could not turn the answer to any other, so both count as alike. Distances are those there.
    run: int | None = None
    max_abs_error: float | None = None  # largest output difference to Keras; float files
    sqnr_db: dict[str, float] = {}  # signal to quantization noise ratio by layer; int8 files
    label_accuracy: tuple[float, ...] = ()  # of a multi-label model: share of images with label i right
    outputs: tuple[OutputError, ...] = ()  # of a model with several outputs: one for each
    # how far the first output is from the Keras model's; these tell files apart where accuracy is by chance
    sure_agreement: float | None = None  # of the half of images whose two highest scores are farthest apart
    divergence: float | None = None  # Kullback–Leibler, nats, mean over the images; of probabilities
    divergence_low: float | None = None  # 95 % interval
    divergence_high: float | None = None
    scores_sqnr_db: float | None = None  # 10 log₁₀ (Σ real² / Σ difference²); None: no difference
    scores_sqnr_low_db: float | None = None  # 95 % interval
    scores_sqnr_high_db: float | None = None

    @property
    def lost(self) -> float:
        """What the file is judged by: its drop; without one, the share of answers that are not Keras'."""
        if self.drop is not None:
            return self.drop
        return 0.0 if self.agreement is None else 1 - self.agreement


class ArtefactFile(msgspec.Struct, frozen=True):
    """One model file of a set."""

    name: str  # file name inside the set, such as int8.tflite
    format: Format
    precision: Precision
    sha256: str
    bytes: int
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    ops: dict[str, int]  # operator histogram
    quality: Quality
    target: str = "portable"  # instruction set the int8 ranges suit: portable, arm64, x86-vnni, x86-avx2
    recipe: tuple[str, ...] = ()  # steps that led to this file, each with its accuracy
    faults: tuple[str, ...] = ()  # what is wrong with it, a sentence each; none is known of a good file
    preprocessing: Preprocessing | None = None  # its own, if it takes bytes as they are; None: the set's

    @property
    def input(self) -> Tensor:
        """The input that takes the image."""
        return self.inputs[0]

    @property
    def output(self) -> Tensor:
        """The output that holds the scores."""
        return self.outputs[0]


class Missing(msgspec.Struct, frozen=True):
    """A file that was asked for and could not be made."""

    name: str  # int8.onnx
    reason: str  # one sentence


class Model(msgspec.Struct, frozen=True):
    """Where the artefacts come from."""

    name: str  # mobilenet_v1_0.5_32_digits
    source: str  # a shipped checkpoint's name, `imagenet`, or a file's name
    sha256: str  # of the weights file
    parameters: int
    multiply_adds: int  # convolutions and classifier, one image
    family: str | None = None  # mobilenet_v1; None for a model of unknown family
    alpha: float | None = None  # width multiplier
    resolution: int | None = None  # pixels; None unless square
    reference: str = "Keras"  # what its files are compared with: Keras, or a float file by its name


class Split(msgspec.Struct, frozen=True):
    """Part of a dataset. `sha256` hashes the images' own hashes, in order."""

    n: int
    sha256: str


class Dataset(msgspec.Struct, frozen=True):
    """The images the set was calibrated and evaluated on."""

    name: str
    calibration: Split
    evaluation: Split
    overlap: int = 0  # images in both splits, by hash
    calibrated_on: str | None = None  # other images than the dataset's, as they were named
    calibration_fault: str | None = None  # what is wrong with the calibration images, and what that costs


class Manifest(msgspec.Struct, frozen=True):
    """Everything known about an artefact set. Written as manifest.json."""

    schema: str
    created: str  # ISO 8601, UTC
    edgekit: str  # version
    command: str  # that made it, as typed
    model: Model
    dataset: Dataset
    preprocessing: Preprocessing
    preprocessing_sha256: str
    labels: tuple[str, ...]  # class names, by class index; empty: not known
    evaluation_file: (
        str  # .npz: uint8 `images` [n, H, W, C]; int64 [n] `labels`, `keras` (Keras' own answers)
    )
    evaluation_sha256: str
    keras_accuracy: float | None  # on the evaluation set, before any conversion; None: no known classes
    files: tuple[ArtefactFile, ...]
    tools: dict[str, str]  # library: version
    head: Head = TOP1
    missing: tuple[Missing, ...] = ()
    names: dict[Format, dict[str, str]] = {}  # by format: what the short names of tensors stand for


def _to_2(record: dict[str, Any]) -> None:
    """Upgrade from version 1, whose files had one input and one output."""
    for file in record["files"]:
        file["inputs"], file["outputs"] = [file.pop("input")], [file.pop("output")]


UPGRADES = (_to_2,)


class ArtefactSet(msgspec.Struct, frozen=True):
    """A manifest and the folder it describes."""

    folder: Path
    manifest: Manifest

    def path(self, file: ArtefactFile) -> Path:
        """The path of one of the set's files."""
        return self.folder / file.name


def read_set(folder: Path) -> ArtefactSet:
    """Read an artefact set from its folder (or the path of its manifest).

    Raises:
        RecordError: There is no manifest, it is damaged or of a newer schema.
    """
    if folder.name == MANIFEST:
        folder = folder.parent
    path = folder / MANIFEST
    if not path.is_file():
        raise RecordError(
            f"{folder} is not an artefact set: it has no {MANIFEST}.",
            "Make one with `edgekit convert`, or name a folder that `edgekit convert` wrote.",
        )
    return ArtefactSet(folder, decode_record(path, Manifest, SCHEMA, UPGRADES))


def check_files(artefacts: ArtefactSet) -> None:
    """Compare every file of a set, and its preprocessing, with the hash in its manifest.

    Raises:
        RecordError: A file is outside the folder or missing, or its bytes changed since the conversion.
    """
    manifest = artefacts.manifest
    if manifest.preprocessing.sha256 != manifest.preprocessing_sha256:
        raise RecordError(
            f"{artefacts.folder / MANIFEST} is not the manifest that was written: its preprocessing has the "
            f"SHA-256 {manifest.preprocessing.sha256[:12]}…, it says {manifest.preprocessing_sha256[:12]}….",
            "Run `edgekit convert` again.",
        )
    expected = {file.name: file.sha256 for file in manifest.files}
    expected[manifest.evaluation_file] = manifest.evaluation_sha256
    for name, digest in expected.items():
        if name in ("", "..") or PurePath(name).name != name:
            raise RecordError(
                f"{artefacts.folder / MANIFEST} names the file {name!r}, which is not in its folder.",
                "Run `edgekit convert` again.",
            )
        path = artefacts.folder / name
        if not path.is_file():
            raise RecordError(f"{path} is missing from its artefact set.", "Run `edgekit convert` again.")
        found = sha256_file(path)
        if found != digest:
            raise RecordError(
                f"{path} is not the file that was converted: its SHA-256 is {found[:12]}…, "
                f"the manifest says {digest[:12]}….",
                "Run `edgekit convert` again.",
            )
