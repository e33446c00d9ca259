"""A sweep trained on the dataset `shapes`: nine sizes, with their table and plot for the documentation.

    python benchmarks/sweep_shapes.py --output docs/choosing.md [--folder sweeps/shapes] [--epochs 10]

About half an hour on two idle cores; ended in between, the same command goes on. What is too noisy to be
valid is measured again, twice at most. Without `--output` the table is printed. Exits with 1 if something is
missing, or if a size that is at least as wide and as fine as another is significantly faster or less
accurate: more work should cost more and be worth it, but for what intervals allow.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator, Sequence
from itertools import permutations
from pathlib import Path

import edgekit
from edgekit.files import write_atomic
from edgekit.reporting.points import Point
from edgekit.reporting.swept import View
from edgekit.reporting.to_markdown import markdown_table

BEGIN, END = "<!-- made by benchmarks/sweep_shapes.py -->\n", "<!-- end -->\n"
PLOT = "sweep_shapes.svg"


class Lines:
    """A Progress of lines."""

    def step(self, what: str, total: float | None = None) -> None:
        """Print a step once it begins, without its parts."""
        if " · " not in what:
            print(what, flush=True)

    def advance(self, done: float) -> None:
        """Print nothing."""

    def note(self, text: str) -> None:
        """Print it."""
        print(text, flush=True)


def main() -> int:
    """Sweep, judge, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("sweeps/shapes"))
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--output", type=Path, help="a page with the markers")
    given = parser.parse_args()
    command = (
        "edgekit sweep --alpha .75,.5,.25 --resolution 64,48,32 --dataset shapes "
        f"--epochs {given.epochs} --threads 1"
    )
    for again in (False, True, True):
        found = edgekit.sweep(
            alphas=(0.75, 0.5, 0.25),
            resolutions=(64, 48, 32),
            dataset="shapes",
            epochs=given.epochs,
            threads=1,
            again=again,
            output=given.folder,
            command=command,
            progress=Lines(),
        )
        view = View(found)
        if all(point.row.valid for point in view.points):
            break
    faults = [*view.cautions, *disorder(view.points)]
    text = "\n\n".join(
        (
            f"Nine sizes, trained for {given.epochs} epochs on the drawn images of `shapes`, on two cores:",
            f"```text\n{command}\n```",
            markdown_table(view.table),
            " ".join(view.sentences),
            f"![Accuracy against latency]({PLOT})",
        )
    )
    if given.output:
        head, _, rest = given.output.read_text(encoding="utf-8").partition(BEGIN)
        write_atomic(given.output, f"{head}{BEGIN}\n{text}\n\n{END}{rest.partition(END)[2]}".encode())
        shutil.copyfile(given.folder / "sweep.svg", given.output.parent / PLOT)
    else:
        print(text)
    print("\n".join(faults))
    return int(bool(faults))


def disorder(points: Sequence[Point]) -> Iterator[str]:
    """Yield where a larger size is significantly faster, or less accurate, than a smaller one."""
    for large, small in permutations(points, 2):
        if not _larger(large, small) or not (large.cost and small.cost and large.accuracy and small.accuracy):
            continue
        if large.cost.high < small.cost.low:
            yield f"{large.cell.title} is faster than {small.cell.title}"
        if large.accuracy.interval[1] < small.accuracy.interval[0]:
            yield f"{large.cell.title} is less often right than {small.cell.title}"


def _larger(one: Point, other: Point) -> bool:
    alpha, least = one.cell.alpha or 1.0, other.cell.alpha or 1.0
    return one.cell != other.cell and alpha >= least and one.cell.resolution >= other.cell.resolution


if __name__ == "__main__":
    sys.exit(main())
