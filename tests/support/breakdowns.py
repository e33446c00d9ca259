"""Breakdowns that tests make up."""

from edgekit.explanation import Breakdown, Operator
from edgekit.explanation.record import kind_of
from edgekit.results import Runtime


def operator(op, instructions, work=0, shape=(1, 8, 8, 4), **fields):
    kind = fields.pop("kind", kind_of(op))
    return Operator(
        op=op,
        name=op.lower(),
        kind=kind,
        shape=shape,
        dtype="int8",
        multiply_adds=work,
        instructions=instructions,
        **fields,
    )


def breakdown(*operators, call=1000, remainder=0, **fields):
    defaults = {
        "file": "digits/int8.tflite",
        "sha256": "a" * 64,
        "format": "tflite",
        "quantized": True,
        "device": "rpi4-emulated",
        "cpu": "Cortex-A72",
        "features": ("asimd",),
        "runtime": Runtime("litert", "2.3.0"),
        "source": "qemu cortex-a72",
        "method": "parts",
        "whole": call + remainder + sum(o.instructions for o in operators),
        "call": call,
        "operators": operators,
    }
    return Breakdown(**{**defaults, **fields})
