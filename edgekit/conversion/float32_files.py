"""The float32 files that all others are made from and compared with."""

from __future__ import annotations

from dataclasses import dataclass, field

from edgekit.conversion.float_file import FloatFile
from edgekit.conversion.formats import Format
from edgekit.conversion.graph import FloatGraph
from edgekit.errors import ModelError
from edgekit.memory import give_back
from edgekit.progress import Progress


@dataclass(frozen=True)
class Float32Files:
    """A model's float32 file in each format, made once."""

    graph: FloatGraph | FloatFile
    progress: Progress
    _made: dict[str, bytes | ModelError] = field(default_factory=dict)  # by format

    def of(self, format: Format) -> bytes:
        """Return a format's file.

        Raises:
            ModelError: The model cannot be converted to it.
        """
        if format.name not in self._made:
            self.progress.step(f"Converting to float32 {format.name}")
            self._made[format.name] = self._make(format)
            give_back(cycles=True)
        found = self._made[format.name]
        if isinstance(found, ModelError):
            raise found
        return found

    def _make(self, format: Format) -> bytes | ModelError:
        graph = self.graph
        try:
            return format.fit(graph.data) if isinstance(graph, FloatFile) else format.float32(graph)
        except ModelError as error:
            return error
