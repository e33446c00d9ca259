"""How an app uses a model file: what becomes of an image, and what the scores mean, as the file itself says.

Both formats have a standard for parts of it, which `tflite_metadata` and `onnx_metadata` read and write. What
no standard has goes next to it as the properties below, so that a file says all that a manifest says of it.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from edgekit.artefact import TOP1, Head, Preprocessing

PREFIX = "edgekit."
_NUMBERS = ("mean", "std")


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What edgekit writes into a file.

    An image is turned into real numbers as `preprocessing` says. If the input is quantized, they become
    round(real / scale) + zero point with the input's own scale and zero point.
    """

    preprocessing: Preprocessing  # of this file: one that takes bytes has its scaling inside
    labels: tuple[str, ...] = ()  # in the order of the scores; of a single score, class 0 and class 1
    head: Head = TOP1
    model: str = ""  # its name
    source_sha256: str = ""  # of the file of weights that it was converted from
    version: str = ""  # of edgekit


def properties(usage: Usage) -> dict[str, str]:
    """Say everything but the labels as text, by name."""
    contract = msgspec.to_builtins(usage.preprocessing)
    numbers = {name: ",".join(f"{value:.9g}" for value in contract[name]) for name in _NUMBERS}
    return {
        **{name: str(value) for name, value in contract.items()},
        **numbers,
        "head": usage.head.kind,
        "threshold": f"{usage.head.threshold:.9g}",
        "model": usage.model,
        "source_sha256": usage.source_sha256,
        "version": usage.version,
    }


def usage_from(said: Mapping[str, str], labels: tuple[str, ...]) -> Usage | None:
    """Read what `properties` returned; None: it is not all there, or makes no sense."""
    try:
        contract: dict[str, object] = {name: said[name] for name in Preprocessing.__struct_fields__}
        contract |= {name: tuple(map(float, said[name].split(","))) for name in _NUMBERS}
        preprocessing = msgspec.convert(contract, Preprocessing, strict=False)
        if {len(preprocessing.mean), len(preprocessing.std)} != {preprocessing.depth}:
            return None
        head = {"kind": said["head"], "threshold": said["threshold"]}
        return Usage(
            preprocessing=preprocessing,
            labels=labels,
            head=msgspec.convert(head, Head, strict=False),
            model=said.get("model", ""),
            source_sha256=said.get("source_sha256", ""),
            version=said.get("version", ""),
        )
    except (KeyError, ValueError):  # msgspec's errors are ValueErrors
        return None
