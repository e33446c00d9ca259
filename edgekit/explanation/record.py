"""What an explanation holds: instructions by operator, never a time."""

from __future__ import annotations

from typing import Literal

import msgspec

from edgekit.artefact import Format
from edgekit.results import Runtime

SCHEMA = "edgekit.explanation/1"

Kind = Literal[
    "convolution", "depthwise convolution", "dense", "pooling", "activation", "conversion", "layout", "other"
]

# What an operator does, whatever the format calls it. `conversion`: between float and integer; `layout`:
# values are moved, none is computed.
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("CONV_2D", "TRANSPOSE_CONV", "CONVTRANSPOSE", "CONVINTEGER"), "convolution"),
    **dict.fromkeys(("CONV", "FUSEDCONV", "QLINEARCONV", "NHWCFUSEDCONV"), "convolution"),
    "DEPTHWISE_CONV_2D": "depthwise convolution",
    **dict.fromkeys(("FULLY_CONNECTED", "BATCH_MATMUL", "GEMM", "MATMUL", "FUSEDGEMM"), "dense"),
    **dict.fromkeys(("QGEMM", "QLINEARMATMUL", "MATMULINTEGER", "FUSEDMATMUL"), "dense"),
    **dict.fromkeys(("MEAN", "AVERAGE_POOL_2D", "MAX_POOL_2D", "REDUCEMEAN", "AVERAGEPOOL"), "pooling"),
    **dict.fromkeys(("GLOBALAVERAGEPOOL", "QLINEARGLOBALAVERAGEPOOL", "MAXPOOL"), "pooling"),
    **dict.fromkeys(("QLINEARAVERAGEPOOL", "NHWCMAXPOOL"), "pooling"),
    **dict.fromkeys(("RELU", "RELU6", "CLIP", "LEAKY_RELU", "HARD_SWISH", "HARDSWISH"), "activation"),
    **dict.fromkeys(("RELU_N1_TO_1", "SIGMOID", "QLINEARSIGMOID", "HARDSIGMOID", "LEAKYRELU"), "activation"),
    **dict.fromkeys(("LOGISTIC", "PRELU"), "activation"),
    **dict.fromkeys(("QUANTIZE", "DEQUANTIZE", "QUANTIZELINEAR", "DEQUANTIZELINEAR", "CAST"), "conversion"),
    **dict.fromkeys(("TRANSPOSE", "RESHAPE", "PAD", "PADV2", "SQUEEZE", "FLATTEN", "UNSQUEEZE"), "layout"),
    **dict.fromkeys(("CONCATENATION", "CONCAT", "SHAPE", "STRIDED_SLICE", "SLICE", "PACK"), "layout"),
    **dict.fromkeys(("REORDERINPUT", "REORDEROUTPUT", "EXPAND_DIMS", "IDENTITY"), "layout"),
}


def kind_of(op: str, depthwise: bool = False) -> Kind:
    """Return what an operator of either format does."""
    kind = _KINDS.get(op.upper(), "other")
    return "depthwise convolution" if depthwise and kind == "convolution" else kind


class Operator(msgspec.Struct, frozen=True):
    """One operator as it was executed, in execution order."""

    op: str
    name: str
    kind: Kind
    shape: tuple[int, ...]  # of its first output
    dtype: str  # of its first output
    multiply_adds: int
    instructions: int  # of one inference; may be slightly negative if it costs nothing
    counted: bool = True  # False: it could not be counted alone; its instructions are in the remainder

    @property
    def rate(self) -> float | None:
        """Instructions per multiply-add; None: it makes none."""
        return self.instructions / self.multiply_adds if self.multiply_adds and self.counted else None


class Breakdown(msgspec.Struct, frozen=True):
    """Where the instructions of one artefact go, in one runtime on one device."""

    file: str
    sha256: str
    format: Format
    quantized: bool  # its weights are integers
    device: str  # the profile's name
    cpu: str | None
    features: tuple[str, ...]  # CPU features that decide the kernels
    runtime: Runtime
    source: str  # what counted: perf_event_open, or the emulated CPU
    method: Literal["parts", "profile"]  # operators were cut out and counted; the runtime's own profile
    whole: int  # one inference, counted as a whole
    call: int  # of `whole`: what calling the runtime takes, whatever the model
    operators: tuple[Operator, ...]

    @property
    def explained(self) -> int:
        """The call and all operators together."""
        return self.call + sum(operator.instructions for operator in self.operators)

    @property
    def remainder(self) -> int:
        """What no operator accounts for; negative if the parts together take more than the whole."""
        return self.whole - self.explained

    def __str__(self) -> str:
        return f"{self.file} with {self.runtime.label} on {self.device}"
