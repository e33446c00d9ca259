"""Draw the screenshots of the README from a result: `make screenshots`.

The terminal is drawn by rich, as SVG, from the very table that `edgekit bench` prints. The page is drawn
by Chromium, as PNG with few colours.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from PIL import Image
from rich.console import CONSOLE_SVG_FORMAT, Console

from edgekit.cli import main

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
COLUMNS = 118
SIZE = "1000,1100"  # pixels
COLOURS = 64


def draw_terminal(result: Path, target: Path) -> None:
    """Run `edgekit report` on a result and draw what it prints."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, highlight=False)
    with (
        patch("edgekit.cli.console.stdout_console", return_value=console),
        patch.object(sys, "argv", ["edgekit", "report", str(result)]),
    ):
        try:
            main()
        except SystemExit as ended:
            if ended.code:
                raise
    head, _, rest = CONSOLE_SVG_FORMAT.partition("@font-face")
    # the reader's own monospaced font: an image loads no other
    style = head + rest[rest.index(".{unique_id}-matrix") :].replace("Fira Code, ", "")
    drawn = console.export_svg(title="edgekit bench", code_format=style, unique_id="terminal")
    target.write_text("".join(f"{line.rstrip()}\n" for line in drawn.splitlines()), encoding="utf-8")


def draw_page(page: Path, target: Path) -> None:
    """Draw the top of a page, as a browser shows it."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit("No Chromium is installed: apt install chromium")
    with TemporaryDirectory() as folder:
        image = Path(folder) / "page.png"
        options = f"--headless --no-sandbox --disable-gpu --hide-scrollbars --window-size={SIZE}".split()
        command = [browser, *options, f"--screenshot={image}", page.resolve().as_uri()]
        subprocess.run(command, check=True, capture_output=True)
        Image.open(image).convert("RGB").quantize(COLOURS).save(target, optimize=True)


if __name__ == "__main__":
    folder = Path(__file__).parent
    draw_terminal(Path(sys.argv[1]), folder / "terminal.svg")
    draw_page(Path(sys.argv[2]), folder / "report.png")
