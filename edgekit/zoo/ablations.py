"""MobileNet v1 with parts changed, as its paper compares them (Howard et al. 2017, tables 4 and 5).

Keras has only the whole. All else is as there, layer names included: what differs is what is compared.
"""

from __future__ import annotations

from typing import Any

_BLOCKS = (  # of table 1, by number: filters at alpha 1, stride
    *((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)),
    *((512, 1),) * 5,
    *((1024, 2), (1024, 1)),
)
_DEEP = range(7, 12)  # the five blocks of 14 × 14 × 512 at 224 pixels


def standard(*, alpha: float | None, resolution: int, classes: int | None) -> Any:
    """Build MobileNet v1 with one 3 × 3 convolution for each pair of depthwise and pointwise."""
    return _mobilenet(range(1, len(_BLOCKS) + 1), alpha, resolution, classes, separable=False)


def shallow(*, alpha: float | None, resolution: int, classes: int | None) -> Any:
    """Build MobileNet v1 without the five blocks of 14 × 14 × 512."""
    blocks = [number for number in range(1, len(_BLOCKS) + 1) if number not in _DEEP]
    return _mobilenet(blocks, alpha, resolution, classes)


def _mobilenet(
    blocks: Any, alpha: float | None, resolution: int, classes: int | None, *, separable: bool = True
) -> Any:
    import keras
    from keras import layers

    width = 1.0 if alpha is None else alpha
    image = keras.Input((resolution, resolution, 3))
    x = layers.Conv2D(int(32 * width), 3, strides=2, padding="same", use_bias=False, name="conv1")(image)
    x = _activated(x, "conv1")
    for number in blocks:
        filters, stride = _BLOCKS[number - 1]
        x = _block(x, int(filters * width), stride, number, separable)
    if classes is not None:
        x = layers.GlobalAveragePooling2D(keepdims=True)(x)
        x = layers.Dropout(1e-3, name="dropout")(x)
        x = layers.Conv2D(classes, 1, padding="same", name="conv_preds")(x)
        x = layers.Reshape((classes,), name="reshape_2")(x)
        x = layers.Activation("softmax", name="predictions")(x)
    return keras.Model(image, x)


def _block(x: Any, filters: int, stride: int, number: int, separable: bool) -> Any:
    from keras import layers

    if stride == 2:
        x = layers.ZeroPadding2D(((0, 1), (0, 1)), name=f"conv_pad_{number}")(x)
    window: dict[str, Any] = {
        "kernel_size": 3,
        "strides": stride,
        "padding": "same" if stride == 1 else "valid",
        "use_bias": False,
    }
    if not separable:
        return _activated(layers.Conv2D(filters, name=f"conv_{number}", **window)(x), f"conv_{number}")
    x = _activated(layers.DepthwiseConv2D(name=f"conv_dw_{number}", **window)(x), f"conv_dw_{number}")
    x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"conv_pw_{number}")(x)
    return _activated(x, f"conv_pw_{number}")


def _activated(x: Any, name: str) -> Any:
    from keras import layers

    x = layers.BatchNormalization(name=f"{name}_bn")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x)
