"""A page that works offline, in light and dark, on a phone and on paper. It loads nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from edgekit.report.charts import figures
from edgekit.report.charts.figure import configured
from edgekit.report.charts.theme import PAGE, PRECISIONS, glyph, shapes
from edgekit.report.columns import moment, table
from edgekit.report.environment import device_facts, state_facts
from edgekit.report.method import conditions, method
from edgekit.report.rows import Row, findings
from edgekit.report.summary import cautions, headlines, summarise
from edgekit.report.table import NONE, Column, Table
from edgekit.results import Result

_HERE = Path(__file__).parent
_IDENTITY = {"set", "artefact", "runtime", "threads", "valid"}  # what a row's heading says


def to_html(results: Sequence[Result]) -> bytes:
    """Return the page: summary, table, findings, charts, device and method of every session."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    scripts = (
        _library(),
        (_HERE / "page.js").read_text("utf-8"),
    )
    page = environment.get_template("page.html.j2").render(
        style=(_HERE / "page.css").read_text("utf-8"),
        scripts=scripts,
        # only these scripts run and nothing is fetched, so that a name in a result can do no harm
        allowed=" ".join(map(_hash, scripts)),
        sessions=[_session(result) for result in results],
    )
    return page.encode()


@cache
def _library() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script (0.9 MB; seconds to build)."""
    import vl_convert

    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")


def _hash(script: str) -> str:
    """Name a script in a content security policy."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _session(result: Result) -> dict[str, Any]:
    shown = table(result)
    limits = cautions(result, shown.rows)
    return {
        "title": shown.title,
        "name": f"{' and '.join(sorted({row.set for row in shown.rows}))} on {result.device.profile}",
        "time": moment(result.created),
        "conditions": conditions(result),
        "result": result,
        "cautions": limits,
        "summary": summarise(result, shown.rows)[len(limits) :],
        "headlines": headlines(result, shown.rows),
        "table": _view(shown),
        "findings": findings(shown.rows),
        "figures": [(figure, configured(figure.chart, PAGE)) for figure in figures(result, shown, PAGE)],
        "precisions": [name for name in PRECISIONS if any(row.precision == name for row in shown.rows)],
        "runtimes": {name: glyph(shape) for name, shape in shapes(r.runtime for r in shown.rows).items()},
        "device": device_facts(result.device),
        "states": _states(state_facts(result.before), state_facts(result.after)),
        "method": method(result),
    }


def _view(shown: Table) -> dict[str, Any]:
    """Arrange the table for a page: grouped headings, intervals under their figures."""
    figures = [column for column in shown.columns if column.key not in _IDENTITY]
    below = {column.below: column for column in figures if column.below}
    main = [column for column in figures if not column.below]
    slowest = max((row.latency.p50.value for row in shown.rows if row.latency and row.valid), default=1.0)
    bodies = groupby(shown.rows, key=lambda row: (row.set, row.threads))
    return {
        "groups": [
            (name, len(list(group))) for name, group in groupby(main, key=lambda column: column.group)
        ],
        "columns": main,
        "below": below,
        "several_sets": shown.columns[0].key == "set",
        "bodies": [
            [(row, [_cell(row, column, below, slowest) for column in main]) for row in body]
            for _, body in bodies
        ],
    }


def _cell(row: Row, column: Column, below: dict[str, Column], slowest: float) -> dict[str, Any]:
    under = below.get(column.key)
    detail = under.cell(row) if under else NONE
    sound = row.latency if row.valid and slowest > 0 else None
    bar = sound.p50.value / slowest if column.key == "p50" and sound else None
    return {
        "text": column.cell(row),
        "detail": "" if under is None or detail == NONE else f"{detail} {under.unit}",
        "bar": bar,
    }


def _states(before: dict[str, str], after: dict[str, str]) -> list[tuple[str, str, str]]:
    names = dict.fromkeys((*before, *after))
    return [(name, before.get(name, NONE), after.get(name, NONE)) for name in names]
