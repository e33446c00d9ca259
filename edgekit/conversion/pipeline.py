"""The conversion, from a trained model to a set of files with their manifest."""

from __future__ import annotations

from edgekit.artefact import ArtefactSet
from edgekit.conversion.graph import freeze, keras_scores
from edgekit.conversion.load import Material, load
from edgekit.conversion.output import check_output, write_set
from edgekit.conversion.quality import Reference, ask_keras
from edgekit.conversion.request import ConvertRequest
from edgekit.conversion.scale import check_scale
from edgekit.conversion.verdict import check_drops
from edgekit.conversion.work import Work
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
    scores = keras_scores(material.loaded)
    reference = ask_keras(scores, material.evaluation)
    check_scale(request, material, scores, reference, progress)
    if reference.guesses:
        progress.note(_guessing_note(reference, material))
    work = Work(request, material, graph, reference, progress)
    files = [file for format in request.formats for file in work.files(format)]
    progress.step("Writing the set")
    artefacts = write_set(request, material, reference, files)
    check_drops(artefacts, request.max_drop, progress)
    return artefacts


def _guessing_note(reference: Reference, material: Material) -> str:
    contract = material.loaded.preprocessing
    return (
        f"The Keras model itself is right on {percent(float(reference.right.mean()))} % of the evaluation "
        f"pictures, which cannot be told from guessing among {reference.scores.shape[1]} classes. It was "
        f"given pixels as (x − mean) / std with mean {contract.mean[0]:g} and std {contract.std[0]:g}: set "
        "--mean and --std as in its training, and check that its classes are in the dataset's order."
    )
