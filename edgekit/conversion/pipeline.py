"""The conversion, from a trained model to a set of files with their manifest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edgekit.artefact import ArtefactSet
from edgekit.conversion.conversion import Conversion
from edgekit.conversion.float_file import FloatFile
from edgekit.conversion.graph import keras_outputs
from edgekit.conversion.load import Inputs, load
from edgekit.conversion.order import other_order
from edgekit.conversion.output import Outcome, check_output, write_set
from edgekit.conversion.qat.tuning import check_trainable
from edgekit.conversion.quality import Reference, reference_of
from edgekit.conversion.request import ConvertRequest
from edgekit.conversion.scale import check_scale, formula
from edgekit.conversion.suitability import calibration_fault
from edgekit.conversion.verdict import check_set
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
    loaded, graph = inputs.loaded, inputs.graph
    function = graph.outputs() if isinstance(graph, FloatFile) else keras_outputs(loaded)
    name = f"file {loaded.reference}" if isinstance(graph, FloatFile) else "Keras model"
    progress.step(f"Running the {name}")
    reference = replace(reference_of(function, inputs.evaluation, loaded.head), name=name)
    check_scale(request, inputs, function, reference, progress)
    if order := other_order(reference, inputs.dataset.labels):
        progress.note(order)
    elif reference.guesses:
        progress.note(_guessing_note(reference, inputs))
    conversion = Conversion(request, inputs, inputs.graph, reference, progress)
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
    artefacts = write_set(output, request, inputs, reference, outcome)
    check_set(artefacts, request.max_drop, progress, request.min_agreement)
    return artefacts


def _guessing_note(reference: Reference, inputs: Inputs) -> str:
    contract = inputs.loaded.preprocessing
    return (
        f"The {reference.name} itself classifies {percent(reference.accuracy or 0.0)} % of the evaluation "
        f"images correctly, which may be guessing among {reference.scores.shape[1]} classes. It "
        f"received pixels as {formula(contract)}: set the scaling that it was trained with by --preprocess, "
        "or by --mean and --std, and check that its classes are in the dataset's order."
    )
