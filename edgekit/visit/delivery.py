"""What is brought to a device."""

from __future__ import annotations

import time
from collections.abc import Sequence
from operator import add

import msgspec

from edgekit.device import Payload, Transport
from edgekit.progress import Progress
from edgekit.results import Transfer


class Delivery:
    """Brings files to a connected device, and knows where they are there and what that cost.

    Args:
        device: Connected.
        progress: Advanced by the bytes that are sent.
    """

    def __init__(self, device: Transport, progress: Progress) -> None:
        self._device, self._progress = device, progress
        self.places: dict[str, str] = {}  # paths on the device, by hash
        self.transfer = Transfer()  # all of it so far

    def bring(self, payloads: Sequence[Payload]) -> list[str]:
        """Bring what was not brought before; return where each of them is."""
        new = [payload for payload in dict.fromkeys(payloads) if payload.sha256 not in self.places]
        if new:
            start = time.monotonic()
            pushed = self._device.push(new, self._progress)
            self.places |= pushed.paths
            sent = msgspec.structs.replace(pushed.transfer, seconds=time.monotonic() - start)
            self.transfer = Transfer(*map(add, *map(msgspec.structs.astuple, (self.transfer, sent))))
        return [self.places[payload.sha256] for payload in payloads]
