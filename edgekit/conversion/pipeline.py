"""The conversion, from a trained model to a set of files with their manifest."""

from __future__ import annotations

from pathlib import Path

from edgekit.artefact import ArtefactSet
from edgekit.conversion.conversion import Conversion
from edgekit.conversion.float32_files import Float32Files
from edgekit.conversion.float_file import FloatFile
from edgekit.conversion.formats import Format
from edgekit.conversion.graph import keras_outputs
from edgekit.conversion.load import Inputs, load
from edgekit.conversion.order import other_order
from edgekit.conversion.output import Outcome, check_output, write_set
from edgekit.conversion.parity import FastFile, reference_of
from edgekit.conversion.qat.tuning import check_trainable
from edgekit.conversion.quality import Reference
from edgekit.conversion.request import ConvertRequest
from edgekit.conversion.scale import check_scale, formula
from edgekit.conversion.suitability import calibration_fault
from edgekit.conversion.verdict import check_set
from edgekit.data.evaluation import Packing
from edgekit.memory import give_back
from edgekit.progress import SILENT, Progress
from edgekit.units import percent


def convert(request: ConvertRequest, progress: Progress = SILENT) -> ArtefactSet:
    """Convert a model to every format and precision asked for, verify each file, and write the set.

    The set appears whole or not at all; one that is there already is replaced only then.

    Raises:
        UsageError: There is no such model, or it does not fit the request or the dataset.
        ModelError: No converter can convert the model; nothing is written.
        InvalidError: The set was written, but files are missing, or one cannot be trusted. Or nothing is
            written, as no file computes what the model computes.
        StorageError: The output folder cannot be written; nothing is left there.
        GateError: The set was written, but an int8 file lost more accuracy than `max_drop` allows, or kept
            fewer answers than `min_agreement`.
    """
    source = request.source(progress)
    output = request.output or Path("artefacts") / source.name
    check_output(output)
    inputs = load(request, source, progress)
    files = Float32Files(inputs.graph, progress)
    reference = _reference(request, inputs, files, progress)
    give_back(cycles=True)
    # with Keras' answers, for devices to be compared with
    with Packing(inputs.dataset.evaluation, reference.answers) as evaluation:
        conversion = Conversion(request, inputs, files, reference, progress)
        if request.qat is not None:
            check_trainable(conversion.calibration, len(inputs.calibration))
        outcome = Outcome()
        for format in inputs.formats:
            conversion.make(format, outcome)
        if not outcome.made:
            for error in outcome.errors[1:]:
                progress.note(error.what)
            raise outcome.errors[0]
        outcome.calibration_fault = calibration_fault(conversion, outcome)
        if outcome.calibration_fault:
            progress.note(outcome.calibration_fault)
        progress.step("Writing the set")
        artefacts = write_set(output, request, inputs, reference, outcome, evaluation=evaluation)
    check_set(artefacts, request.max_drop, progress, request.min_agreement)
    return artefacts


def _reference(request: ConvertRequest, inputs: Inputs, files: Float32Files, progress: Progress) -> Reference:
    """What the model says about the evaluation images, once it is clear that they reach it as they should.

    Raises:
        UsageError: They are scaled as for another model.
    """
    loaded, graph = inputs.loaded, inputs.graph
    fast, name = None, f"file {loaded.reference}"
    if isinstance(graph, FloatFile):
        function = graph.outputs()
    else:
        function, name = keras_outputs(loaded), "Keras model"
        fast = _first_file(files, inputs.formats[0])
    reference = reference_of(
        function, inputs.evaluation, loaded.head, name=name, file=fast, progress=progress
    )
    check_scale(request, inputs, fast if fast and reference.stand_in else function, reference, progress)
    if order := other_order(reference, inputs.dataset.labels):
        progress.note(order)
    elif reference.guesses:
        progress.note(_guessing_note(reference, inputs))
    return reference


def _first_file(files: Float32Files, format: Format) -> FastFile:
    """A float32 file that is made anyway, and runs faster than Keras."""
    return FastFile(format.name, lambda: format.load(format.fastest(files.of(format))))


def _guessing_note(reference: Reference, inputs: Inputs) -> str:
    contract = inputs.loaded.preprocessing
    return (
        f"The {reference.name} itself classifies {percent(reference.accuracy or 0.0)} % of the evaluation "
        f"images correctly, which may be guessing among {reference.scores.shape[1]} classes. It "
        f"received pixels as {formula(contract)}: set the scaling that it was trained with by --preprocess, "
        "or by --mean and --std, and check that its classes are in the dataset's order."
    )
