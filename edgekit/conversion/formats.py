"""The file formats a model is converted to: to add one, add a record to FORMATS.

How its files are recognised and read is in `edgekit.inspection.formats`, where packages that convert
nothing find it too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from typing import Protocol

from edgekit.artefact import Preprocessing
from edgekit.conversion import onnx_network, tflite_network
from edgekit.conversion.graph import FloatGraph
from edgekit.conversion.onnx_files import (
    FLOAT_OPS,
    REDUCED_RANGE,
    fit_onnx,
    float32_onnx,
    int8_onnx,
    may_overflow,
    onnx_note,
)
from edgekit.conversion.onnx_io import with_byte_ends
from edgekit.conversion.onnx_metadata import with_onnx_metadata
from edgekit.conversion.onnx_naming import onnx_names
from edgekit.conversion.onnx_rewrites import fastest_in_float
from edgekit.conversion.probe import OnnxProbe, Probe, TfliteProbe
from edgekit.conversion.ranges import Ranges
from edgekit.conversion.runners import OnnxRunner, Runner, TfliteRunner
from edgekit.conversion.target import LARGEST_SAFE_WEIGHT, Target
from edgekit.conversion.tflite_files import IO, fit_tflite, float16_tflite, float32_tflite, int8_tflite
from edgekit.conversion.tflite_metadata import with_tflite_metadata
from edgekit.errors import InvalidError
from edgekit.inspection import FILE_FORMATS, FileFormat, Inspection
from edgekit.inspection import Layer as Operator
from edgekit.inspection.usage import Usage
from edgekit.quantization.network import Layer
from edgekit.quiet import quiet_stderr
from edgekit.registry import Registry
from edgekit.words import first_line


class Quantizer(Protocol):
    """What makes an int8 file."""

    def __call__(
        self, float_file: bytes, ranges: Ranges, float_layers: Set[str], *, io: IO, target: Target
    ) -> bytes:
        """Quantize a float32 file of the same format; `float_layers` are the layers to leave in float32."""


@dataclass(frozen=True, kw_only=True)
class Format:
    """A file format that models are converted to."""

    file: FileFormat
    float32: Callable[[FloatGraph], bytes]
    fit: Callable[[bytes], bytes]  # makes a float file of other origin as edgekit's own are
    fastest: Callable[[bytes], bytes]  # a float32 file with operators that only float32 has
    float16: Callable[[FloatGraph], bytes] | None  # None: the format has no such files
    int8: Quantizer
    run: Callable[[bytes, bool], Runner]  # file, whether to optimise it first
    probe: Callable[[bytes], Probe]  # looks inside: every activation's values
    note: Callable[[Inspection, Target], str]  # how an int8 file was quantized, for its record
    names: Callable[[bytes], dict[str, str]]  # what the short names in a float32 file stand for
    channels: int  # axis of a convolution's output along which its channels are
    is_float: Callable[[Operator], bool]  # whether an operator of a quantized file computes in float32
    overflows: Callable[[bytes, Inspection], bool] | None  # whether an int8 file's sums can leave 16 bits;
    # None: its kernels sum in 32 bits everywhere
    with_layers: Callable[[bytes, Sequence[Layer], Sequence[Layer]], bytes | None]  # a float32 file, a
    # network's layers, and others to store in their place; None: the file does not have those layers
    unsquashed: Callable[[bytes], tuple[bytes, str]]  # a float32 file without a softmax or sigmoid at its end
    levels: Callable[[Target], int]  # the largest integer of an int8 file's weights
    io: IO  # what int8 files take and give if nothing else is asked for
    with_ends: Callable[[bytes, IO, Preprocessing, Sequence[tuple[float, float]]], bytes] | None  # an int8
    # file that takes and gives bytes, of one that does not; None: `int8` made it so
    with_usage: Callable[[bytes, Usage], bytes]  # a file that says for apps how it is used
    mixed: bool  # whether int8 files may keep layers in float32 if no largest drop is set

    @property
    def name(self) -> str:
        """In records, and how the names of its files end: `tflite`."""
        return self.file.name

    @property
    def targeted(self) -> bool:
        """Whether an int8 file suits some CPUs only, whose fast kernels may saturate."""
        return self.overflows is not None

    def load(self, data: bytes, *, optimise: bool = True) -> Runner:
        """Load a file to run it; `optimise` False executes it literally, where that differs.

        Raises:
            InvalidError: The runtime refuses it, as LiteRT does where two tensors' scales are too far apart.
        """
        with quiet_stderr(shown=False):
            try:
                return self.run(data, optimise)
            except Exception as error:  # runtimes have no error that one could name
                raise InvalidError(
                    f"The {self.file.title} file cannot be loaded: {first_line(error).rstrip('.')}.",
                    "Try the other format alone, with --format.",
                ) from error

    def look_inside(self, data: bytes) -> Probe:
        """Load a file to look inside."""
        with quiet_stderr():
            return self.probe(data)


FORMATS = Registry(
    "file format",
    (
        Format(
            file=FILE_FORMATS["tflite"],
            float32=float32_tflite,
            fit=fit_tflite,
            fastest=lambda data: data,
            float16=float16_tflite,
            int8=lambda file, ranges, kept, *, io, target: int8_tflite(file, ranges, io, kept),
            run=TfliteRunner,
            probe=TfliteProbe,
            note=lambda found, target: "8-bit weights per channel, 8-bit activations",
            names=lambda _: {},
            channels=-1,
            is_float=lambda layer: layer.dtype == "float32",
            overflows=None,
            with_layers=tflite_network.with_layers,
            unsquashed=lambda data: tflite_network.without_last(
                data, {"SOFTMAX": "softmax", "LOGISTIC": "sigmoid"}
            ),
            levels=lambda _: 127,
            io="int8",
            with_ends=None,
            with_usage=with_tflite_metadata,
            mixed=False,  # integer-only processors refuse a file with float layers
        ),
        Format(
            file=FILE_FORMATS["onnx"],
            float32=float32_onnx,
            fit=fit_onnx,
            fastest=fastest_in_float,
            float16=None,
            int8=lambda file, ranges, kept, *, io, target: int8_onnx(file, ranges, target, kept),
            run=OnnxRunner,
            probe=OnnxProbe,
            note=onnx_note,
            names=onnx_names,
            channels=1,
            # around int8 operators there are float32 tensors, which the runtime's fusion removes
            is_float=lambda layer: layer.op in FLOAT_OPS or (layer.parameters > 0 and layer.weights is None),
            overflows=may_overflow,
            with_layers=lambda data, _, after: onnx_network.OnnxNetwork(data).with_layers(after),
            unsquashed=lambda data: onnx_network.without_last(
                data, {"Softmax": "softmax", "Sigmoid": "sigmoid"}
            ),
            io="float32",
            with_ends=with_byte_ends,
            with_usage=with_onnx_metadata,
            levels=lambda target: LARGEST_SAFE_WEIGHT if REDUCED_RANGE[target] else 127,
            mixed=True,
        ),
    ),
)
