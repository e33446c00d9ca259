"""A sweep as a table, in sentences, as a chart and as files."""

from edgekit.reporting.swept.view import View

__all__ = ["View"]
