"""Candidates from results: every cell that was measured, the newest of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from edgekit.budget import METRICS, Cell, Figure, exact, read_cells
from edgekit.choice.candidate import Candidate, Scale
from edgekit.choice.published import published_accuracy
from edgekit.choice.telling import share
from edgekit.choice.wanted import Given, Wanted
from edgekit.errors import InvalidError
from edgekit.files import sha256_bytes
from edgekit.results import LOOSE
from edgekit.sweeps import Sweep
from edgekit.words import plural

READ = ("latency_p50", "instructions", "peak_memory", "size")


def candidates(given: Sequence[Given], wanted: Wanted, notes: list[str]) -> list[Candidate]:
    """Read results and return what can be shipped.

    Args:
        given: Results, or their files.
        wanted: Which of them.
        notes: Receives what is to be known of them.

    Raises:
        UsageError: Nothing of what is wanted was measured.
        InvalidError: No measurement of it is valid.
        RecordError: A file is not a result, damaged, or of a newer edgekit.
    """
    measured = read_cells([each for each in given if not isinstance(each, Sweep)])
    cells = wanted.of(measured.cells)
    if measured.superseded:
        notes.append(f"{plural(measured.superseded, 'older measurement')} left out.")
    notes += [
        f"A session on {each.device.profile}{f' ({each.path})' if each.path else ''} is not complete: "
        f"{each.partial}"
        for each in measured.partial
        if each.device.profile == cells[0].device
    ]
    notes += sorted({cell.result.doubt for cell in cells if cell.result.doubt})
    return [candidate(cell) for cell in valid(cells, notes)]


def valid(cells: Sequence[Cell], notes: list[str]) -> list[Cell]:
    """Return the cells that can be trusted; say how many cannot.

    Raises:
        InvalidError: None can.
    """
    sound = [cell for cell in cells if cell.flaw is None]
    if not sound:
        first = cells[0]
        flaw = first.flaw
        raise InvalidError(
            f"No measurement is valid. {first.model}/{first.artefact.file}: {flaw.message if flaw else ''}",
            (flaw.advice if flaw else "") or "Measure again.",
        )
    if count := len(cells) - len(sound):
        notes.append(
            f"{plural(count, 'measurement')} left out, since {'it is' if count == 1 else 'they are'} invalid."
        )
    return sound


def candidate(
    cell: Cell, *, trained: bool = True, task: str = "", quality: Mapping[Scale, Figure] | None = None
) -> Candidate:
    """Return a cell as a candidate.

    Args:
        cell: A valid one.
        trained: Whether its accuracy says something.
        task: What its accuracy is comparable with; empty: that of models judged on as many images with the
            same classes, in the same order.
        quality: What else says how good it is; None: what the result says of its model.
    """
    figures: dict[str, Figure] = {}
    lacks: dict[str, str] = {}
    for name in READ:
        seen = METRICS[name].read(cell)
        if isinstance(seen, Figure):
            figures[name] = seen
        else:
            lacks[name] = seen.reason
    known = dict(_of_model(cell) if quality is None else quality)
    images, answers = "", b""
    if trained and (accuracy := cell.accuracy) and accuracy.correct is not None and accuracy.n:
        known["accuracy"] = share(accuracy.correct, accuracy.n)
        if truth := cell.result.evaluations.get(accuracy.evaluation_sha256):
            images = sha256_bytes(repr((truth.labels, truth.head)).encode())
            answers = _right(accuracy.predictions, truth.labels[: accuracy.n])
    return Candidate(
        device=cell.device,
        model=_file(cell)[0],
        artefact=_file(cell)[1],
        precision=cell.artefact.precision,
        runtime=cell.runtime.label,
        threads=cell.threads,
        affinity=cell.affinity,
        figures=figures,
        quality=known,
        lacks=lacks,
        task=(task or images or "images that are not known") if "accuracy" in known else "",
        images=images,
        answers=answers,
        digest=cell.artefact.sha256,
        cell=cell,
    )


def _file(cell: Cell) -> tuple[str, str]:
    """Return what its model and its file are called; files of no set are models of their own."""
    name = cell.artefact.file
    return (cell.artefact.title, name) if cell.artefact.set == LOOSE else (cell.model, name)


def _right(predictions: Sequence[int], labels: Iterable[int]) -> bytes:
    right = [said == label for said, label in zip(predictions, labels, strict=False)]
    return bytes(right) if len(right) == len(predictions) else b""


def _of_model(cell: Cell) -> dict[Scale, Figure]:
    """Return what a result says of a file's model: its work, and how good others' weights of it are."""
    reference = cell.result.references.get(cell.artefact.sha256)
    model = reference.model if reference else None
    if model is None:
        return {}
    found: dict[Scale, Figure] = {"multiply_adds": exact(model.multiply_adds)}
    if model.family and model.alpha is not None and model.resolution is not None:
        size = (model.alpha, model.resolution, cell.artefact.precision)
        if others := published_accuracy(model.family, *size):
            found["published"] = others
    return found
