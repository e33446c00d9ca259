"""Learning curves: one chart definition, as PNG and as HTML that works offline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgekit import vega
from edgekit.files import write_atomic
from edgekit.training.run_folder import Epoch

_PANELS = (
    ("Loss", "loss", "validation_loss"),
    ("Accuracy", "accuracy", "validation_accuracy"),
)
_WHOLE = "datum.value % 1 ? '' : datum.value"  # no label between epochs, however far zoomed


def write_curves(folder: Path, name: str, history: Sequence[Epoch]) -> tuple[Path, Path]:
    """Write curves.png and curves.html; return their paths.

    Raises:
        StorageError: The folder cannot be written.
    """
    import vl_convert

    chart = _chart(name, history).to_json()
    png, html = folder / "curves.png", folder / "curves.html"
    write_atomic(png, vl_convert.vegalite_to_png(chart, scale=2))
    write_atomic(html, vega.page_of(chart, name))
    return png, html


def _chart(name: str, history: Sequence[Epoch]) -> Any:
    import altair as alt

    # one stage after the other, with a line between them
    begins = [place for place, e in enumerate(history, 1) if place > 1 and e.epoch == 1]
    panels = []
    for title, training, validation in _PANELS:
        rows = [
            {
                "epoch": place,
                "images": kind,
                "value": getattr(e, field),
                "learning rate": e.learning_rate,
                "stage": e.stage or "training",
            }
            for place, e in enumerate(history, 1)
            for kind, field in (("training, augmented", training), ("calibration split", validation))
        ]
        percent = title == "Accuracy"
        lines = (
            alt.Chart(alt.InlineData(values=rows))
            .mark_line(point=len(history) < 2)
            .encode(
                x=alt.X("epoch:Q", axis=alt.Axis(labelExpr=_WHOLE, title="epoch")),
                y=alt.Y(
                    "value:Q",
                    title=None,
                    scale=alt.Scale(zero=False),
                    axis=alt.Axis(format="%") if percent else alt.Axis(),
                ),
                color=alt.Color("images:N", title=None, legend=alt.Legend(orient="bottom")),
                tooltip=[
                    alt.Tooltip("epoch:Q"),
                    alt.Tooltip("stage:N"),
                    alt.Tooltip("images:N"),
                    alt.Tooltip("value:Q", title=title.lower(), format=".2%" if percent else ".4f"),
                    alt.Tooltip("learning rate:Q", format=".2e"),
                ],
            )
            .interactive(name=title.lower())
        )
        rules = alt.Chart(alt.InlineData(values=[{"epoch": place - 0.5} for place in begins]))
        marked = [lines, rules.mark_rule(strokeDash=[4, 3]).encode(x="epoch:Q")] if begins else [lines]
        panels.append(alt.layer(*marked, title=title).properties(width=360, height=240))
    return alt.hconcat(*panels, title=name)
