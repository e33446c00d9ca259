"""A page that works offline, in light and dark, on a phone and on paper. It loads nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgekit import vega
from edgekit.reporting.charts import figures
from edgekit.reporting.charts.by_device import by_device
from edgekit.reporting.charts.figure import configured
from edgekit.reporting.charts.theme import PAGE, PRECISIONS, glyph, shapes
from edgekit.reporting.columns import moment
from edgekit.reporting.environment import device_facts, state_facts, state_line
from edgekit.reporting.html_tables import session_view, side_by_side_view
from edgekit.reporting.method import conditions, method
from edgekit.reporting.report import Report
from edgekit.reporting.rows import Row
from edgekit.reporting.session import Session
from edgekit.reporting.side_by_side import SideBySide
from edgekit.reporting.side_by_side.summary import summarise
from edgekit.reporting.table import NONE
from edgekit.words import listed

_HERE = Path(__file__).parent


def to_html(report: Report) -> bytes:
    """Return the page: how devices compare; and of every session what it came to and how it was measured."""
    found, sessions = report.side_by_side, [_session(session) for session in report.sessions]
    if found:
        compared = _side_by_side(found)
        return page(title=compared["name"], side_by_side=compared, sessions=sessions)
    several = f"edgekit report: {len(sessions)} sessions"
    return page(title=sessions[0]["title"] if len(sessions) == 1 else several, sessions=sessions)


def page(
    *,
    title: str,
    side_by_side: dict[str, Any] | None = None,
    sessions: Sequence[dict[str, Any]] = (),
    sweep: dict[str, Any] | None = None,
    overview: dict[str, Any] | None = None,
) -> bytes:
    """Fill the template; what is not given is not on the page."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    drawn = [part for part in (side_by_side, sweep, *sessions) if part]
    figures = any(part["figures"] for part in drawn) or bool(overview and overview["draws"])
    script, library = (_HERE / "page.js").read_text("utf-8"), vega.library() if figures else ""
    text = environment.get_template("page.html.j2").render(
        title=title,
        style=(_HERE / "page.css").read_text("utf-8"),
        script=script,
        library=library,
        # only these scripts run and nothing is fetched, so that a name in a result can do no harm
        allowed=" ".join(map(_hash, filter(None, (script, library)))),
        side_by_side=side_by_side,
        sessions=sessions,
        sweep=sweep,
        overview=overview,
    )
    return text.encode()


def _hash(script: str) -> str:
    """Name a script in a content security policy."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _side_by_side(found: SideBySide) -> dict[str, Any]:
    shown = [line.row for line in found.lines]
    return {
        "name": f"{listed(found.devices)} side by side",
        "sets": sorted({row.set for row in shown}),
        "summary": summarise(found),
        "table": side_by_side_view(found),
        "figures": [(figure, configured(figure.chart, PAGE)) for figure in by_device(found, PAGE)],
        "precisions": precisions(shown),
        "runtimes": runtimes(shown),
    }


def precisions(computed: Sequence[Row]) -> list[str]:
    """Return the precisions there are, for the legend."""
    return [name for name in PRECISIONS if any(row.precision == name for row in computed)]


def runtimes(computed: Sequence[Row]) -> dict[str, str]:
    """Return the glyph of each runtime."""
    return {name: glyph(shape) for name, shape in shapes(row.runtime for row in computed).items()}


def _session(session: Session) -> dict[str, Any]:
    result, shown, timed = session.result, session.table, session.device.timed
    return {
        "title": shown.title,
        "timed": timed,
        "name": f"{' and '.join(sorted({row.set for row in shown.rows}))} on {result.device.profile}",
        "time": moment(result.created),
        "conditions": conditions(result),
        "result": result,
        "cautions": session.cautions,
        "summary": session.sentences,
        "headlines": session.headlines,
        "table": session_view(shown),
        "findings": session.findings,
        "figures": [(figure, configured(figure.chart, PAGE)) for figure in figures(session, PAGE)],
        "precisions": precisions(shown.rows),
        "runtimes": runtimes(shown.rows),
        "device": device_facts(result.device),
        "states": _states(*(state_facts(s, timed=timed) for s in (result.before, result.after))),
        "state_line": state_line(result),
        "method": method(result),
    }


def _states(before: dict[str, str], after: dict[str, str]) -> list[tuple[str, str, str]]:
    names = dict.fromkeys((*before, *after))
    return [(name, before.get(name, NONE), after.get(name, NONE)) for name in names]
