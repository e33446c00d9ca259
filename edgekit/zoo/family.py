"""What is known about a model family."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from edgekit.artefact import Channels

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
    below: str = "leaves the first convolution without a filter"  # what an alpha under the smallest does


@dataclass(frozen=True, kw_only=True)
class ImageNet:
    """The ImageNet weights of a family, as Keras offers them."""

    address: str  # folder they are downloaded from
    file: Callable[[float | None, int], str]  # alpha, resolution → a file's name, without its ending
    alphas: tuple[float | None, ...] = (None,)
    resolutions: tuple[int, ...] = (224,)
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
    channels: Channels = "rgb"  # of the images, in their order
    mean: tuple[float, float, float] = (127.5,) * 3  # of pixels 0 to 255: models take (x − mean) / std
    std: tuple[float, float, float] = (127.5,) * 3
    convolutions: int | None = None  # in a converted file; None: not checked
    own_ops: frozenset[str] = frozenset()  # Add, Mul, Pad and such that are the model's, not left unfolded
    imagenet: ImageNet | None = None  # None: there are no such weights
