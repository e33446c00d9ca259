"""A file that takes an image's bytes as they are: its scaling is that of its input's tensor."""

from __future__ import annotations

import msgspec

from edgekit.artefact import Preprocessing
from edgekit.inspection import TensorInfo

_ALIKE = 1e-4  # by which share two scales may differ that are one, rounded
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
    if found is None or image.dtype != "uint8" or not contract.uniform:
        return contract
    (step, *_), (zero, *_) = found.scales, found.zero_points
    if abs(step * contract.std[0] - 1) > _ALIKE or abs(zero - contract.mean[0]) > _HALF:
        return contract
    return msgspec.structs.replace(contract, mean=(float(zero),) * contract.depth)
