"""Tables for the terminal, drawn with rich from finished values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgekit.units import megabytes, millions, percent, points, seconds

if TYPE_CHECKING:
    from rich.table import Table

    from edgekit.artefact import ArtefactFile, ArtefactSet, Format
    from edgekit.cli.inspecting import Inspected, ModelCost
    from edgekit.device import Profile
    from edgekit.inspection import Inspection, Layer, Quantization, TensorInfo
    from edgekit.results import Device, Environment
    from edgekit.runtime import Bundle
    from edgekit.train import TrainOutcome

_NONE = "–"
_SCALES = ("Weight scale", "Output\nscale", "Zero\npoint")


def grid(
    title: str, headings: Sequence[str], rows: Iterable[Sequence[str]], words: Collection[int] = (0,)
) -> Table:
    """Return a table whose columns with an index in `words` are text, and the rest numbers."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=Text(title),
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    for index, heading in enumerate(headings):
        table.add_column(Text(heading), justify="left" if index in words else "right", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def _show(*parts: object) -> None:
    from edgekit.cli.console import stdout_console

    console = stdout_console()
    for part in parts:
        console.print(part, soft_wrap=isinstance(part, str) or not hasattr(part, "columns"))


def show_training(outcome: TrainOutcome) -> None:
    """Show what a training came to."""
    from rich.text import Text

    card = outcome.card
    verb = "Trained" if outcome.trained else "Already trained, with the same settings:"
    lines = [
        f"{verb} {card.name}: top-1 {percent(card.accuracy)} % of {card.evaluated:,} evaluation pictures"
        + (f", in {seconds(card.training_seconds)}." if outcome.trained else "."),
        f"Checkpoint  {outcome.checkpoint}",
        f"Card        {outcome.card_path}",
    ]
    lines += [f"Curves      {path}" for path in outcome.curves]
    _show(*map(Text, lines))


def show_set(artefacts: ArtefactSet) -> None:
    """Show an artefact set: a row a file."""
    from rich.text import Text

    manifest = artefacts.manifest
    model, evaluation = manifest.model, manifest.dataset.evaluation
    base = {file.format: file.bytes for file in manifest.files if file.precision == "float32"}
    table = grid(
        f"{model.name}: {model.parameters:,} parameters, {millions(model.multiply_adds)} M multiply-adds",
        ("File", "Size\nMB", "of float32\n%", "Top-1\n%", "Drop\npp", "95 % interval\npp", "Agreement\n%"),
        [_file_row(file, base) for file in manifest.files],
    )
    _show(
        table,
        Text(
            f"Keras: top-1 {percent(manifest.keras_accuracy)} % of {evaluation.n:,} evaluation pictures "
            f"({manifest.dataset.name}). Drop: Keras minus this file, on the same pictures."
        ),
        Text(f"Set: {artefacts.folder}"),
    )


def _file_row(file: ArtefactFile, float_bytes: Mapping[Format, int]) -> tuple[str, ...]:
    quality = file.quality
    base = float_bytes.get(file.format)
    return (
        file.name,
        megabytes(file.bytes),
        f"{file.bytes / base * 100:.1f}" if base else _NONE,
        percent(quality.accuracy),
        points(quality.drop),
        f"{points(quality.drop_low)} … {points(quality.drop_high)}",
        percent(quality.agreement),
    )


def show_inspected(found: Inspected, *, layers: bool, path: Path) -> None:
    """Show whatever was inspected."""
    from edgekit.artefact import ArtefactSet
    from edgekit.inspection import Inspection
    from edgekit.results import Result

    if isinstance(found, ArtefactSet):
        show_set(found)
    elif isinstance(found, Inspection):
        _show_file(found, layers)
    elif isinstance(found, Result):
        from edgekit.cli.table import show_result

        show_result(found)
    else:
        _show_cost(found, layers)


def _show_cost(model: ModelCost, layers: bool) -> None:
    cost = model.cost
    title = f"{model.name}: {cost.parameters:,} parameters, {millions(cost.multiply_adds)} M multiply-adds"
    if not layers:
        from rich.text import Text

        _show(Text(title))
        return
    rows = [
        (layer.name, layer.kind, _shape(layer.output), _count(layer.multiply_adds), _count(layer.parameters))
        for layer in cost.layers
    ]
    _show(grid(title, ("Layer", "Kind", "Output", "Multiply-adds", "Parameters"), rows, words=(0, 1, 2)))


def _show_file(found: Inspection, layers: bool) -> None:
    from rich.text import Text

    title = (
        f"{found.name}: {megabytes(found.bytes)} MB, {found.parameters:,} parameters, "
        f"{millions(found.multiply_adds)} M multiply-adds" + (f", opset {found.opset}" if found.opset else "")
    )
    if layers:
        quantized = any(layer.output or layer.weights for layer in found.layers)
        headings = ("Operator", "Output", "M-adds\nk", "Params\nk", *_SCALES[: 3 * quantized])
        _show(grid(title, headings, [_layer_row(layer, quantized) for layer in found.layers], words=(0, 1)))
    else:
        _show(Text(title, style="bold"))
    for kind, tensors in (("Input", found.inputs), ("Output", found.outputs)):
        for tensor in tensors:
            _show(Text(f"{kind}  {tensor.name}: {tensor.dtype} {_shape(tensor.shape)}{_quantized(tensor)}"))
    _show(Text("Operators  " + ", ".join(f"{count} {op}" for op, count in found.ops.items())))


def show_profiles(profiles: Sequence[Profile]) -> None:
    """Show the devices there are."""
    rows = [(profile.name, profile.transport, profile.description) for profile in profiles]
    _show(grid("Devices", ("Name", "Reached by", "Description"), rows, words=(0, 1, 2)))


def show_device(device: Device, environment: Environment) -> None:
    """Show a device's fingerprint and state, a line for each thing that could be read."""
    from msgspec.structs import asdict

    rows = [
        (
            name.removesuffix("_bytes").replace("_", " "),
            _gigabytes(value) if name.endswith("_bytes") else _plain(value),
        )
        for record in (device, environment)
        for name, value in asdict(record).items()
        if value not in (None, (), {}, "")
    ]
    _show(grid(device.profile, ("", ""), rows, words=(0, 1)))


def show_runtimes(bundles: Sequence[Bundle]) -> None:
    """Show the runtimes that can be had, and the bundles that are at hand."""
    from edgekit.runtime import KINDS
    from edgekit.runtime.catalogue import pythons

    kinds = [(kind.name, kind.format, pythons(kind), kind.package) for kind in KINDS.values()]
    rows = [
        (str(bundle), bundle.record.target.python, megabytes(bundle.record.bytes), str(bundle.folder))
        for bundle in bundles
    ]
    _show(grid("Runtimes", ("Name", "Executes", "Python", "Package"), kinds, words=(0, 1, 2, 3)))
    if rows:
        _show(grid("Bundles in the cache", ("Runtime", "Python", "MB", "Folder"), rows, words=(0, 1, 3)))


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:.1f} GB"


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {item}" for key, item in value.items())
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _layer_row(layer: Layer, quantized: bool) -> tuple[str, ...]:
    cells = (layer.op, _shape(layer.shape), _thousands(layer.multiply_adds), _thousands(layer.parameters))
    if not quantized:
        return cells
    output = layer.output if layer.output and layer.output.scales else None
    return (
        *cells,
        _scales(layer.weights),
        _scales(output),
        str(output.zero_points[0]) if output else _NONE,
    )


def _scales(quantization: Quantization | None) -> str:
    if quantization is None or not quantization.scales:
        return _NONE
    low, high = min(quantization.scales), max(quantization.scales)
    return f"{low:.2g}…{high:.2g}" if low < high else f"{low:.3g}"


def _quantized(tensor: TensorInfo) -> str:
    quantization = tensor.quantization
    if quantization is None or not quantization.scales:
        return ""
    return f", scale {quantization.scales[0]:.6g}, zero point {quantization.zero_points[0]}"


def _shape(shape: Sequence[int]) -> str:
    return "×".join("?" if size < 0 else str(size) for size in shape)


def _thousands(value: int) -> str:
    return f"{value / 1e3:,.1f}" if value else _NONE


def _count(value: int) -> str:
    return f"{value:,}" if value else _NONE
