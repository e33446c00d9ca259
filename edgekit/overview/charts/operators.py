"""Which operators the instructions of one inference go to."""

from __future__ import annotations

from edgekit import units
from edgekit.explanation import Breakdown, Operator
from edgekit.reporting.charts import marks
from edgekit.reporting.charts.figure import Figure, framed
from edgekit.reporting.charts.marks import STEP, Datum
from edgekit.reporting.charts.theme import Theme
from edgekit.words import plural, visible

_MOST = 14  # operators with a bar of their own
_STEP = round(STEP * 0.75)  # pixels a bar
_NAME = 40  # characters


def operators(found: Breakdown, theme: Theme) -> Figure:
    """Draw those that take most, and the others as one."""
    import altair as alt

    ranked = sorted(found.operators, key=lambda each: each.instructions, reverse=True)
    bars = [_bar(_called(each), each.instructions, found) for each in ranked[:_MOST]]
    if rest := ranked[_MOST:]:
        count = sum(each.instructions for each in rest)
        bars.append(_bar(f"{plural(len(rest), 'other operator')}", count, found))
    bars.append(_bar("calling the runtime", found.call, found))
    for place, each in enumerate(bars):
        each |= {"zero": 0, "top": place + marks.LABEL, "middle": place + marks.MIDDLE}
    held, n = marks.data(bars), len(bars)
    axis = alt.X("zero:Q", title="instructions of one inference, a count (million)")
    drawn = marks.bars(held, n, "zero", "value", axis, thickness=9).encode(
        color=alt.value(theme.idle), tooltip=[alt.Tooltip("label:N", title="operator")]
    )
    words = f"Instructions of one inference by operator, of {found}."
    chart = framed(alt.LayerChart(layer=[drawn, marks.labels(held, theme, n)]), theme, _STEP * n, words)
    caption = (
        f"{units.millions(found.whole)} M instructions per inference, "
        f"{plural(len(found.operators), 'operator')}; counted by {found.source}. Counts are not times."
    )
    return Figure("layers", visible(str(found)), visible(caption), chart)


def _called(each: Operator) -> str:
    """Return an operator's own name, of which the last two parts say most, and what it is."""
    name = "/".join(each.name.partition(";")[0].rstrip("/").split("/")[-2:])
    return each.op if name.lower() == each.op.lower() else f"{name[:_NAME]} · {each.op}"


def _bar(label: str, count: int, found: Breakdown) -> Datum:
    share = f" · {100 * count / found.whole:.1f} %" if found.whole else ""
    return {
        "label": visible(f"{units.significant(count / 1e6)} M{share} · {label}"),
        "value": max(count, 0) / 1e6,
    }
