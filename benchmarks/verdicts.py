"""What `edgekit compare` says of simulated devices, and what other tools' rules say of the same times.

For each shape of noise (simulated_device.py): 2,000 comparisons of a model with itself, with one that is 10 %
slower, and with one that is 5 % slower, at `--mode standard`: up to 24 repeats a side, stopped at the first
verdict. Judged by

    edgekit      the rule of `edgekit compare`
    ±5 %         the median of five repeats' medians, a side, differ by more than 5 %
    benchstat    Mann–Whitney U, p < 0.05, on the means of ten repeats a side
    asv          Mann–Whitney U, p < 0.002, on the pooled samples of two processes a side, and a factor of 1.1
    g-a-b        github-action-benchmark: the mean of one process is over 200 % of the other's

Each at its tool's default. A false alarm is "slower" or, for edgekit, "faster" too. Exits with 1 if edgekit
breaks a limit: the upper 99 % bound of the false alarms is at most 1 %, 10 % is found in at least 95 %, and
5 % is found or inconclusive in at least 90 %.

    python benchmarks/verdicts.py --output docs/comparing.md
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.stats import beta, mannwhitneyu

sys.path.insert(0, str(Path(__file__).parent))
from simulated_device import SHAPES, Array, session

from edgekit.comparison.change import LEAST_CHANGE
from edgekit.comparison.together import CLEARER, DISTURBED, REPEATS, planned_looks, tail
from edgekit.files import write_atomic
from edgekit.stats import cut_off

COMPARISONS = 2_000
FALSE, FOUND, MISSED = 0.01, 0.95, 0.10
BEGIN, END = "<!-- made by benchmarks/verdicts.py -->\n", "<!-- end -->\n"

Flags = npt.NDArray[np.bool_]
Words = npt.NDArray[np.str_]


def edgekit(baseline: Array, candidate: Array, mode: str = "standard", cells: int = 1) -> tuple[Words, Array]:
    """Return edgekit's verdicts, and how many repeats a side each took: `blocked_change`, vectorised.

    Args:
        baseline: [comparisons, repeats, samples].
        candidate: Likewise.
        mode: Of `edgekit compare`.
        cells: How many are judged together.
    """
    typical = np.median(baseline, axis=2), np.median(candidate, axis=2)
    fastest = baseline.min(axis=2), candidate.min(axis=2)
    looks = planned_looks(REPEATS[mode], cells)
    word, spent = np.full(len(baseline), "inconclusive"), np.zeros(len(baseline))
    open_ = np.ones(len(baseline), dtype=bool)
    for look in looks:
        part = tail(len(looks), cells)
        sides = [[side[:, : 2 * look] for side in each] for each in (typical, fastest)]
        noise, least = (_unevenness(*each) for each in sides)
        by_fastest = (noise > DISTURBED) & (least < CLEARER * noise)
        both = [_interval(*each, part) for each in sides]
        low, high, delta = (np.where(by_fastest, there, here) for here, there in zip(*both, strict=True))
        alike = (low <= both[0][1]) & (high >= both[0][0])
        found = np.select(
            [
                alike & (low > 1 + delta),
                alike & (high < 1 / (1 + delta)),
                alike & (low >= 1 / (1 + LEAST_CHANGE)) & (high <= 1 + LEAST_CHANGE),
            ],
            ["slower", "faster", "same"],
            "inconclusive",
        )
        word, spent = np.where(open_, found, word), np.where(open_, 2 * look, spent)
        open_ &= found == "inconclusive"
    return word, spent


def _interval(before: Array, after: Array, part: float) -> tuple[Array, Array, Array]:
    """Return the ratio's interval after so many blocks, and δ."""
    blocks = before.shape[1] // 2
    pairs = [side.reshape(-1, blocks, 2) for side in (before, after)]
    ratios = np.sort((pairs[1][:, :, None, :] / pairs[0][:, :, :, None]).reshape(len(before), -1), axis=1)
    cut = cut_off(blocks, part)
    like = np.concatenate([np.abs(np.log(pair[:, :, 1] / pair[:, :, 0])) for pair in pairs], axis=1)
    spread = np.median(like, axis=1) / 0.954
    return ratios[:, cut - 1], ratios[:, -cut], np.maximum(LEAST_CHANGE, 2 * spread)


def _unevenness(before: Array, after: Array) -> Array:
    """`stats.unevenness` of each comparison."""
    blocks = before.shape[1] // 2
    logs = np.log(np.concatenate([side.reshape(-1, blocks, 2) for side in (before, after)], axis=2))
    logs.sort(axis=2)
    return ((logs[:, :, 1] - logs[:, :, 0] + logs[:, :, 3] - logs[:, :, 2]) / 2).mean(axis=1)


def threshold(baseline: Array, candidate: Array) -> Flags:
    """Five repeats a side, more than 5 % apart."""
    before, after = (np.median(np.median(side[:, :5], axis=2), axis=1) for side in (baseline, candidate))
    return after / before > 1.05


def benchstat(baseline: Array, candidate: Array) -> Flags:
    """Ten repeats a side, as its documentation asks for, at its α of 0.05."""
    before, after = (side[:, :10].mean(axis=2) for side in (baseline, candidate))
    p = mannwhitneyu(before, after, axis=1, method="exact").pvalue
    return (p < 0.05) & (np.median(after, axis=1) > np.median(before, axis=1))


def asv(baseline: Array, candidate: Array) -> Flags:
    """The samples of two processes a side (its `rounds`), with its p of 0.002 and factor of 1.1."""
    before, after = (side[:, :2].reshape(len(side), -1) for side in (baseline, candidate))
    p = mannwhitneyu(before, after, axis=1, method="asymptotic").pvalue
    return (p < 0.002) & (np.median(after, axis=1) > 1.1 * np.median(before, axis=1))


def action(baseline: Array, candidate: Array) -> Flags:
    """One process a side, at its alert threshold of 200 %."""
    return candidate[:, 0].mean(axis=1) > 2 * baseline[:, 0].mean(axis=1)


OTHERS: dict[str, Callable[[Array, Array], Flags]] = {
    "±5 %": threshold,
    "benchstat": benchstat,
    "asv": asv,
    "g-a-b": action,
}


def upper(count: int, n: int) -> float:
    """Upper one-sided 99 % bound of a share (Clopper & Pearson, 1934)."""
    return 1.0 if count == n else float(beta.ppf(0.99, count + 1, n - count))


def judge(shape: str, comparisons: int, seed: int) -> tuple[str, list[str]]:
    """Return a shape's row of the table, and which limits edgekit breaks."""
    cells: dict[str, list[str]] = {name: [] for name in ("edgekit", *OTHERS)}
    broken, repeats = [], 0.0
    for place, ratio in enumerate((1.0, 1.1, 1.05)):
        most = REPEATS["standard"]
        sides = session(shape, ratio=ratio, comparisons=comparisons, repeats=most, seed=seed + place)
        words, spent = edgekit(*sides)
        found = {word: int(np.sum(words == word)) for word in ("slower", "faster", "same")}
        alarms = found["slower"]
        if ratio == 1:
            alarms += found["faster"]
            repeats, bound = float(np.median(spent)), upper(alarms, comparisons)
            broken += [f"{shape}: {alarms} false alarms, bound {bound:.2%}"] if bound > FALSE else []
        elif ratio == 1.1:
            broken += [f"{shape}: 10 % found {alarms} times"] if alarms < FOUND * comparisons else []
        else:
            missed = found["same"] + found["faster"]
            broken += [f"{shape}: 5 % missed {missed} times"] if missed > MISSED * comparisons else []
        cells["edgekit"].append(_share(alarms / comparisons))
        for name, rule in OTHERS.items():
            cells[name].append(_share(np.mean(rule(*sides))))
    return f"| {shape} | {' | '.join(' · '.join(each) for each in cells.values())} | {repeats:.0f} |", broken


def _share(value: float) -> str:
    return f"{value * 100:.1f}"


def main() -> int:
    """Print the table, or write it into a page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--comparisons", type=int, default=COMPARISONS, help="of each kind, for each shape")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, help="a page with the table's markers")
    options = parser.parse_args()
    table = [f"| noise | {' | '.join(('edgekit', *OTHERS))} | repeats |", "|---" * (len(OTHERS) + 3) + "|"]
    broken: list[str] = []
    for shape in SHAPES:
        row, failed = judge(shape, options.comparisons, options.seed)
        table.append(row)
        broken += failed
        print(row, flush=True)
    text = "\n".join(table)
    if options.output:
        page = options.output.read_text(encoding="utf-8")
        head, _, rest = page.partition(BEGIN)
        write_atomic(options.output, f"{head}{BEGIN}\n{text}\n\n{END}{rest.partition(END)[2]}".encode())
    for line in broken:
        print(f"BROKEN {line}", file=sys.stderr)
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
