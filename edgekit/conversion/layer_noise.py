"""Which layers of a quantized file add the noise: each tensor compared with the float file's."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgekit.artefact import MANIFEST, ArtefactSet, check_files, read_set
from edgekit.conversion.formats import FORMATS, Format
from edgekit.conversion.ladder import SQNR_IMAGES
from edgekit.conversion.ranges import Activations
from edgekit.data import normalise
from edgekit.data.dataset import Float32
from edgekit.errors import UsageError
from edgekit.inspection import Inspection, LayerNoise, NoiseByLayer, inspect_file, is_model_file, lost_db
from edgekit.progress import SILENT, Progress

_BORDERS = ("QuantizeLinear", "DequantizeLinear", "QUANTIZE", "DEQUANTIZE")
_PLANES = 4  # dimensions of a tensor that has height and width


def layer_noise(path: Path, against: Path, progress: Progress = SILENT) -> NoiseByLayer:
    """Compare the tensors that two files share, on evaluation images of the float file's set.

    A channel may be larger throughout in one file, as equalization makes it: what is compared is each channel
    at the scale that fits best.

    Args:
        path: A quantized file.
        against: The float32 file it was made from, in an artefact set.
        progress: Receives the images.

    Raises:
        UsageError: The files are not comparable, or the float file is in no set.
        ModelError: A file is damaged.
        RecordError: The set is damaged.
    """
    for file in (path, against):
        if not is_model_file(file):
            raise UsageError(
                f"{file} is not a TFLite or ONNX file, so there are no tensors to compare.",
                "Name a quantized file, and --against its float32 file.",
            )
    quantized, floating = inspect_file(path), inspect_file(against)
    format = _format(path, against, quantized, floating)
    pixels = _images(against)
    totals: dict[str, _Total] = {}
    probes = [format.look_inside(each.read_bytes()) for each in (against, path)]
    progress.step(f"Comparing {path.name} with {against.name}", len(pixels))
    for done, image in enumerate(pixels, 1):
        real, here = (probe.activations(image[None]) for probe in probes)
        for name in _shared(real, here):
            totals.setdefault(name, _Total()).add(*(_rows(x[name], format) for x in (real, here)))
        progress.advance(done)
    noises = {name: total.noise for name, total in totals.items() if total.signal > 0}
    layers = tuple(_layers(floating, noises))
    if not layers:
        raise UsageError(
            f"No tensor of {path.name} has a name that {against.name} knows, so layers cannot be compared.",
            f"edgekit inspect {shlex.quote(str(path))}",
        )
    return NoiseByLayer(path.name, against.name, len(pixels), layers)


class _Total:
    """Sums over images, for each channel."""

    def __init__(self) -> None:
        self._real = self._both = self._here = np.float64(0)

    def add(self, real: npt.NDArray[np.float64], here: npt.NDArray[np.float64]) -> None:
        """Count one image's values, [n, channels]."""
        self._real = self._real + np.sum(real * real, axis=0)
        self._both = self._both + np.sum(real * here, axis=0)
        self._here = self._here + np.sum(here * here, axis=0)

    @property
    def signal(self) -> float:
        return float(np.sum(self._real))

    @property
    def noise(self) -> float:
        """What remains of the real values after the best multiple of the others is taken away."""
        explained = np.square(self._both) / np.maximum(self._here, np.finfo(np.float64).tiny)
        explained = np.where(self._both > 0, explained, 0.0)
        return float(np.sum(np.maximum(self._real - explained, 0.0))) / self.signal


def _format(path: Path, against: Path, quantized: Inspection, floating: Inspection) -> Format:
    if quantized.format != floating.format:
        raise UsageError(
            f"{path.name} and {against.name} are of different formats, whose tensors have different names.",
            f"Compare it with the float32 {quantized.format} file of the set.",
        )
    for found, file, wanted in ((quantized, path, False), (floating, against, True)):
        if (found.precision == "float32") is not wanted:
            raise UsageError(
                f"{file.name} is {found.precision}.",
                "Name a quantized file, then --against its float32 file.",
            )
    return FORMATS[quantized.format]


def _images(against: Path) -> Float32:
    """The first evaluation images of the set that a file is in, as the model takes them."""
    if not (against.parent / MANIFEST).is_file():
        raise UsageError(
            f"{against} is in no artefact set, so there are no images to compare with.",
            "Make one with `edgekit convert`, and name its float32 file.",
        )
    artefacts: ArtefactSet = read_set(against.parent)
    check_files(artefacts)
    with np.load(artefacts.folder / artefacts.manifest.evaluation_file, allow_pickle=False) as stored:
        return normalise(stored["images"][:SQNR_IMAGES], artefacts.manifest.preprocessing)


def _shared(real: Activations, here: Activations) -> Iterator[str]:
    return (name for name in real if name in here and real[name].shape == here[name].shape)


def _rows(values: Float32, format: Format) -> npt.NDArray[np.float64]:
    """Values as [n, channels]."""
    axis = format.channels if values.ndim == _PLANES else -1
    return np.moveaxis(values, axis, -1).reshape(-1, values.shape[axis]).astype(np.float64)


def _layers(floating: Inspection, noises: dict[str, float]) -> Iterator[LayerNoise]:
    """The float file's layers that can be compared: their names are the ones a user knows."""
    before, most = 0.0, max(noises.values(), default=0.0)
    for layer in floating.layers:
        if layer.op in _BORDERS or layer.tensor not in noises:
            continue
        noise = noises[layer.tensor]
        name = layer.name.partition(";")[0]
        yield LayerNoise(name, layer.op, layer.tensor, noise, lost_db(noise, before, most))
        before = noise
