"""Making and verifying the files of one format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from edgekit.artefact import ArtefactFile, Format, Precision, Quality
from edgekit.conversion.checks import check_int8
from edgekit.conversion.graph import FloatGraph
from edgekit.conversion.ladder import Ladder, Quantize
from edgekit.conversion.load import Material
from edgekit.conversion.onnx_files import REDUCED_RANGE, float32_onnx, int8_onnx
from edgekit.conversion.output import describe
from edgekit.conversion.quality import Reference, ask, check_parity, judge
from edgekit.conversion.request import DEFAULT_MAX_DROP, ConvertRequest
from edgekit.conversion.run import load_runner
from edgekit.conversion.target import check_saturation, suits_host
from edgekit.conversion.tflite_files import float16_tflite, float32_tflite, int8_tflite
from edgekit.data.dataset import Float32
from edgekit.inspection import inspect_bytes
from edgekit.progress import Progress


@dataclass(frozen=True)
class Work:
    """Everything the files are made from and judged by."""

    request: ConvertRequest
    material: Material
    graph: FloatGraph
    reference: Reference
    progress: Progress

    def files(self, format: Format) -> Iterator[tuple[ArtefactFile, bytes]]:
        """Make and verify one format's files, float32 first."""
        self.progress.step(f"Converting to float32 {format}")
        make = float32_tflite if format == "tflite" else float32_onnx
        float_file = make(self.graph)
        quality = judge(self.reference, self.scores(float_file, f"float32.{format}"))
        check_parity(f"float32.{format}", quality, self.reference)
        yield self.described(float_file, format, "float32", quality)
        if "float16" in self.request.precisions and format == "tflite":
            self.progress.step("Converting to float16 tflite")
            half = float16_tflite(self.graph)
            quality = judge(self.reference, self.scores(half, "float16.tflite"))
            yield self.described(half, format, "float16", quality)
        if "int8" in self.request.precisions:
            yield self.int8(float_file, format)

    def int8(self, float_file: bytes, format: Format) -> tuple[ArtefactFile, bytes]:
        """Quantize one format's float32 file, and check what came out."""
        request, name = self.request, f"int8.{format}"
        # TFLite's kernels sum in 32 bits everywhere: one file suits every CPU
        target = request.target if format == "onnx" else "portable"
        literal = not suits_host(target)
        quantize: Quantize = (
            (lambda ranges, kept: int8_tflite(float_file, ranges, request.io, kept))
            if format == "tflite"
            else (lambda ranges, kept: int8_onnx(float_file, ranges, target, kept))
        )
        answers: dict[bytes, Float32] = {}  # scores by file

        def judged(data: bytes) -> Quality:
            answers[data] = self.scores(data, name, literal=literal)
            # of a quantized file the largest difference says nothing
            return msgspec.structs.replace(judge(self.reference, answers[data]), max_abs_error=None)

        ladder = Ladder(
            format=format,
            float_file=float_file,
            calibration=self.material.calibration,
            quantize=quantize,
            judge=judged,
            mixed=format == "onnx" or request.max_drop is not None,
        )
        limit = DEFAULT_MAX_DROP if request.max_drop is None else request.max_drop
        best, recipe = ladder.climb(limit, self.progress)
        found = inspect_bytes(best.data, name)
        for note in check_int8(found, self.material.family):
            self.progress.note(note)
        lines = ["8-bit weights per channel, 8-bit activations", *recipe]
        if format == "onnx":
            bits = 7 if REDUCED_RANGE[target] else 8
            softmax = ", softmax in float32" if "Softmax" in found.ops else ""
            lines[0] = f"{bits}-bit weights per channel, 8-bit activations{softmax}"
            lines.append(self.check_target(best.data, name, None if literal else answers[best.data]))
        return self.described(best.data, format, "int8", best.quality, recipe=tuple(lines), target=target)

    def check_target(self, data: bytes, name: str, fast: Float32 | None) -> str:
        """Compare the fast kernels' scores with literal execution; None: not a host that may judge."""
        request = self.request
        if fast is None:
            self.progress.note(
                f"{name} is made for {request.target}; its accuracy was computed without this CPU's fast "
                "kernels, which may saturate with it."
            )
            return "executed literally: this host is not of the target"
        plain = self.scores(data, name, literal=True, step="Looking for saturation")
        changed = check_saturation(name, request.target, self.reference.labels, fast, plain)
        return f"no saturation: fast kernels change the top-1 of {changed} of {len(plain)} pictures"

    def scores(self, data: bytes, name: str, *, literal: bool = False, step: str = "") -> Float32:
        """Run a file over the evaluation pictures; return its scores [n, classes]."""
        feed = self.material.evaluation
        self.progress.step(step or f"Measuring {name}", len(feed))
        format: Format = "tflite" if name.endswith("tflite") else "onnx"
        return ask(load_runner(data, format, optimise=not literal), feed, self.progress)

    def described(
        self,
        data: bytes,
        format: Format,
        precision: Precision,
        quality: Quality,
        *,
        recipe: tuple[str, ...] = (),
        target: str = "portable",
    ) -> tuple[ArtefactFile, bytes]:
        """A file's record for the manifest, and its bytes."""
        found = inspect_bytes(data, f"{precision}.{format}")
        return describe(found, data, precision, quality, recipe=recipe, target=target), data
