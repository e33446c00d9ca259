"""Features of a frozen base, computed once for each image and kept in the cache.

<cache>/features/<key>/<hash>.npz    `hashes` of some images, and their `features`, float32 [n, channels]

The key is a hash of all that decides an image's features but the image: the base's file, how images reach
it, and the library that computes. Whatever of a dataset is there is not computed again, also when it grew.
"""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from edgekit.artefact import Preprocessing
from edgekit.data import Split, normalise
from edgekit.data.dataset import Float32
from edgekit.files import sha256_bytes, write_atomic
from edgekit.lookup import CACHE_ELSEWHERE, cache_folder
from edgekit.progress import Progress

_VERSION = 1  # of how a head is cut off: another one gives other features
_BATCH = 64  # images at a time
_KEEP = 2.0  # seconds of work that may be lost
_DAMAGED = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)  # what reading a damaged file raises


@dataclass(frozen=True)
class Features:
    """Features of a split's images, in its order."""

    values: Float32  # [n, channels]
    cached: int  # images that were in the cache


@dataclass(frozen=True)
class FeatureCache:
    """The features that one base gives under one contract."""

    folder: Path
    contract: Preprocessing

    def of(self, split: Split, compute: Callable[[Float32], Any], what: str, progress: Progress) -> Features:
        """Return the features of a split; what is not in the cache is computed and put there.

        Args:
            split: Its images.
            compute: From images as the contract makes them to float32 [n, channels].
            what: What the images are for, in the progress display.
            progress: Receives the number of images done.

        Raises:
            StorageError: The cache cannot be written.
            DataError: An image can no longer be read.
        """
        hashes = list(split.hashes)
        known = self._read(set(hashes))
        missing = [i for i, digest in enumerate(hashes) if digest not in known]
        cached = len(hashes) - len(missing)
        progress.step(f"Computing features of {what} images", total=len(hashes))
        progress.advance(cached)
        waiting, kept = [], time.monotonic()
        for start in range(0, len(missing), _BATCH):
            part = missing[start : start + _BATCH]
            values = np.asarray(compute(normalise(split.images.read(part), self.contract)), np.float32)
            known.update(zip((hashes[i] for i in part), values, strict=True))
            waiting += [hashes[i] for i in part]
            last = start + _BATCH >= len(missing)
            if last or time.monotonic() - kept >= _KEEP:
                self._write(waiting, np.stack([known[digest] for digest in waiting]))
                waiting, kept = [], time.monotonic()
            progress.advance(cached + start + len(part))
        return Features(np.stack([known[digest] for digest in hashes]), cached)

    def _read(self, wanted: set[str]) -> dict[str, Float32]:
        known: dict[str, Float32] = {}
        for path in sorted(self.folder.glob("*.npz")):
            # damaged, or gone meanwhile: it is computed again
            with suppress(*_DAMAGED), np.load(path, allow_pickle=False) as held:
                hashes = held["hashes"].tolist()
                if wanted & set(hashes):
                    found = zip(hashes, held["features"], strict=True)
                    known |= {digest: values for digest, values in found if digest in wanted}
        return known

    def _write(self, hashes: list[str], values: Float32) -> None:
        data = io.BytesIO()
        np.savez(data, hashes=np.array(hashes), features=values)
        name = sha256_bytes("\n".join(hashes).encode())
        write_atomic(self.folder / f"{name[:32]}.npz", data.getvalue(), CACHE_ELSEWHERE)


def feature_cache(base_sha256: str, contract: Preprocessing) -> FeatureCache:
    """Return the cache of what a base makes of images under a contract."""
    going_in = (_VERSION, base_sha256, contract, version("tensorflow"))
    key = sha256_bytes(msgspec.json.encode(going_in))
    return FeatureCache(cache_folder() / "features" / key[:32], contract)
