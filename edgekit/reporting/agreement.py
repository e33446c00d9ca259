"""Whether two executions of one file gave the same answers, image by image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgekit import units
from edgekit.outputs import Difference, difference
from edgekit.reporting.rows import first_runs, names
from edgekit.results import Accuracy, Measurement, Result


@dataclass(frozen=True)
class Agreement:
    """Images on which two executions have the same most likely class."""

    images: int
    same: int

    @property
    def differing(self) -> int:
        """Images with another answer."""
        return self.images - self.same

    @property
    def share(self) -> float:
        """Share of the images with the same answer; a fraction."""
        return self.same / self.images

    @property
    def percent(self) -> str:
        """The share; `100` only where every answer is the same."""
        # of 100,000 images with one that differs, 99.99 % are the same, not 100.00
        return units.percent(min(self.share, 0.9999)) if self.differing else "100"

    @property
    def text(self) -> str:
        """`448 of 450 (99.56 %)`."""
        return f"{self.same:,} of {self.images:,} ({self.percent} %)"


@dataclass(frozen=True)
class Versions:
    """Two versions of a runtime that executed one file on one device, alike in everything else."""

    file: str
    runtime: str
    threads: int
    versions: tuple[str, str]
    answers: Agreement


def agreement(one: Accuracy | None, other: Accuracy | None) -> Agreement | None:
    """Compare two executions' answers; None if one is unknown or saw other images."""
    if one is None or other is None or one.n == 0 or one.evaluation_sha256 != other.evaluation_sha256:
        return None
    if not one.n == other.n == len(one.predictions) == len(other.predictions):
        return None
    return Agreement(one.n, sum(a == b for a, b in zip(one.predictions, other.predictions, strict=True)))


def versions(result: Result) -> tuple[Versions, ...]:
    """Compare the answers of each runtime's versions with those of the version that was measured first."""
    called = names(result)
    first: dict[tuple[object, ...], Measurement] = {}
    found = []
    for measurement in result.measurements:
        runtime = measurement.runtime
        base = first.setdefault((measurement.artefact, runtime.name, measurement.threads), measurement)
        answers = agreement(base.accuracy, measurement.accuracy)
        if answers and base.runtime.version != runtime.version:
            pair = (base.runtime.version, runtime.version)
            file = called[measurement.artefact]
            found.append(Versions(file, runtime.name, measurement.threads, pair, answers))
    return tuple(found)


def outputs_sentences(result: Result) -> list[str]:
    """Say for each two runtimes that ran the same file how far their outputs agree."""
    called, first = names(result), first_runs(result)
    found: dict[tuple[str, str], list[tuple[Difference, str]]] = {}
    for each in result.measurements:
        base = first.get(each.artefact.sha256)
        if base and base.runtime != each.runtime and (seen := difference(base, each)):
            pair = (each.runtime.label, base.runtime.label)
            found.setdefault(pair, []).append((seen, called[each.artefact]))
    return [
        f"{here}, outputs against {base}: {worst_of(compared)}." for (here, base), compared in found.items()
    ]


def worst_of(compared: Sequence[tuple[Difference, str]]) -> str:
    """Say how far outputs agree at least: the one that differs most, with the name of its file."""
    files = len({file for _, file in compared})
    worst, file = max(compared, key=lambda pair: (not pair[0].identical, pair[0].relative))
    if worst.identical and files > 1:
        return f"identical for each of {files} files"
    return f"{worst.text}, {'for' if files == 1 else 'at most, for'} {file}"


def versions_sentences(result: Result) -> list[str]:
    """Say for each two versions of a runtime whether they gave the same answers."""
    pairs: dict[tuple[str, str, str], list[Versions]] = {}
    for seen in versions(result):
        pairs.setdefault((seen.runtime, *seen.versions), []).append(seen)
    said = []
    for (runtime, first, other), compared in pairs.items():
        worst = min(compared, key=lambda seen: seen.answers.share)
        files = len({seen.file for seen in compared})
        where = f"for {worst.file}" if files == 1 else f"at least, for {worst.file}"
        if not any(seen.answers.differing for seen in compared) and files > 1:
            where = f"for each of {files} files"
        said.append(f"{runtime} {other}, same answers as {first}: {worst.answers.text} {where}.")
    return said
