"""Vega's libraries, which draw charts in a browser, and a page of one chart."""

from __future__ import annotations

import html
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

from edgekit.errors import StorageError
from edgekit.files import sha256_bytes, write_atomic
from edgekit.lookup import cache_folder


@cache
def library() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script (0.9 MB), which defines `vegaEmbed`.

    Building it takes seconds, so it is kept in the cache. One that is damaged is built again, and without a
    cache it is built each time.
    """
    try:
        kept = cache_folder() / "vega" / f"{version('vl-convert-python')}.js"
    except StorageError:
        return _built()
    if script := _read(kept):
        return script
    script = _built()
    with suppress(StorageError):
        write_atomic(kept, f"{sha256_bytes(script.encode())}\n{script}".encode())
    return script


def page_of(chart: str, title: str) -> bytes:
    """Return a page that needs no network.

    Args:
        chart: Its definition, as JSON.
        title: Of the page.
    """
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title>"
    )
    drawn = chart.replace("<", "\\u003c")  # a name in it must not end the script
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>{head}</head>\n<body>\n<div id="chart"></div>\n'
        f'<script>{library()}</script>\n<script>vegaEmbed("#chart", {drawn});</script>\n</body>\n</html>\n'
    ).encode()


def _read(path: Path) -> str:
    """Return the script that a file holds below its hash; empty: there is none, or it is damaged."""
    try:
        digest, _, script = path.read_bytes().partition(b"\n")
    except OSError:
        return ""
    return script.decode() if digest == sha256_bytes(script).encode() else ""


def _built() -> str:
    import vl_convert

    return str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))
