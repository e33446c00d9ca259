"""How near int8 files are to their float model: edgekit's beside those of other tools, by the same images.

    python benchmarks/quantization.py [NAME …] [--file MODEL --photos FOLDER] [--output docs/quantization.md]

NAME is a model that ships, or a checkpoint that `edgekit train` wrote; its evaluation images are 40,320 of
`shapes` that no model has seen (of `digits`, those set aside). MODEL is any Keras file, FOLDER has photos, of
which crops calibrate and evaluate it. Every tool has the same calibration images, and its files run in the
same runtimes, with every optimization. How long an inference takes is measured in one interleaved session,
on one thread. Exits with 1 if a file of edgekit's is, by any measure, significantly behind the best of its
kind: TFLite, ONNX, or ONNX that is safe on processors that add in 16 bits. What decides is the 95 % interval
of the difference between the two, image by image.
ai-edge-quantizer and NNCF are run where they are installed: `pip install ai-edge-quantizer nncf`, in an
environment of their own, as they bring other versions of what edgekit needs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from math import sqrt
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from PIL import Image

import edgekit
from edgekit.artefact import Preprocessing
from edgekit.conversion.formats import FORMATS
from edgekit.conversion.graph import FloatGraph, freeze, keras_outputs
from edgekit.conversion.target import sums_in_16_bits
from edgekit.data import load_dataset
from edgekit.data.dataset import Float32, Split, normalise
from edgekit.errors import EdgekitError
from edgekit.inspection import inspect_bytes
from edgekit.quantization.distance import Distance, distance, divergences, noises
from edgekit.quiet import import_tensorflow, quiet_stderr
from edgekit.stats import paired_drop, wilson
from edgekit.zoo.source import LoadedModel, resolve

SHIPPED = (
    "mobilenet_v1_0.25_64_shapes",
    "mobilenet_v1_0.5_64_shapes",
    "mobilenet_v1_0.25_32_digits",
    "mobilenet_v1_0.5_32_digits",
)
CALIBRATION = 300  # images
CROPS = 2_400  # of photos, that evaluate
BATCH = 100
LITERAL = (
    "Executed node by node, since sums can overflow with this processor's fast kernels: such a file is for "
    "processors that add in 32 bits."
)
OWN = "**edgekit**"
SAFE = ("reduced range", "portable")  # tools whose files add in 16 bits without overflow
RUNTIMES = {"tflite": "litert", "onnx": "onnxruntime"}
TIMING = edgekit.Schedule(repeats=5, min_runs=128, min_seconds=0.5)


@dataclass(frozen=True)
class Subject:
    """A model with its images."""

    name: str
    model: str  # as `edgekit convert` takes it
    loaded: LoadedModel
    graph: FloatGraph
    calibration: list[Float32]  # [1, H, W, 3] each
    images: np.ndarray[Any, Any]  # uint8 [n, H, W, 3], that evaluate
    dataset: str  # as `edgekit convert` takes it
    labels: np.ndarray[Any, Any] | None = None  # [n]; None: not known

    def evaluation(self) -> Iterator[Float32]:
        """Yield float32 [1, H, W, 3]."""
        for image in self.images:
            yield normalise(image[None], self.loaded.preprocessing)


@dataclass(frozen=True)
class Row:
    """One tool's file of one model."""

    tool: str
    format: str
    agreement: tuple[float, float, float]  # with its interval
    drop: tuple[float, float, float] | None  # of accuracy, with its interval, as fractions; None: no labels
    distance: Distance
    data: bytes  # the file
    literal: bool  # whether it was executed node by node, since it may saturate on this computer
    losses: dict[str, np.ndarray[Any, Any]]  # by measure, of each image, [n]; less is better

    @property
    def kind(self) -> str:
        """The files that it is compared with."""
        return f"safe {self.format}" if self.tool.endswith(SAFE) else self.format


Make = Callable[[Subject, Path], bytes]


def shipped(name: str, most: int) -> Subject:
    """A model that ships, with images that no model has seen."""
    loaded = resolve(name).load()
    size = loaded.preprocessing.height
    dataset = "shapes" if "shapes" in name else "digits"
    own = load_dataset(dataset, resolution=size)
    some = own.calibration.images.read(range(min(CALIBRATION, len(own.calibration))))
    feed = [normalise(image[None], loaded.preprocessing) for image in some]
    parts = _drawn_anew(size) if dataset == "shapes" else iter([own.evaluation])
    images, labels = own.evaluation.images.read([]), own.evaluation.labels[:0]
    while len(images) < most and (part := next(parts, None)) is not None:
        more = range(min(most - len(images), len(part)))
        images = np.concatenate([images, part.images.read(more)])
        labels = np.concatenate([labels, part.labels[: len(more)]])
    return Subject(
        Path(name).name.removesuffix(".keras"), name, loaded, freeze(loaded), feed, images, dataset, labels
    )


def _drawn_anew(size: int) -> Iterator[Split]:
    """Yield images of `shapes` by other seeds than models are trained on."""
    for seed in count(1):
        yield load_dataset("shapes", resolution=size, seed=seed).train


def file(path: Path, photos: Path, folder: Path) -> Subject:
    """A Keras file, with crops of photos: drawn by chance, always the same."""
    loaded = resolve(str(path)).load()
    contract = loaded.preprocessing
    chance = np.random.default_rng(0)
    pictures = [Image.open(each).convert("RGB") for each in sorted(photos.rglob("*")) if each.is_file()]
    crops = np.stack([_crop(pictures, contract, chance) for _ in range(CALIBRATION + CROPS)])
    held = folder / "calibration"
    held.mkdir()
    for index, crop in enumerate(crops[:CALIBRATION]):
        Image.fromarray(crop).save(held / f"{index:04}.png")
    feed = [normalise(image[None], contract) for image in crops[:CALIBRATION]]
    return Subject(path.name, str(path), loaded, freeze(loaded), feed, crops[CALIBRATION:], str(held))


def _crop(pictures: Sequence[Image.Image], contract: Preprocessing, chance: np.random.Generator) -> Any:
    picture = pictures[int(chance.integers(len(pictures)))]
    side = int(min(picture.size) * chance.uniform(0.25, 1.0))
    left, top = (int(chance.integers(0, whole - side + 1)) for whole in picture.size)
    box = (left, top, left + side, top + side)
    return np.asarray(picture.resize((contract.width, contract.height), Image.Resampling.BILINEAR, box))


def by_edgekit(format: str, target: str) -> Make:
    """What `edgekit convert` makes, with nothing but a target."""

    def make(subject: Subject, folder: Path) -> bytes:
        images: dict[str, Any] = {"dataset": subject.dataset}
        if Path(subject.dataset).is_dir():
            images = {"calibrate_on": subject.dataset}
        converted = edgekit.convert(
            subject.model, formats=format, target=target, output=folder / f"{format}_{target}", **images
        )
        return (converted.folder / f"int8.{format}").read_bytes()

    return make


def by_tensorflow(subject: Subject, _: Path) -> bytes:
    """TFLiteConverter with a representative dataset, int8 throughout."""
    tf = import_tensorflow()
    tool = tf.lite.TFLiteConverter.from_concrete_functions([subject.graph.function])
    tool.optimizations = [tf.lite.Optimize.DEFAULT]
    tool.representative_dataset = lambda: ([image] for image in subject.calibration)
    tool.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    tool.inference_input_type = tool.inference_output_type = tf.int8
    return bytes(tool.convert())


def by_onnxruntime(method: str = "MinMax", **options: Any) -> Make:
    """`quantize_static` of the file that `quant_pre_process` prepared."""

    def make(subject: Subject, folder: Path) -> bytes:
        from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, quantize_static
        from onnxruntime.quantization.shape_inference import quant_pre_process

        source, ready, target = (folder / f"{name}.onnx" for name in ("float", "ready", "int8"))
        source.write_bytes(FORMATS["onnx"].float32(subject.graph))
        quant_pre_process(str(source), str(ready), skip_symbolic_shape=True)

        class Reader(CalibrationDataReader):  # type: ignore[misc]
            def __init__(self) -> None:
                self._images = iter(subject.calibration)

            def get_next(self) -> dict[str, Float32] | None:
                image = next(self._images, None)
                return None if image is None else {"input": image}

        kind = getattr(CalibrationMethod, method)
        quantize_static(str(ready), str(target), Reader(), calibrate_method=kind, **options)
        return target.read_bytes()

    return make


def by_ai_edge_quantizer(subject: Subject, folder: Path) -> bytes:
    """Its static recipe of 8-bit weights and activations."""
    from ai_edge_quantizer import quantizer, recipe

    path = folder / "float32.tflite"
    path.write_bytes(FORMATS["tflite"].float32(subject.graph))
    tool = quantizer.Quantizer(str(path), recipe.static_wi8_ai8())
    samples = [{"input": image} for image in subject.calibration]
    found = tool.calibrate({"serving_default": samples})
    return bytes(tool.quantize(found).quantized_model)


def by_nncf(correct: bool) -> Make:
    """Its post-training quantization of ONNX, by default or with bias correction."""

    def make(subject: Subject, _: Path) -> bytes:
        import nncf
        import onnx

        model = onnx.load_model_from_string(FORMATS["onnx"].float32(subject.graph))
        data = nncf.Dataset(subject.calibration, lambda image: {"input": image})
        quantized = nncf.quantize(
            model, data, subset_size=len(subject.calibration), fast_bias_correction=not correct
        )
        return bytes(quantized.SerializeToString())

    return make


TOOLS: list[tuple[str, str, Make]] = [
    ("TFLite converter", "tflite", by_tensorflow),
    ("ai-edge-quantizer, static", "tflite", by_ai_edge_quantizer),
    (OWN, "tflite", by_edgekit("tflite", "portable")),
    ("onnxruntime", "onnx", by_onnxruntime()),
    ("onnxruntime, per channel", "onnx", by_onnxruntime(per_channel=True)),
    ("onnxruntime, per channel, percentile", "onnx", by_onnxruntime("Percentile", per_channel=True)),
    ("onnxruntime, per channel, entropy", "onnx", by_onnxruntime("Entropy", per_channel=True)),
    ("NNCF", "onnx", by_nncf(False)),
    ("NNCF, bias correction", "onnx", by_nncf(True)),
    (f"{OWN}, full range", "onnx", by_edgekit("onnx", "x86-vnni")),
    ("onnxruntime, reduced range", "onnx", by_onnxruntime(per_channel=True, reduce_range=True)),
    (f"{OWN}, portable", "onnx", by_edgekit("onnx", "portable")),
]


def made(make: Make, subject: Subject, folder: Path, kept: Path | None) -> bytes:
    """What a tool makes; it is made once if it is kept."""
    if kept is not None and kept.is_file():
        return kept.read_bytes()
    folder.mkdir()
    with quiet_stderr(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = make(subject, folder)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(data)
    return data


def measured(
    subject: Subject, tools: Sequence[tuple[str, str, Make]], folder: Path, files: Path | None
) -> Iterator[Row]:
    """Make each tool's file, run it over the evaluation images, and compare it with Keras."""
    function = keras_outputs(subject.loaded)
    parts = (subject.images[start : start + BATCH] for start in range(0, len(subject.images), BATCH))
    real = np.concatenate([function(normalise(part, subject.loaded.preprocessing))[0] for part in parts])
    probabilities = bool(np.allclose(real.sum(axis=1), 1, atol=1e-3))
    for index, (tool, format, make) in enumerate(tools):
        name = "".join(letter if letter.isalnum() else "_" for letter in tool)
        kept = None if files is None else files / subject.name / f"{name}.{format}"
        try:
            data = made(make, subject, folder / str(index), kept)
        except (ImportError, EdgekitError) as error:
            print(f"  {tool}: {error}", file=sys.stderr)
            continue
        overflows = FORMATS[format].overflows
        literal = (
            sums_in_16_bits()
            and overflows is not None
            and overflows(data, inspect_bytes(data, f"int8.{format}"))
        )
        runner = FORMATS[format].load(data, optimise=not literal)
        here = np.concatenate([runner.outputs(image)[0] for image in subject.evaluation()])
        same = int((here.argmax(axis=1) == real.argmax(axis=1)).sum())
        drop = None
        if subject.labels is not None:
            drop = paired_drop(*(each.argmax(axis=1) == subject.labels for each in (real, here)))
        losses = {"agreement": here.argmax(axis=1) != real.argmax(axis=1), "SQNR": noises(real, here)}
        if subject.labels is not None:
            losses["drop"] = here.argmax(axis=1) != subject.labels
        if probabilities:
            losses["divergence"] = divergences(real, here)
        yield Row(
            tool,
            format,
            (same / len(real), *wilson(same, len(real))),
            drop,
            distance(real, here, probabilities=probabilities),
            data,
            literal,
            {measure: each.astype(np.float64) for measure, each in losses.items()},
        )


def timed(rows: Sequence[Row], folder: Path) -> list[str]:
    """How long each file takes for an inference, in ms, measured in one interleaved session."""
    files = [folder / f"{index:02}.{row.format}" for index, row in enumerate(rows)]
    for file, row in zip(files, rows, strict=True):
        file.write_bytes(row.data)
    found = edgekit.bench(
        files,
        runtimes={RUNTIMES[row.format] for row in rows},
        threads=1,
        mode=TIMING,
        memory=False,
        accuracy=False,
        output=folder / "result.json",
    )
    medians = {
        each.artefact.file: median(median(repeat.samples_ns) for repeat in each.repeats)
        for each in found.measurements
        if each.repeats
    }
    return [f"{p50 / 1e6:.3g}" if (p50 := medians.get(file.name)) is not None else "–" for file in files]


def behind(rows: Sequence[Row]) -> Iterator[str]:
    """Yield where a file of edgekit's is significantly behind the best file of its kind."""
    for row in rows:
        if OWN not in row.tool:
            continue
        for measure, losses in row.losses.items():
            others = [(each.losses[measure].mean(), each) for each in rows if each.kind == row.kind]
            best = min(others, key=lambda found: found[0])[1]
            more, least, most = _more(losses, best.losses[measure])
            if least > 0:
                yield (
                    f"{row.tool}, {row.format}: behind {best.tool} by {measure}, "
                    f"{more:.2g} ({least:.2g} … {most:.2g}) per image"
                )


def _more(here: np.ndarray[Any, Any], there: np.ndarray[Any, Any]) -> tuple[float, float, float]:
    """By how much losses of the same images are more here than there, with the 95 % interval."""
    if np.isin((here, there), (0, 1)).all():  # each image is lost, or it is not
        return paired_drop(there == 0, here == 0)
    more = here - there
    mean, error = float(more.mean()), 1.96 * float(more.std(ddof=1)) / sqrt(len(more))
    return mean, mean - error, mean + error


def table(subject: Subject, rows: Sequence[Row], times: Sequence[str]) -> str:
    """The rows in Markdown."""
    lines = [
        f"### {subject.name}\n",
        f"{len(subject.images):,} evaluation images, {len(subject.calibration)} for calibration.\n",
        "| tool | format | agreement, % | drop, pp | SQNR, dB | KL divergence, 10⁻³ | MB | ms |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row, time in zip(rows, times, strict=True):
        share, low, high = (100 * each for each in row.agreement)
        off = row.distance
        noise = (
            "–"
            if off.sqnr_db is None
            else f"{off.sqnr_db:.1f} ({off.sqnr_low_db:.1f} … {off.sqnr_high_db:.1f})"
        )
        divergence = "–" if off.divergence is None else f"{1e3 * off.divergence:.2f}"
        if off.divergence_low is not None and off.divergence_high is not None:
            divergence += f" ({1e3 * off.divergence_low:.2f} … {1e3 * off.divergence_high:.2f})"
        lost, mark = "–", " †" if row.literal else ""
        if row.drop is not None:
            drop, least, most = (100 * each for each in row.drop)
            lost = f"{drop:.2f} ({least:.2f} … {most:.2f})"
        lines.append(
            f"| {row.tool}{mark} | {row.format} | {share:.2f} ({low:.2f} … {high:.2f}) | {lost} | {noise} "
            f"| {divergence} | {len(row.data) / 1e6:.3f} | {time} |"
        )
    if any(row.literal for row in rows):
        lines.append(f"\n† {LITERAL}")
    return "\n".join(lines) + "\n"


def subjects(given: argparse.Namespace, place: Path) -> Iterator[Subject]:
    """Yield what the command names."""
    for name in given.names or (SHIPPED if given.file is None else ()):
        yield shipped(name, given.images)
    if given.file is not None and given.photos is not None:
        yield file(given.file, given.photos, place)


def main() -> int:
    """Measure, and write the page or print it; 1: edgekit is behind."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", default=[], metavar="NAME")
    parser.add_argument("--file", type=Path)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--images", type=int, default=40_320)
    parser.add_argument(
        "--tools", default="", help="only tools with one of these in their names: NNCF,edgekit"
    )
    parser.add_argument("--files", type=Path, help="keep what tools make here, and take it from here again")
    parser.add_argument("--output", type=Path)
    given = parser.parse_args()
    tools = [tool for tool in TOOLS if any(part in tool[0] for part in given.tools.split(","))]
    tables, worse = [], []
    with tempfile.TemporaryDirectory() as place:
        for index, subject in enumerate(subjects(given, Path(place))):
            folder = Path(place) / str(index)
            folder.mkdir()
            rows = list(measured(subject, tools, folder, given.files))
            tables.append(table(subject, rows, timed(rows, folder)))
            print(tables[-1], flush=True)
            worse += behind(rows)
    if given.output is not None:
        page = given.output.read_text(encoding="utf-8")
        before, mark, _ = page.partition("<!-- measured -->\n")
        given.output.write_text(before + mark + "\n" + "\n".join(tables), encoding="utf-8")
    print("\n".join(worse))
    return int(bool(worse))


if __name__ == "__main__":
    sys.exit(main())
