"""The model families: to add one, add a record to FAMILIES.

Commands read this list whenever they start, so it imports nothing heavy: Keras is loaded to build a model.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from edgekit.registry import Registry
from edgekit.zoo.ablations import shallow, standard
from edgekit.zoo.family import IMAGENET_CLASSES, Build, Family, ImageNet, Widths

__all__ = ["DEFAULT_FAMILY", "FAMILIES", "IMAGENET_CLASSES", "Build", "Family", "ImageNet", "Widths"]

_KERAS = "https://storage.googleapis.com/tensorflow/keras-applications/"


def _of_keras(name: str, **fixed: Any) -> Build:
    """Return how one of `keras.applications` is built."""

    def build(*, alpha: float | None, resolution: int, classes: int | None) -> Any:
        import keras

        given: dict[str, Any] = {"include_top": False} if classes is None else {"classes": classes}
        if alpha is not None:
            given["alpha"] = alpha
        make = getattr(keras.applications, name)
        return make(input_shape=(resolution, resolution, 3), weights=None, **given, **fixed)

    return build


def _mobilenet_v1_file(alpha: float | None, resolution: int) -> str:
    written: dict[float | None, str] = {0.25: "2_5", 0.5: "5_0", 0.75: "7_5", 1.0: "1_0"}
    return f"mobilenet_{written[alpha]}_{resolution}_tf"


def _mobilenet_v2_file(alpha: float | None, resolution: int) -> str:
    return f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{alpha}_{resolution}"


_V1 = Widths(
    smallest=1 / 32,  # the first convolution has 32 × alpha filters
    largest=12.0,  # 4 bytes × 3.2 million × alpha²: TFLite and ONNX files end at 2 GB
    usual=(0.25, 0.5, 0.75, 1.0),
    default=0.5,
)
# v2 and v3 give every layer a multiple of 8 channels, and none fewer
_NARROWEST = "leaves hardly a layer more than the 8 channels that are the least"
_V2 = Widths(
    smallest=0.05,
    largest=10.0,  # 4 bytes × 3.5 million × alpha²
    usual=(0.35, 0.5, 0.75, 1.0, 1.3, 1.4),
    default=0.5,
    below=_NARROWEST,
)
_V3 = Widths(
    smallest=0.05,
    largest=8.0,  # 4 bytes × 5.5 million × alpha²
    usual=(0.75, 1.0),
    default=1.0,
    below=_NARROWEST,
)
# MD5 of the files with a classifier and without, as Keras lists them
_V3_HASHES = {
    "large_224_0.75": ("765b44a33ad4005b3ac83185abf1d0eb", "40af19a13ebea4e2ee0c676887f69a2e"),
    "large_224_1.0": ("59e551e166be033d707958cf9e29a6a7", "07fb09a5933dd0c8eaafa16978110389"),
    "large_minimalistic_224_1.0": ("675e7b876c45c57e9e63e6d90a36599c", "ec5221f64a2f6d1ef965a614bdae7973"),
    "small_224_0.75": ("cb65d4e5be93758266aa0a7f2c6708b7", "ebdb5cc8e0b497cd13a7c275d475c819"),
    "small_224_1.0": ("8768d4c2e7dee89b9d02b2d03d65d862", "d3e8ec802a04aa4fc771ee12a9a9b836"),
    "small_minimalistic_224_1.0": ("99cd97fb2fcdad2bf028eb838de69e37", "cde8136e733e811080d9fcd8a252f7e4"),
}


def _mobilenet_v3(size: str, *, minimalistic: bool, convolutions: int) -> Family:
    """Return one of the four; Keras' own scaling is left out of them, so that files need not do it."""
    kind = f"{size}_minimalistic" if minimalistic else size
    own_ops = {"Add", "ADD"} if minimalistic else {"Add", "ADD", "Mul", "MUL"}
    without = ": no hard-swish, no squeeze-and-excite, no 5 × 5" if minimalistic else ""
    return Family(
        name=f"mobilenet_v3_{kind}",
        description=f"MobileNet v3 {kind.replace('_', ' ')}{without} (Howard et al. 2019)",
        build=_of_keras(
            f"MobileNetV3{size.capitalize()}", minimalistic=minimalistic, include_preprocessing=False
        ),
        head="logits",
        widths=_V3,
        convolutions=convolutions,
        own_ops=frozenset(own_ops),
        imagenet=ImageNet(
            address=f"{_KERAS}mobilenet_v3/",
            file=lambda alpha, resolution: f"weights_mobilenet_v3_{kind}_{resolution}_{alpha}_float",
            alphas=(1.0,) if minimalistic else (0.75, 1.0),
            headless="_no_top_v2.h5",
            hashes={
                f"weights_mobilenet_v3_{name}_float{ending}": digest
                for name, digests in _V3_HASHES.items()
                for ending, digest in zip((".h5", "_no_top_v2.h5"), digests, strict=True)
            },
        ),
    )


def _of_one_size(folder: str, family: str, resolution: int, hashes: tuple[str, str]) -> ImageNet:
    """Return the ImageNet weights of a family without widths; MD5 with the classifier and without."""
    name = f"{family}_weights_tf_dim_ordering_tf_kernels"
    return ImageNet(
        address=f"{_KERAS}{folder}/",
        file=lambda alpha, resolution: name,
        resolutions=(resolution,),
        headless="_notop.h5",
        hashes={f"{name}.h5": hashes[0], f"{name}_notop.h5": hashes[1]},
    )


DEFAULT_FAMILY = "mobilenet_v1"

FAMILIES = Registry(
    "model family",
    (
        Family(
            name=DEFAULT_FAMILY,
            description="MobileNet v1: depthwise separable convolutions (Howard et al. 2017)",
            build=_of_keras("MobileNet"),
            head="conv_preds",
            widths=_V1,
            convolutions=28,
            imagenet=ImageNet(
                address=f"{_KERAS}mobilenet/",
                file=_mobilenet_v1_file,
                alphas=(0.25, 0.5, 0.75, 1.0),
                resolutions=(128, 160, 192, 224),
            ),
        ),
        Family(
            name="mobilenet_v1_standard",
            description="MobileNet v1 with standard convolutions in place of depthwise separable ones",
            build=standard,
            head="conv_preds",
            widths=replace(_V1, largest=4.0),  # 4 bytes × 29 million × alpha²
            convolutions=15,
        ),
        Family(
            name="mobilenet_v1_shallow",
            description="MobileNet v1 without its five blocks of 14 × 14 × 512",
            build=shallow,
            head="conv_preds",
            widths=_V1,
            convolutions=18,
        ),
        Family(
            name="mobilenet_v2",
            description="MobileNet v2: inverted residuals, linear bottlenecks (Sandler et al. 2018)",
            build=_of_keras("MobileNetV2"),
            head="predictions",
            widths=_V2,
            convolutions=52,
            own_ops=frozenset({"Add", "ADD"}),
            imagenet=ImageNet(
                address=f"{_KERAS}mobilenet_v2/",
                file=_mobilenet_v2_file,
                alphas=(0.35, 0.5, 0.75, 1.0, 1.3, 1.4),
                resolutions=(96, 128, 160, 192, 224),
            ),
        ),
        _mobilenet_v3("small", minimalistic=False, convolutions=54),
        _mobilenet_v3("large", minimalistic=False, convolutions=64),
        _mobilenet_v3("small", minimalistic=True, convolutions=36),
        _mobilenet_v3("large", minimalistic=True, convolutions=48),
        Family(
            name="xception",
            description="Xception: separable convolutions, 23 million parameters (Chollet 2017)",
            build=_of_keras("Xception"),
            head="predictions",
            convolutions=74,
            smallest=71,
            resolution=96,
            published_resolution=299,
            usual_resolutions=(96, 150, 224, 299),
            own_ops=frozenset({"Add", "ADD"}),
            imagenet=_of_one_size(
                "xception",
                "xception",
                299,
                ("0a58e3b7378bc2990ea3b43d5981f1f6", "b0042744bf5b25fce3cb969f33bebb97"),
            ),
        ),
        Family(
            name="resnet50",
            description="ResNet-50: residual blocks, 26 million parameters (He et al. 2015)",
            build=_of_keras("ResNet50"),
            head="predictions",
            convolutions=53,
            channels="bgr",  # Keras' mode `caffe`
            mean=(103.939, 116.779, 123.68),
            std=(1.0,) * 3,
            own_ops=frozenset({"Add", "ADD", "Pad"}),
            imagenet=_of_one_size(
                "resnet",
                "resnet50",
                224,
                ("2cb95161c43110f7111970584f804107", "4d473c1dd8becc155b73f8504c6f6626"),
            ),
        ),
        Family(
            name="inception_resnet_v2",
            description="Inception-ResNet v2: 56 million parameters (Szegedy et al. 2016)",
            build=_of_keras("InceptionResNetV2"),
            head="predictions",
            convolutions=244,
            smallest=75,
            resolution=96,
            published_resolution=299,
            usual_resolutions=(96, 150, 224, 299),
            own_ops=frozenset({"Add", "ADD", "Mul", "MUL"}),
            imagenet=_of_one_size(
                "inception_resnet_v2",
                "inception_resnet_v2",
                299,
                ("e693bd0210a403b3192acc6073ad2e96", "d19885ff4a710c122648d3b5c3b684e4"),
            ),
        ),
    ),
)
