"""Learning curves: one chart definition, as PNG and as HTML that works offline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

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
    write_atomic(html, vl_convert.vegalite_to_html(chart, bundle=True).encode())
    return png, html


def _chart(name: str, history: Sequence[Epoch]) -> Any:
    import altair as alt

    panels = []
    for title, training, validation in _PANELS:
        rows = [
            {"epoch": e.epoch, "images": kind, "value": getattr(e, field), "learning rate": e.learning_rate}
            for e in history
            for kind, field in (("training, augmented", training), ("calibration split", validation))
        ]
        percent = title == "Accuracy"
        panels.append(
            alt.Chart(alt.InlineData(values=rows), title=title)
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
                    alt.Tooltip("images:N"),
                    alt.Tooltip("value:Q", title=title.lower(), format=".2%" if percent else ".4f"),
                    alt.Tooltip("learning rate:Q", format=".2e"),
                ],
            )
            .properties(width=360, height=240)
            .interactive(name=title.lower())
        )
    return alt.hconcat(*panels, title=name)
