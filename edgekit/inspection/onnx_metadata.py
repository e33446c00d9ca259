"""What an .onnx file says of its image and its scores, in its properties.

The names that begin with `Image.` and their values are ONNX' own, from docs/MetadataProps.md in
github.com/onnx/onnx. They know four ranges of pixels and no labels; the other names, edgekit's, say the rest.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from edgekit.artefact import Channels
from edgekit.inspection.usage import PREFIX, Usage, properties, usage_from

_LABELS = f"{PREFIX}labels"
_FORMATS: dict[Channels, str] = {"rgb": "Rgb8", "bgr": "Bgr8", "grey": "Gray8", "rgba": "Rgba8"}
_RANGES = {  # by mean and std
    (0.0, 1.0): "NominalRange_0_255",
    (0.0, 255.0): "Normalized_0_1",
    (127.5, 127.5): "Normalized_1_1",
}


def onnx_properties(usage: Usage) -> dict[str, str]:
    """Say how a file is used, by the properties' names.

    A range of pixels that ONNX has no word for is left out.
    """
    contract = usage.preprocessing
    range = _RANGES.get((contract.mean[0], contract.std[0])) if contract.uniform else None
    labels = {_LABELS: msgspec.json.encode(usage.labels).decode()} if usage.labels else {}
    return {
        "Image.BitmapPixelFormat": _FORMATS[contract.channels],
        "Image.ColorSpaceGamma": "SRGB",
        **({"Image.NominalPixelRange": range} if range else {}),
        **{f"{PREFIX}{name}": value for name, value in properties(usage).items()},
        **labels,
    }


def onnx_usage(said: Mapping[str, str]) -> Usage | None:
    """Read what `onnx_properties` said; None: edgekit did not, or it is damaged."""
    own = {name.removeprefix(PREFIX): value for name, value in said.items() if name.startswith(PREFIX)}
    try:
        return usage_from(own, msgspec.json.decode(own.get("labels", "[]"), type=tuple[str, ...]))
    except ValueError:
        return None
