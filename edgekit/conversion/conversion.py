"""Making and verifying the files of one format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from edgekit.artefact import ArtefactFile, Precision, Quality
from edgekit.conversion.checks import check_int8
from edgekit.conversion.formats import Format
from edgekit.conversion.graph import FloatGraph
from edgekit.conversion.ladder import Ladder
from edgekit.conversion.load import Inputs
from edgekit.conversion.output import describe
from edgekit.conversion.quality import Outputs, Reference, check_parity, judge, outputs_of
from edgekit.conversion.request import DEFAULT_MAX_DROP, ConvertRequest
from edgekit.conversion.target import Target, check_saturation, suits_host
from edgekit.inspection import inspect_bytes
from edgekit.progress import Progress


@dataclass(frozen=True)
class Conversion:
    """Everything the files are made from and judged by."""

    request: ConvertRequest
    inputs: Inputs
    graph: FloatGraph
    reference: Reference
    progress: Progress

    def files(self, format: Format) -> Iterator[tuple[ArtefactFile, bytes]]:
        """Make and verify one format's files, float32 first."""
        self.progress.step(f"Converting to float32 {format.name}")
        float_file = format.float32(self.graph)
        quality = self.judged(self.outputs(float_file, format, "float32"))
        check_parity(f"float32{format.file.suffix}", quality, self.reference)
        yield self.described(float_file, format, "float32", quality)
        if self.request.float16 and format.float16 is not None:
            self.progress.step(f"Converting to float16 {format.name}")
            half = format.float16(self.graph)
            quality = self.judged(self.outputs(half, format, "float16"))
            yield self.described(half, format, "float16", quality)
        if self.request.int8:
            yield self.int8(float_file, format)

    def int8(self, float_file: bytes, format: Format) -> tuple[ArtefactFile, bytes]:
        """Quantize one format's float32 file, and check what came out."""
        request, name = self.request, f"int8{format.file.suffix}"
        target = request.target if format.targeted else "portable"
        literal = not suits_host(target)
        found_by: dict[bytes, Outputs] = {}  # outputs by file

        def judged(data: bytes) -> Quality:
            found_by[data] = self.outputs(data, format, "int8", literal=literal)
            # of a quantized file the largest difference says nothing
            return msgspec.structs.replace(self.judged(found_by[data]), max_abs_error=None)

        ladder = Ladder(
            format=format,
            float_file=float_file,
            calibration=self.inputs.calibration,
            quantize=lambda ranges, kept: format.int8(float_file, ranges, kept, io=request.io, target=target),
            judge=judged,
            mixed=format.mixed or request.max_drop is not None,
        )
        limit = DEFAULT_MAX_DROP if request.max_drop is None else request.max_drop
        best, recipe = ladder.quantize_within(limit, self.progress)
        found = inspect_bytes(best.data, name)
        for note in check_int8(found, self.inputs.family):
            self.progress.note(note)
        lines = [format.note(found, target), *recipe]
        if format.targeted:
            lines.append(self.check_target(best.data, format, None if literal else found_by[best.data]))
        return self.described(best.data, format, "int8", best.quality, recipe=tuple(lines), target=target)

    def check_target(self, data: bytes, format: Format, fast: Outputs | None) -> str:
        """Compare the fast kernels' scores with literal execution; None: not a host that may judge."""
        request, name = self.request, f"int8{format.file.suffix}"
        if fast is None:
            self.progress.note(
                f"{name} is made for {request.target}; its accuracy was computed without this CPU's fast "
                "kernels, which may saturate with it."
            )
            return "executed literally: this host is not of the target"
        plain = self.outputs(data, format, "int8", literal=True, step="Looking for saturation")
        changed = check_saturation(name, request.target, self.reference, fast, plain)
        return f"no saturation: fast kernels change the answer to {changed} of {len(plain[0])} images"

    def judged(self, outputs: Outputs) -> Quality:
        """Compare a file's outputs with Keras' and its answers with the truth."""
        return judge(self.reference, outputs, self.graph.names)

    def outputs(
        self, data: bytes, format: Format, precision: Precision, *, literal: bool = False, step: str = ""
    ) -> Outputs:
        """Run a file over the evaluation images; return its outputs [n, …]."""
        feed = self.inputs.evaluation
        self.progress.step(step or f"Measuring {precision}{format.file.suffix}", len(feed))
        return outputs_of(format.load(data, optimise=not literal), feed, self.progress)

    def described(
        self,
        data: bytes,
        format: Format,
        precision: Precision,
        quality: Quality,
        *,
        recipe: tuple[str, ...] = (),
        target: Target = "portable",
    ) -> tuple[ArtefactFile, bytes]:
        """Return a file's record for the manifest, and its bytes."""
        found = inspect_bytes(data, f"{precision}{format.file.suffix}")
        return describe(found, data, precision, quality, recipe=recipe, target=target), data
