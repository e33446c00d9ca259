"""A file that takes an image's bytes as they are: its scaling is that of its input's tensor."""

from __future__ import annotations

import msgspec

from edgekit.artefact import Preprocessing
from edgekit.inspection import TensorInfo

_ALIKE = 1e-4  # by which share two scales may differ that are one, rounded
_LOWEST = {"uint8": 0, "int8": -128}
_HALF = 0.501  # of a step


def byte_range(contract: Preprocessing) -> tuple[float, float] | None:
    """The range of real values whose 256 steps are those of a byte; None: channels are scaled differently.

    Zero must be a step. So where the mean lies between two bytes, as 127.5 does, all values are half a step
    off; each in the same direction, which a bias makes good.
    """
    mean, std = contract.mean[0], contract.std[0]
    if not contract.uniform or not 0 <= mean <= 255:
        return None
    zero = round(mean)
    return -zero / std, (255 - zero) / std


def contract_of_file(contract: Preprocessing, image: TensorInfo) -> Preprocessing:
    """What brings an image to a file's input: the set's contract, or one that leaves bytes as they are.

    Args:
        contract: The set's.
        image: The input.
    """
    found = image.quantization
    if found is None:
        return contract
    (step, *_), (zero, *_) = found.scales, found.zero_points
    if step == 1 and zero == _LOWEST.get(image.dtype):  # a byte is its own real value
        return msgspec.structs.replace(contract, mean=(0.0,) * contract.depth, std=(1.0,) * contract.depth)
    if image.dtype != "uint8" or not contract.uniform:
        return contract
    if abs(step * contract.std[0] - 1) > _ALIKE or abs(zero - contract.mean[0]) > _HALF:
        return contract
    return msgspec.structs.replace(contract, mean=(float(zero),) * contract.depth)
