"""Whether the page of a folder is light, soon seen and whole: 300 rows of six devices, in Chromium.

    python benchmarks/page.py [--days 16] [--loads 5] [--screenshots FOLDER]

Exits with 1 if the page is above 3 MB, is first painted after 2 s, scrolls sideways, asks for anything, or
the console has anything to say. With --screenshots it leaves images of every width in light and dark.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.browser import SCHEMES, WIDTHS, browser, program, shown
from support.folders import write_days

import edgekit

MEGABYTES = 3.0
SECONDS = 2.0
SHAPES = {
    "1 row": {"days": 1, "only": 1},
    "1 device": {"devices": 1, "models": 2},
    "300 rows of 6 devices": {"devices": 6, "models": 4, "slower": {9: 1.12}},
}
BUDGETS = '[[budget]]\nartefact = "int8.tflite"\nlatency_p50 = "1 ms"\nsize = "1.1 MB"\n'


def make(folder: Path, days: int, how: dict[str, object]) -> Path:
    """Write results and return their page."""
    write_days(folder / "results", **{"days": days, "samples": 64, "repeats": 6, **how})
    (folder / "budgets.toml").write_text(BUDGETS)
    return edgekit.report(folder / "results", folder / "report.html", budgets=folder / "budgets.toml")


def main() -> int:
    """Make the pages, open each at every width, and return 1 if something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--days", type=int, default=16)
    parser.add_argument("--loads", type=int, default=5)
    parser.add_argument("--screenshots", type=Path)
    asked = parser.parse_args()
    if program() is None:
        print("No Chromium is installed: apt install chromium")
        return 3
    wrong = []
    with tempfile.TemporaryDirectory() as temporary, browser() as chromium:
        print(f"{'page':24}{'MB':>6}{'width':>7}{'first paint, s':>16}{'all drawn, s':>14}{'charts':>8}")
        for name, how in SHAPES.items():
            page = make(Path(temporary) / name, asked.days, how)
            size = page.stat().st_size / 1e6
            wrong += [f"{name}: {size:.2f} MB"] if size > MEGABYTES else []
            for width in WIDTHS:
                paints, drawn = [], []
                for load in range(asked.loads):
                    scheme = SCHEMES[load % len(SCHEMES)]
                    with shown(chromium, page, width=width, scheme=scheme) as seen:
                        drawn.append(seen.page.evaluate("performance.now()") / 1e3)
                        paints += [seen.paint_ms() / 1e3] if seen.paint_ms() is not None else []
                        wrong += [
                            f"{name}, {width}: {each}" for each in (*seen.said, *seen.requests, *seen.wider)
                        ]
                        wrong += [f"{name}, {width}: scrolls sideways"] if seen.scrolls else []
                        charts = seen.charts
                        if asked.screenshots and load < len(SCHEMES):
                            asked.screenshots.mkdir(parents=True, exist_ok=True)
                            file = asked.screenshots / f"{name.replace(' ', '-')}-{width}-{scheme}.png"
                            seen.page.screenshot(path=file, full_page=True)
                paint = median(paints) if paints else float("nan")
                wrong += [f"{name}, {width}: first paint after {paint:.2f} s"] if not paint <= SECONDS else []
                print(
                    f"{name:24}{size:6.2f}{width:7}{paint:16.2f}{median(drawn):14.2f}{charts:8}", flush=True
                )
    print("\n".join(wrong) or "Nothing is wrong.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
