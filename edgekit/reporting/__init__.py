"""Results into what people and programs read.

    rows        the statistics of a result
    columns     the table of them that every format shows
    summary     what they mean, in plain sentences
    comparison  several devices beside each other, with a table and sentences of its own
    charts      pictures of them
    to_*        one file a format

`import edgekit.reporting` is light; what draws is loaded when something is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from edgekit.errors import UsageError
from edgekit.files import write_atomic
from edgekit.results import Result

__all__ = ["write_report"]

Renderer = Callable[[Sequence[Result]], bytes]


def write_report(results: Sequence[Result], path: Path) -> None:
    """Write a report of one or several sessions, in the format that the file's name ends with.

    Raises:
        UsageError: No results, or an ending that names no format.
        StorageError: The file cannot be written; none is left.
    """
    if not results:
        raise UsageError("There is no result to report.", "Name a file that `edgekit bench` wrote.")
    write_atomic(path, _renderer(path)(results))


def _renderer(path: Path) -> Renderer:
    from edgekit.reporting import to_csv, to_html, to_image, to_json, to_markdown

    renderers: dict[str, Renderer] = {
        ".html": to_html.to_html,
        ".md": to_markdown.to_markdown,
        ".samples.csv": to_csv.samples_to_csv,
        ".csv": to_csv.to_csv,
        ".json": to_json.to_json,
        ".svg": to_image.to_svg,
        ".png": to_image.to_png,
    }
    for ending, renderer in renderers.items():
        if path.name.lower().endswith(ending):
            return renderer
    raise UsageError(
        f"{path.name!r} does not say which format the report shall have.",
        f"End its name with one of {', '.join(renderers)}.",
    )
