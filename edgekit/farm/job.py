"""What a worker does: one step, with what it needs sent along, and the result sent back."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from edgekit import __version__
from edgekit.errors import EdgekitError, TransientDeviceError
from edgekit.farm.parcel import Parcel, pack, unpack
from edgekit.sweeping.steps import Step, function_of, run_step
from edgekit.sweeping.store import Store
from edgekit.words import first_line


class Refusal(msgspec.Struct, frozen=True):
    """Why a step gave nothing."""

    reason: str
    hint: str = ""


def do(step: bytes, run: str, needs: Mapping[str, Parcel]) -> Parcel | Refusal:
    """Do a step in a folder of its own, which is gone afterwards.

    Args:
        step: The step, as JSON.
        run: Its function: `edgekit.sweeping.work:convert`.
        needs: What the steps that it needs gave, by their keys.

    Raises:
        TransientDeviceError: The device did not do it; Dask tries again, elsewhere where it can.
    """
    what = msgspec.json.decode(step, type=Step)
    with tempfile.TemporaryDirectory(prefix="edgekit-farm-") as place:
        store = Store(Path(place))
        try:
            for key, parcel in needs.items():
                unpack(parcel, store.path(key))
            run_step(what, store, run=function_of(run))
            return pack(store.path(what.key))
        except TransientDeviceError:
            raise
        except EdgekitError as error:
            return Refusal(error.what, error.hint)
        except Exception as error:
            return Refusal(f"unexpected error in edgekit: {type(error).__name__}: {first_line(error)}")


def version() -> str:
    """Return the version of edgekit where this runs."""
    return __version__
