"""A trained model as the bytes of a `.keras` file: the same weights give the same bytes."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

from edgekit.training.scratch import scratch_folder

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date a zip archive can hold


def checkpoint_bytes(model: Any) -> bytes:
    """Return a `.keras` file of a model, without a date.

    Args:
        model: Without optimizer. Its dropout layers' seeds are part of the file.

    Raises:
        StorageError: There is no room in the temporary folder.
    """
    with scratch_folder(model.count_params()) as folder:
        path = folder / "model.keras"
        model.save(path)
        return _repeatable(path)


def _repeatable(path: Path) -> bytes:
    """Rewrite the archive without what differs between processes: dates, and objects' addresses."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(buffer, "w") as new:
        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename == "metadata.json":
                data = json.dumps({**json.loads(data), "date_saved": "1980-01-01@00:00:00"}).encode()
            elif entry.filename == "config.json":
                config = json.loads(data, object_hook=_for_older_keras)
                data = _number_objects(json.dumps(config)).encode()
            new.writestr(zipfile.ZipInfo(entry.filename, _EPOCH), data)
    return buffer.getvalue()


def _for_older_keras(config: dict[str, Any]) -> dict[str, Any]:
    """Leave out settings that Keras 3.13 to 3.15 brought and that are not used: 3.12 refuses their names."""
    unused = {name for name in ("input_axes", "output_axes") if config.get(name, ...) is None}
    if config.get("optional") is False:
        unused.add("optional")
    if config.get("renorm") is False:
        unused |= {"renorm", "renorm_clipping", "renorm_momentum"}
    return {name: value for name, value in config.items() if name not in unused}


def _number_objects(config: str) -> str:
    """Give objects that layers share numbers from 0 in place of their addresses."""
    numbers: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        return f"{match[1]}{numbers.setdefault(match[2], len(numbers))}"

    return re.sub(r'("shared_object_id": )(\d+)', number, config)
