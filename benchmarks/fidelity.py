"""Does `edgekit bench` report the time that an inference takes? Compares its p50 with peers.

    python benchmarks/fidelity.py [--repeats 10] [--seconds 2] [--cpu N] [FILE … --shape NAME=SIZES]

A FILE is any .tflite or .onnx; of a few µs, it says little. Without one: MobileNet v1, alpha 0.5, as TFLite
and ONNX, float32 and int8, at 224 and at 32 pixels, on one thread:

- edgekit: one latency repeat, asked of the guest by the code of `edgekit bench` itself
- bare: `bare_loop.py`, nothing but a timed loop, with the same wheels
- Google: `python -m ai_edge_litert.tools.benchmark_litert_model`, with the same wheels; only at 224 pixels,
  since it prints hundredths of milliseconds and adds 10 to 30 µs of its own

Every repeat is a fresh process of each, in turn forwards and backwards, all on one CPU. A contender's p50 is
the median of its repeats' medians. Exits with 1 if a ratio leaves its limit. The models are made by edgekit's
own conversion the first time, in `runs/fidelity`.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from edgekit.artefact import MANIFEST
from edgekit.cli.options import shapes_of
from edgekit.device import find_profile
from edgekit.errors import EdgekitError
from edgekit.measurement import BenchRequest, Schedule
from edgekit.measurement.artefacts import payloads, subjects
from edgekit.measurement.loose import Asked
from edgekit.measurement.passes import Passes
from edgekit.measurement.plan import Cell
from edgekit.runtime import parse_runtime
from edgekit.visit import visiting

ALPHA = 0.5
CHECKPOINT = "mobilenet_v1_0.5_32_digits"
BARE_LOOP = Path(__file__).with_name("bare_loop.py")
FILE_LIMIT = 0.05  # for any file
LIMITS = {224: 0.03, 32: 0.05}  # by resolution: share by which two p50 may differ
RUNTIMES = {"tflite": "litert", "onnx": "onnxruntime"}


@dataclass
class Contender:
    """One way to measure one model. `measure` returns a repeat's median in ms."""

    name: str
    measure: Callable[[], float]
    medians: list[float] = field(default_factory=list)

    @property
    def p50(self) -> float:
        """Median of the repeats' medians, ms."""
        return median(self.medians)


@dataclass
class Race:
    """One model and everyone who measures it. The first contender is edgekit."""

    model: str
    limit: float
    contenders: list[Contender]

    def rows(self) -> Iterator[tuple[str, bool]]:
        """Yield a line for each peer, and whether the ratio lies within its limit."""
        ours = self.contenders[0]
        for peer in self.contenders[1:]:
            ratio = ours.p50 / peer.p50
            pairs = sorted(a / b for a, b in zip(ours.medians, peer.medians, strict=True))
            within = abs(ratio - 1) <= self.limit
            yield (
                f"{self.model:22} {ours.p50:9.4f} {peer.name:>8} {peer.p50:9.4f} {ratio:7.3f} "
                f"{median(pairs):7.3f} {pairs[0]:7.3f} {pairs[-1]:7.3f}  {self.limit:4.0%}  "
                f"{'within' if within else 'OUTSIDE'}",
                within,
            )


HEAD = (
    f"{'model':22} {'edgekit':>9} {'peer':>8} {'peer':>9} {'ratio':>7} {'ratio by repeat':^23}  limit\n"
    f"{'':22} {'ms':>9} {'':8} {'ms':>9} {'of p50':>7} {'median':>7} {'lowest':>7} {'highest':>7}"
)


def main() -> int:
    """Make the models, run the session, print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=10, help="fresh processes of each (default 10)")
    parser.add_argument("--seconds", type=float, default=2.0, help="timed loop of each process (default 2)")
    parser.add_argument("--cpu", type=int, help="the CPU to run everything on (default: the last)")
    parser.add_argument(
        "--models", type=Path, default=Path("runs/fidelity"), help="where the models are kept"
    )
    parser.add_argument("files", type=Path, nargs="*", metavar="FILE", help="measure these instead")
    parser.add_argument("--shape", action="append", default=[], metavar="NAME=SIZES", help="of an input")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="fidelity-") as work:
        return run(options, Path(work))


def run(options: argparse.Namespace, work: Path) -> int:
    """Run the session."""
    sets = {
        resolution: model_set(options.models / str(resolution), resolution)
        for resolution in LIMITS
        if not options.files
    }
    cpu = max(os.sched_getaffinity(0)) if options.cpu is None else options.cpu
    os.sched_setaffinity(0, {cpu})  # every process started below inherits it
    races = [
        race
        for resolution, folder in sets.items()
        for race in races_of((folder,), Terms(LIMITS[resolution], options.seconds, str(resolution)))
    ]
    if options.files:
        races += races_of(
            options.files, Terms(FILE_LIMIT, options.seconds, shapes=tuple(options.shape), work=work)
        )
    for repeat in range(options.repeats):
        for race in races:
            run_once(race, backwards=repeat % 2 == 1)
        print(f"repeat {repeat + 1} of {options.repeats}", file=sys.stderr, flush=True)
    print(HEAD)
    verdicts = []
    for race in races:
        for line, within in race.rows():
            print(line)
            verdicts.append(within)
    print(f"{sum(verdicts)} of {len(verdicts)} within their limits; {options.repeats} repeats on CPU {cpu}.")
    return 0 if all(verdicts) else 1


def run_once(race: Race, *, backwards: bool) -> None:
    """Let everyone measure a model once, in one direction."""
    order = race.contenders[::-1] if backwards else race.contenders
    for contender in order:
        contender.medians.append(contender.measure())


def model_set(folder: Path, resolution: int) -> Path:
    """Return an artefact set of the shipped digits model at a resolution, converting it if need be.

    A MobileNet's weights do not depend on its resolution.
    """
    if (folder / MANIFEST).is_file():
        return folder
    print(f"Converting at {resolution} pixels, once", file=sys.stderr, flush=True)
    script = "import sys; from fidelity import convert_at; convert_at(sys.argv[1], int(sys.argv[2]))"
    # TensorFlow stays out of the process that measures
    command = [sys.executable, "-c", script, str(folder), str(resolution)]
    subprocess.run(
        command, cwd=Path.cwd(), env={**os.environ, "PYTHONPATH": str(BARE_LOOP.parent)}, check=True
    )
    return folder


def convert_at(folder: str, resolution: int) -> None:
    """Build the model at a resolution and convert it."""
    from edgekit.conversion import ConvertRequest, convert
    from edgekit.zoo import ModelSpec
    from edgekit.zoo.build import build
    from edgekit.zoo.source import resolve

    source = resolve(CHECKPOINT)
    named, target = CHECKPOINT, Path(folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    if resolution != source.resolution:
        model = build(ModelSpec("mobilenet_v1", ALPHA, resolution, 10), weights=source.file)
        named = str(target.with_suffix(".keras"))
        model.save(named)
    convert(ConvertRequest(model=named, output=target, dataset="digits"))


@dataclass(frozen=True)
class Terms:
    """What some races have in common."""

    limit: float
    seconds: float
    named: str = ""  # what follows the file's name
    shapes: tuple[str, ...] = ()  # NAME=SIZES
    work: Path | None = None  # a folder for what a file needs to be brought with

    @property
    def google(self) -> bool:
        """Whether Google's tool takes part: not where its hundredths of milliseconds say too little."""
        return self.named not in ("", "32")


def races_of(paths: Sequence[Path], terms: Terms) -> Iterator[Race]:
    """Yield one race for each file of a set, and for each other file."""
    request = BenchRequest(
        artefacts=tuple(paths),
        mode=Schedule(repeats=1, min_runs=128, min_seconds=terms.seconds),
        threads=(1,),
        shapes=shapes_of(terms.shapes) or {},
    )
    files = subjects(request.artefacts, Asked(request.shapes, work=terms.work))
    runtimes = {kind: parse_runtime(name) for kind, name in RUNTIMES.items()}
    needed = payloads(files, evaluation=False)
    with visiting(find_profile("host"), needed, list(runtimes.values()), PrintProgress()) as visit:
        passes = Passes(visit, request)  # asks on after the visit: this computer is never let go of
    for file in files:
        bundle = visit.bundles[runtimes[file.format]]
        cell = Cell(file, bundle, threads=1)
        contenders = [
            Contender("edgekit", lambda cell=cell: median(passes.latency(cell).samples_ns) / 1e6),
            Contender("bare", lambda path=file.path, at=bundle.folder: bare(at, path, terms)),
        ]
        if file.format == "tflite" and terms.google:
            runs = Runs(contenders[0], terms.seconds)
            contenders.append(
                Contender(
                    "Google", lambda path=file.path, at=bundle.folder, runs=runs: google(at, path, runs)
                )
            )
        yield Race(f"{file.name} {terms.named}".strip(), terms.limit, contenders)


@dataclass
class Runs:
    """How many inferences fill the time, going by what edgekit measured."""

    ours: Contender
    seconds: float

    def filling(self, seconds: float) -> int:
        """Inferences in some seconds."""
        return max(10, round(seconds * 1000 / median(self.ours.medians or [1.0])))


def bare(bundle: Path, model: Path, terms: Terms) -> float:
    """Run the bare loop; return its median in ms."""
    command = [sys.executable, "-I", "-S", "-B", str(BARE_LOOP), str(bundle), str(model), str(terms.seconds)]
    command += terms.shapes
    return float(output(command)) / 1e6


def google(bundle: Path, model: Path, runs: Runs) -> float:
    """Run Google's tool with the bundle's wheels; return its median in ms."""
    command = [sys.executable, "-B", "-m", "ai_edge_litert.tools.benchmark_litert_model"]
    command += [f"--model={model}", "--num_threads=1"]
    command += [f"--warmup_runs={runs.filling(0.5)}", f"--num_runs={runs.filling(runs.seconds)}"]
    # the bundle comes first; the tool's ml_dtypes, which the interpreter does not need, is edgekit's own
    return parse_google(output(command, PYTHONPATH=str(bundle)))


def parse_google(text: str) -> float:
    """Read `Inference (median):    0.74 ms`; return ms."""
    found = re.search(r"Inference \(median\):\s+([0-9.]+) ms", text)
    if found is None:
        raise SystemExit(f"benchmark_litert_model printed no median:\n{text}")
    return float(found[1])


def output(command: list[str], **variables: str) -> str:
    """Run a program; return what it printed."""
    done = subprocess.run(
        command, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} exited with {done.returncode}:\n{done.stderr}")
    return done.stdout


class PrintProgress:
    """Tells about downloads on standard error."""

    def step(self, what: str, total: float | None = None) -> None:
        """Print it."""
        print(what, file=sys.stderr)

    def advance(self, done: float) -> None:
        """Ignore it."""

    def note(self, text: str) -> None:
        """Print it."""
        print(text, file=sys.stderr)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except EdgekitError as problem:
        sys.exit(f"{problem}")
