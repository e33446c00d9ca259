"""Which preprocessing contract a model is converted under: what was asked for, else what is known of it."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from edgekit.artefact import DEPTHS, Channels, PerChannel, Preprocessing
from edgekit.conversion.request import ConvertRequest
from edgekit.errors import UsageError
from edgekit.words import listed, plural


@dataclass(frozen=True)
class Mode:
    """A usual way to give pixels to a model: (x − mean) / std."""

    mean: PerChannel  # one number for each channel, or one for all
    std: PerChannel
    channels: Channels | None = None  # None: as the model's depth says


# tf, torch and caffe are the modes of `keras.applications.imagenet_utils.preprocess_input`
MODES = {
    "tf": Mode((127.5,), (127.5,)),
    "rescale": Mode((0.0,), (255.0,)),
    "none": Mode((0.0,), (1.0,)),
    "torch": Mode((123.675, 116.28, 103.53), (58.395, 57.12, 57.375), "rgb"),
    "caffe": Mode((103.939, 116.779, 123.68), (1.0,), "bgr"),
}


def contract_of(request: ConvertRequest, own: Preprocessing) -> Preprocessing:
    """Return the contract that was asked for; of what was not, the model's own.

    Raises:
        UsageError: It does not fit the model's channels.
    """
    mode = None if request.preprocess is None else MODES[request.preprocess]
    channels = request.channels or (mode and mode.channels) or own.channels
    depth = own.depth
    if DEPTHS[channels] != depth:
        asked = f"--channels {channels}" if request.channels else f"--preprocess {request.preprocess}"
        fitting = listed(name for name, count in DEPTHS.items() if count == depth)
        raise UsageError(
            f"The model takes images of {plural(depth, 'channel')}, which {asked} does not give.",
            f"Leave it out; what fits is --channels {fitting}.",
        )
    mean, std = (mode.mean, mode.std) if mode else (request.mean, request.std)
    return _scaled(own, channels, mean, std)


def under(mode: str, own: Preprocessing) -> Preprocessing | None:
    """Return a contract with the scaling of one of `MODES`; None: it does not fit the model's channels."""
    wanted = MODES[mode]
    channels = wanted.channels or own.channels
    if DEPTHS[channels] != own.depth:
        return None
    return _scaled(own, channels, wanted.mean, wanted.std)


def _scaled(
    own: Preprocessing, channels: Channels, mean: PerChannel | None, std: PerChannel | None
) -> Preprocessing:
    return msgspec.structs.replace(
        own, channels=channels, mean=_each("mean", mean, own.mean), std=_each("std", std, own.std)
    )


def _each(what: str, asked: PerChannel | None, own: PerChannel) -> PerChannel:
    """Return a number for each channel; a single one is for all."""
    if asked is None:
        return own
    if len(asked) not in (1, len(own)):
        raise UsageError(
            f"--{what} has {len(asked)} numbers, the model takes images of {plural(len(own), 'channel')}.",
            f"Give one number for all channels, or {len(own)} with commas between.",
        )
    return asked * len(own) if len(asked) == 1 else asked
