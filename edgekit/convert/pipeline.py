"""The conversion, from a trained model to a set of files with their manifest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edgekit.artefact import ArtefactFile, ArtefactSet, Format, Precision, Quality
from edgekit.convert.checks import check_int8
from edgekit.convert.graph import FloatGraph, freeze, keras_scores
from edgekit.convert.ladder import Ladder, Quantize
from edgekit.convert.load import Material, load
from edgekit.convert.onnx_files import REDUCED_RANGE, float32_onnx, int8_onnx
from edgekit.convert.output import check_output, describe, write_set
from edgekit.convert.quality import Reference, ask, ask_keras, check_parity, judge
from edgekit.convert.request import DEFAULT_MAX_DROP, ConvertRequest
from edgekit.convert.run import load_runner
from edgekit.convert.target import check_saturation, suits_host
from edgekit.convert.tflite_files import float16_tflite, float32_tflite, int8_tflite
from edgekit.convert.verdict import check_drops
from edgekit.inspection import inspect_bytes
from edgekit.progress import SILENT, Progress
from edgekit.units import percent


def convert(request: ConvertRequest, progress: Progress = SILENT) -> ArtefactSet:
    """Convert a model to every format and precision asked for, verify each file, and write the set.

    The set appears whole or not at all; one that is there already is replaced only then.

    Raises:
        UsageError: The request, the model or the dataset do not fit each other.
        ModelError: A converter cannot convert the model.
        InvalidError: A file does not compute what the model computes; nothing is written.
        StorageError: The output folder cannot be written; nothing is left there.
        GateError: The set was written, but an int8 file lost more accuracy than `max_drop` allows.
    """
    check_output(request.output)
    material = load(request, progress)
    progress.step("Reading the graph")
    graph = freeze(material.loaded)
    progress.step("Asking Keras")
    reference = ask_keras(keras_scores(material.loaded), material.evaluation)
    if reference.guesses:
        progress.note(_guessing_note(reference, material))
    work = Work(request, material, graph, reference, progress)
    files = [file for format in request.formats for file in work.files(format)]
    progress.step("Writing the set")
    artefacts = write_set(request, material, reference, files)
    check_drops(artefacts, request.max_drop, progress)
    return artefacts


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
        quality = self.quality(float_file, f"float32.{format}")
        check_parity(f"float32.{format}", quality, self.reference)
        yield self.described(float_file, format, "float32", quality)
        if "float16" in self.request.precisions and format == "tflite":
            self.progress.step("Converting to float16 tflite")
            half = float16_tflite(self.graph)
            yield self.described(half, format, "float16", self.quality(half, "float16.tflite"))
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
        ladder = Ladder(
            format=format,
            float_file=float_file,
            calibration=self.material.calibration,
            quantize=quantize,
            judge=lambda data: self.quality(data, name, literal=literal),
            mixed=format == "onnx" or request.max_drop is not None,
        )
        limit = DEFAULT_MAX_DROP if request.max_drop is None else request.max_drop
        best, recipe = ladder.climb(limit, self.progress)
        for note in check_int8(inspect_bytes(best.data, name), self.material.family):
            self.progress.note(note)
        if format == "onnx":
            self.check_target(best.data, name, literal=literal)
        bits = 7 if format == "onnx" and REDUCED_RANGE[target] else 8
        how = f"{bits}-bit weights per channel, 8-bit activations"
        recipe = (f"{how}, softmax in float32" if format == "onnx" else how, *recipe)
        return self.described(best.data, format, "int8", best.quality, recipe=recipe, target=target)

    def check_target(self, data: bytes, name: str, *, literal: bool) -> None:
        """Compare the runtime's fast kernels with literal execution, where this host may judge."""
        request, feed = self.request, self.material.evaluation
        if literal:
            self.progress.note(
                f"{name} is made for {request.target}; its accuracy was computed without this CPU's fast "
                "kernels, which may saturate with it."
            )
            return
        self.progress.step("Looking for saturation", len(feed))
        scores = [
            ask(load_runner(data, "onnx", optimise=optimise), feed, self.progress)
            for optimise in (True, False)
        ]
        check_saturation(name, request.target, self.reference.labels, *scores)

    def quality(self, data: bytes, name: str, *, literal: bool = False) -> Quality:
        """Run a file over the evaluation pictures and compare it with Keras."""
        feed = self.material.evaluation
        self.progress.step(f"Measuring {name}", len(feed))
        format: Format = "tflite" if name.endswith("tflite") else "onnx"
        runner = load_runner(data, format, optimise=not literal)
        return judge(self.reference, ask(runner, feed, self.progress))

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


def _guessing_note(reference: Reference, material: Material) -> str:
    contract = material.loaded.preprocessing
    return (
        f"The Keras model itself is right on {percent(float(reference.right.mean()))} % of the evaluation "
        f"pictures, which cannot be told from guessing among {reference.scores.shape[1]} classes. It was "
        f"given pixels as (x − mean) / std with mean {contract.mean[0]:g} and std {contract.std[0]:g}: set "
        "--mean and --std as in its training, and check that its classes are in the dataset's order."
    )
