"""Making and verifying the files of one format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import msgspec
import numpy as np

from edgekit import __version__
from edgekit.artefact import Precision, Preprocessing, Quality
from edgekit.conversion.calibration import FEWEST, Calibration
from edgekit.conversion.checks import check_int8
from edgekit.conversion.conditioning import Conditioning
from edgekit.conversion.float32_files import Float32Files
from edgekit.conversion.float_file import FloatFile
from edgekit.conversion.formats import FORMATS, Format
from edgekit.conversion.graph import FloatGraph
from edgekit.conversion.ladder import Ladder
from edgekit.conversion.load import Inputs
from edgekit.conversion.onnx_files import onnx_of_tflite
from edgekit.conversion.output import Made, Outcome, describe
from edgekit.conversion.parity import check_parity, float_quality, judge_some
from edgekit.conversion.pixels import byte_range, contract_of_file
from edgekit.conversion.preparation import Choice, Earlier, Preparation, Quantize
from edgekit.conversion.qat.tuning import Tuner, tuner_for
from edgekit.conversion.quality import Outputs, Reference, judge, outputs_of
from edgekit.conversion.ranges import Ranges
from edgekit.conversion.request import DEFAULT_MAX_DROP, ConvertRequest
from edgekit.conversion.runners import Runners
from edgekit.conversion.target import Target, logits, saturation, suits_host, sums_in_16_bits
from edgekit.conversion.tflite_files import IO
from edgekit.errors import ModelError
from edgekit.inspection import Inspection, inspect_bytes
from edgekit.inspection.usage import Usage
from edgekit.memory import give_back
from edgekit.progress import Progress
from edgekit.quantization.threads import one_thread

_FEW = 64  # images that show the range of an output


@dataclass(frozen=True)
class Conversion:
    """Everything the files are made from and judged by."""

    request: ConvertRequest
    inputs: Inputs
    float_files: Float32Files
    reference: Reference
    progress: Progress
    _earlier: Earlier = field(default_factory=Earlier)

    def make(self, format: Format, outcome: Outcome) -> None:
        """Make and verify one format's files, float32 first; what cannot be made keeps nothing else back."""
        steps = {f"{name}{format.file.suffix}": make for name, make in self._steps(format)}
        float_name = f"float32{format.file.suffix}"
        made = outcome.attempt(partial(self.float32, format), float_name, *steps)
        if made is not None:
            float_file = self.float_file(format)
            if names := format.names(float_file):
                outcome.names[format.name] = names
            for name, make in steps.items():
                outcome.attempt(partial(make, float_file), name)
                give_back()

    def _steps(self, format: Format) -> Iterator[tuple[Precision, Callable[[bytes], Made]]]:
        """The files to make from the float32 one."""
        half, graph = format.float16, self.inputs.graph
        if self.request.float16 and half is not None and isinstance(graph, FloatGraph):
            yield "float16", lambda _: self.float16(half(graph), format)
        if self.request.int8:
            yield "int8", lambda float_file: self.int8(float_file, format)

    def float32(self, format: Format) -> Made:
        """Convert to float32, and prove that the file computes what the model computes."""
        graph, data = self.inputs.graph, format.fastest(self.float_file(format))
        stand_in = self.reference.stand_in
        if stand_in is not None and stand_in.format == format.name:
            quality = judge_some(self.reference, stand_in.outputs, stand_in.images, graph.names)
        else:
            run = partial(self.outputs, data, format, "float32")
            quality = float_quality(self.reference, graph.names, lambda images: run(images=images))
        own = () if isinstance(graph, FloatFile) else (self._conditioning.difference,)
        check_parity(f"float32{format.file.suffix}", quality, self.reference, *own)
        return self.described(data, format, "float32", quality)

    @cached_property
    def _conditioning(self) -> Conditioning:
        return Conditioning(self.inputs.loaded, self.inputs.evaluation)

    def float16(self, data: bytes, format: Format) -> Made:
        """Verify a file with weights of half the size."""
        return self.described(data, format, "float16", self.judged(self.outputs(data, format, "float16")))

    def int8(self, float_file: bytes, format: Format) -> Made:
        """Quantize one format's float32 file, and check what came out."""
        request, name = self.request, f"int8{format.file.suffix}"
        target = request.target if format.targeted else "portable"
        literal = not suits_host(target)
        found_by: dict[bytes, Outputs] = {}  # outputs by file

        def judged(data: bytes) -> Quality:
            found_by[data] = self.outputs(data, format, "int8", literal=literal)
            # of a quantized file the largest difference says nothing
            return msgspec.structs.replace(self.judged(found_by[data]), max_abs_error=None)

        io = request.io or format.io
        image = byte_range(self.contract) if io == "uint8" and format.with_ends is None else None
        if io == "uint8" and format.with_ends is None and image is None:
            self.progress.note(
                f"{name} does not take bytes as they are, since its channels are scaled differently: an app "
                "must scale them as the file's metadata says, which MediaPipe does not."
            )
        pinned = {inspect_bytes(float_file, name).inputs[0].name: image} if image else {}

        def quantize(file: bytes, ranges: Ranges, kept: Set[str]) -> bytes:
            ranges = {**ranges, **pinned}
            return format.int8(file, ranges, kept, io=io, target=target)

        choice = self.prepare(format, float_file, target, quantize)
        made = choice.prepared if choice else None
        weights = made.float_file if made else float_file
        ladder = Ladder(
            format=format,
            float_file=made.real_file if made else float_file,
            calibration=self.inputs.calibration,
            quantize=lambda ranges, kept: quantize(weights, ranges, kept),
            judge=judged,
            mixed=format.mixed or request.max_drop is not None,
            ranges=made.ranges if made else None,
            what=made.what if made else "",
        )
        limit = DEFAULT_MAX_DROP if request.max_drop is None else request.max_drop
        best, recipe = ladder.quantize_within(limit, self.progress)
        data, quality = self.with_ends(best.data, format, io), best.quality
        found = inspect_bytes(best.data, name)
        contract = contract_of_file(self.contract, inspect_bytes(data, name).inputs[0])
        if data is not best.data or contract != self.contract:
            own = self.judged(self.outputs(data, format, "int8", literal=literal, contract=contract))
            quality = msgspec.structs.replace(own, max_abs_error=None, sqnr_db=quality.sqnr_db)
        for note in check_int8(found, self.inputs.family):
            self.progress.note(note)
        lines, faults = [format.note(found, target), *recipe], list[str]()
        if choice is not None:
            lines.append(str(choice))
            if choice.training:
                lines.append(choice.training)
                self.progress.note(f"{name}: {choice.training}.")
            self.progress.note(f"{name}: {choice.prepared.what} ({choice}).")
        if format.targeted:
            fast = None if literal else found_by[best.data]
            lines.append(self.check_target(found, best.data, format, fast, faults))
        return self.described(
            data,
            format,
            "int8",
            quality,
            recipe=tuple(lines),
            faults=faults,
            target=target,
            contract=contract,
        )

    def with_ends(self, data: bytes, format: Format, io: IO) -> bytes:
        """An int8 file that takes and gives what was asked for."""
        if format.with_ends is None or io == format.io:
            return data
        images = self.inputs.calibration.of(range(min(_FEW, len(self.inputs.calibration))))
        runner = format.load(data)
        seen = map(np.concatenate, zip(*map(runner.outputs, images), strict=True))
        limits = [(float(values.min()), float(values.max())) for values in seen]
        return format.with_ends(data, io, self.contract, limits)

    def prepare(self, format: Format, float_file: bytes, target: Target, quantize: Quantize) -> Choice | None:
        """Find what brings a format's int8 file nearest to its float file; None: that cannot be found out."""
        if self.calibration is None:
            return None
        preparation = Preparation(
            calibration=self.calibration,
            format=format,
            float_file=float_file,
            levels=format.levels(target),
            quantize=quantize,
            progress=self.progress,
            literal=not suits_host(target),
            earlier=self._earlier,
            train=self._tuner,
        )
        with one_thread():
            best = preparation.best()
        give_back()
        return best

    @cached_property
    def _tuner(self) -> Tuner | None:
        """The training for 8 bits, one for all formats; None: none was asked for."""
        if self.request.qat is None or self.calibration is None:
            return None
        return tuner_for(self.request, self.inputs, self.calibration, self.progress)

    @cached_property
    def calibration(self) -> Calibration | None:
        """The one calibration of every format; None: too few images, or the graph has no ONNX form."""
        return self.calibrated(self.progress) if len(self.inputs.calibration) >= FEWEST else None

    def calibrated(self, progress: Progress) -> Calibration | None:
        """A calibration with these images, however few; None: the graph has no ONNX form."""
        feed, graph = self.inputs.calibration, self.inputs.graph
        try:
            if isinstance(graph, FloatFile) and graph.found.format == "tflite":
                return Calibration(onnx_of_tflite(graph.data), feed, progress)
            return Calibration(self.float_file(FORMATS["onnx"]), feed, progress)
        except ModelError:
            return None

    def float_file(self, format: Format) -> bytes:
        """A format's float32 file."""
        return self.float_files.of(format)

    def check_target(
        self, found: Inspection, data: bytes, format: Format, fast: Outputs | None, faults: list[str]
    ) -> str:
        """Look for saturation where it can be seen, and say how that went.

        Args:
            found: The file, inspected.
            data: The file.
            format: Its format.
            fast: Outputs with this CPU's fast kernels; None: it is not of the target.
            faults: Receives a sentence if the file saturates.
        """
        target = self.request.target
        if fast is None:
            self.progress.note(
                f"{found.name} is made for {target}; its accuracy was computed without this CPU's fast "
                "kernels, which may saturate with it."
            )
            return "executed literally: this host is not of the target"
        if not sums_in_16_bits():
            return "cannot saturate here: this CPU sums in 32 bits"
        if format.overflows is None or not format.overflows(data, found):
            return "cannot saturate: two products with 7-bit weights fit in 16 bits"
        (plain, *_) = self.outputs(data, format, "int8", literal=True, step="Looking for saturation")
        scores, real = fast[0], self.reference.scores
        if any(layer.op == "Softmax" for layer in found.layers[-2:]):
            scores, plain, real = logits(scores), logits(plain), logits(real)
        seen = saturation(scores, plain, real)
        where = f"in {seen.images} of {seen.n} images"
        if seen.found:
            faults.append(
                f"{found.name} saturates on this CPU: the runtime's fast kernels bring its scores "
                f"{seen.excess:.1f} steps farther from the {self.reference.name}'s, {where}."
            )
        return f"fast kernels add {seen.excess:.2f} steps of the output, more {where}" + (
            ": saturation" if seen.found else ""
        )

    @property
    def contract(self) -> Preprocessing:
        """What turns an image into the model's input."""
        return self.inputs.loaded.preprocessing

    @cached_property
    def usage(self) -> Usage:
        """What every file says of itself."""
        source, loaded = self.inputs.source, self.inputs.loaded
        scores = int(self.reference.scores[0].size)
        named = {"none": 0, "binary": 2}.get(loaded.head.kind, scores)
        labels = self.inputs.dataset.labels
        return Usage(
            preprocessing=self.contract,
            labels=labels if len(labels) == named else (),
            head=loaded.head,
            model=source.name,
            source_sha256=source.sha256,
            version=__version__,
        )

    def judged(self, outputs: Outputs) -> Quality:
        """Compare a file's outputs with Keras' and its answers with the truth."""
        return judge(self.reference, outputs, self.inputs.graph.names)

    def outputs(
        self,
        data: bytes,
        format: Format,
        precision: Precision,
        *,
        literal: bool = False,
        step: str = "",
        contract: Preprocessing | None = None,
        images: Sequence[int] | None = None,
    ) -> Outputs:
        """Run a file over the evaluation images, or some of them; return its outputs [n, …]."""
        feed = replace(self.inputs.evaluation, preprocessing=contract or self.contract)
        images = range(len(feed)) if images is None else images
        self.progress.step(step or f"Measuring {precision}{format.file.suffix}", len(images))
        load = partial(format.load, data, optimise=not literal)
        return outputs_of(Runners(load), feed.of(images), self.progress)

    def described(
        self,
        data: bytes,
        format: Format,
        precision: Precision,
        quality: Quality,
        *,
        recipe: tuple[str, ...] = (),
        faults: Sequence[str] = (),
        target: Target = "portable",
        contract: Preprocessing | None = None,
    ) -> Made:
        """Return a file's record for the manifest, and its bytes, which say how the file is used."""
        own = contract or self.contract
        data = format.with_usage(data, msgspec.structs.replace(self.usage, preprocessing=own))
        found = inspect_bytes(data, f"{precision}{format.file.suffix}")
        file = describe(found, data, precision, quality, recipe=recipe, faults=faults, target=target)
        if own != self.contract:
            file = msgspec.structs.replace(file, preprocessing=own)
        return file, data
