"""The model families: to add one, add a record to FAMILIES.

Commands read this list whenever they start, so it imports nothing heavy: Keras is loaded to build a model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from edgekit.registry import Registry

IMAGENET_CLASSES = 1000


class Build(Protocol):
    """What builds a family's models."""

    def __call__(self, *, alpha: float | None, resolution: int, classes: int | None) -> Any:
        """Return a Keras model with random weights: float32 [n, resolution, resolution, 3] → [n, classes].

        `classes` None leaves out the classifier, as for weights files that have none.
        """


@dataclass(frozen=True, kw_only=True)
class Widths:
    """The width multipliers (alpha) that a family can be built with."""

    smallest: float
    largest: float
    usual: tuple[float, ...]
    default: float  # trained and converted if none is named
    published: float = 1.0  # of the model in the family's paper


@dataclass(frozen=True, kw_only=True)
class ImageNet:
    """The ImageNet weights of a family, as Keras offers them."""

    address: str  # folder they are downloaded from
    file: Callable[[float | None, int], str]  # alpha, resolution → a file's name, without its ending
    alphas: tuple[float | None, ...]
    resolutions: tuple[int, ...]
    whole: str | None = ".h5"  # how the names of files with a classifier end; None: there are none
    headless: str | None = "_no_top.h5"  # … and of those without
    hashes: Mapping[str, str] = field(default_factory=dict)  # MD5 or SHA-256 by file name, where known


@dataclass(frozen=True, kw_only=True)
class Family:
    """A model family."""

    name: str  # as people type it, and the first part of its checkpoints' names
    description: str  # one line
    build: Build
    head: str  # the layer with the classifier's weights: the only one whose shape follows the classes
    widths: Widths | None = None  # None: the family has no width multiplier
    smallest: int = 32  # pixels
    resolution: int = 32  # pixels; trained at if none is named
    published_resolution: int = 224  # pixels; with ImageNet's classes, the model in the family's paper
    usual_resolutions: tuple[int, ...] = (96, 128, 160, 192, 224)
    mean: tuple[float, float, float] = (127.5,) * 3  # of pixels 0 to 255: models take (x − mean) / std
    std: tuple[float, float, float] = (127.5,) * 3
    convolutions: int | None = None  # in a converted file; None: not checked
    own_ops: frozenset[str] = frozenset()  # Add, Mul, Pad and such that are the model's, not left unfolded
    imagenet: ImageNet | None = None  # None: there are no such weights


def _mobilenet_v1(*, alpha: float | None, resolution: int, classes: int | None) -> Any:
    import keras

    top = {"include_top": False} if classes is None else {"classes": classes}
    return keras.applications.MobileNet((resolution, resolution, 3), alpha=alpha, weights=None, **top)


def _mobilenet_v1_file(alpha: float | None, resolution: int) -> str:
    written: dict[float | None, str] = {0.25: "2_5", 0.5: "5_0", 0.75: "7_5", 1.0: "1_0"}
    return f"mobilenet_{written[alpha]}_{resolution}_tf"


DEFAULT_FAMILY = "mobilenet_v1"

FAMILIES = Registry(
    "model family",
    (
        Family(
            name=DEFAULT_FAMILY,
            description="MobileNet v1: depthwise separable convolutions (Howard et al. 2017)",
            build=_mobilenet_v1,
            head="conv_preds",
            widths=Widths(
                smallest=1 / 32,  # the first convolution has 32 × alpha filters
                largest=12.0,  # 4 bytes × 3.2 million × alpha²: TFLite and ONNX files end at 2 GB
                usual=(0.25, 0.5, 0.75, 1.0),
                default=0.5,
            ),
            smallest=32,  # it halves its input five times
            convolutions=28,
            imagenet=ImageNet(
                address="https://storage.googleapis.com/tensorflow/keras-applications/mobilenet/",
                file=_mobilenet_v1_file,
                alphas=(0.25, 0.5, 0.75, 1.0),
                resolutions=(128, 160, 192, 224),
            ),
        ),
    ),
)
