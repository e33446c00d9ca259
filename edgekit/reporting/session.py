"""A session as every format shows it: each part is computed once."""

from __future__ import annotations

from functools import cached_property

from edgekit.reporting.columns import table
from edgekit.reporting.phrases import Headline
from edgekit.reporting.rows import Findings, Row, findings, rows
from edgekit.reporting.summary import cautions, headlines, sentences
from edgekit.reporting.table import Table
from edgekit.results import Device, Result


class Session:
    """One result, read once."""

    def __init__(self, result: Result) -> None:
        self.result = result

    @property
    def device(self) -> Device:
        """What was measured on."""
        return self.result.device

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The statistics, a row for each measurement."""
        return rows(self.result)

    @cached_property
    def table(self) -> Table:
        """The rows as a table of texts."""
        return table(self.result, self.rows)

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """What a reader must know before the figures."""
        return cautions(self.result, self.rows)

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """What the figures mean."""
        return sentences(self.result, self.rows)

    @property
    def summary(self) -> tuple[str, ...]:
        """The cautions, then what the figures mean: one sentence each."""
        return (*self.cautions, *self.sentences)

    @cached_property
    def headlines(self) -> tuple[Headline, ...]:
        """The figures that are worth large type."""
        return headlines(self.result, self.rows)

    @cached_property
    def findings(self) -> tuple[Findings, ...]:
        """What makes measurements doubtful."""
        return findings(self.rows)
