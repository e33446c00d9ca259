"""Layers of a model or a model file, drawn for the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgekit.cli.tables import NONE, draw_table, show
from edgekit.units import megabytes, millions, significant

if TYPE_CHECKING:
    from edgekit.inspection import Costs, Inspection, Layer, ModelCost, NoiseByLayer, Quantization, TensorInfo
    from edgekit.inspection.usage import Usage

_BORDERS = ("QuantizeLinear", "DequantizeLinear")  # their scales are shown with the layers they surround
_BAR = 12  # characters
_LEAST = 0.05  # dB that are shown
_WORST = 3  # layers that a sentence names
_SCALES = ("Weight scale", "Output\nscale", "Zero\npoint")


def show_cost(model: ModelCost, layers: bool) -> None:
    """Show a Keras model's parameters and multiply-adds, by layer if wished."""
    cost = model.cost
    title = f"{model.name}: {cost.parameters:,} parameters, {millions(cost.multiply_adds)} M multiply-adds"
    if not layers:
        from rich.text import Text

        show(Text(title))
        return
    rows = [
        (layer.name, layer.kind, _shape(layer.output), _count(layer.multiply_adds), _count(layer.parameters))
        for layer in cost.layers
    ]
    show(draw_table(title, ("Layer", "Kind", "Output", "Multiply-adds", "Parameters"), rows, words=(0, 1, 2)))


def show_costs(models: Sequence[Costs]) -> None:
    """Show several models next to each other, with ratios to the first."""
    from rich.text import Text

    ratio = "to the\nfirst"
    headings = ("Model", "Multiply-adds\nM", ratio, "Parameters", ratio, "Size\nMB", ratio)
    rows = [
        (
            model.name,
            millions(model.multiply_adds),
            _ratio(model.multiply_adds_ratio),
            _count(model.parameters),
            _ratio(model.parameters_ratio),
            megabytes(model.bytes),
            _ratio(model.bytes_ratio),
        )
        for model in models
    ]
    show(draw_table("Costs for one image", headings, rows))
    show(Text("Size: of a file, its bytes; of a model that is not converted, 4 bytes for each parameter."))


def show_file(found: Inspection, layers: bool) -> None:
    """Show a model file's operators, inputs and outputs, by layer if wished."""
    from rich.text import Text

    title = (
        f"{found.name}: {megabytes(found.bytes)} MB, {found.parameters:,} parameters, "
        f"{millions(found.multiply_adds)} M multiply-adds" + (f", opset {found.opset}" if found.opset else "")
    )
    if layers:
        quantized = any(layer.output or layer.weights for layer in found.layers)
        headings = ("Operator", "Output", "M-adds\nk", "Params\nk", *_SCALES[: 3 * quantized])
        show(
            draw_table(
                title,
                headings,
                [_layer_row(layer, quantized) for layer in found.layers if layer.op not in _BORDERS],
                words=(0, 1),
            )
        )
    else:
        show(Text(title, style="bold"))
    for kind, tensors in (("Input", found.inputs), ("Output", found.outputs)):
        for tensor in tensors:
            show(Text(f"{kind}  {tensor.name}: {tensor.dtype} {_shape(tensor.shape)}{_quantized(tensor)}"))
    if found.usage is not None:
        show(Text(f"For apps  {_usage(found.usage)}"))
    show(Text("Operators  " + ", ".join(f"{count} {op}" for op, count in found.ops.items())))


def _usage(said: Usage) -> str:
    """What the file says of its image and its scores."""
    from edgekit.conversion.scale import formula
    from edgekit.words import plural

    contract = said.preprocessing
    labels = plural(len(said.labels), "label") if said.labels else "no labels"
    size = f"{contract.width} × {contract.height} pixels, {contract.channels}"
    return f"{size}, given as {formula(contract)}; {labels}"


def show_noise(found: NoiseByLayer) -> None:
    """Show the noise after each layer, with bars for what each costs, and which cost most."""
    from rich.text import Text

    from edgekit.words import listed, plural

    scopes = Counter(layer.layer.partition("/")[0] for layer in found.layers if "/" in layer.layer)
    model = f"{scopes.most_common(1)[0][0]}/" if len(scopes) == 1 else ""  # which every layer is in
    short = [layer.layer.removeprefix(model) for layer in found.layers]
    most = max(layer.lost_db for layer in found.layers)
    rows = [
        (
            name,
            layer.op,
            NONE if layer.sqnr_db is None else f"{layer.sqnr_db:.1f}",
            f"{layer.lost_db:.1f}" if layer.lost_db >= _LEAST else "",
            "#" * round(_BAR * layer.lost_db / most) if most > 0 else "",
        )
        for name, layer in zip(short, found.layers, strict=True)
    ]
    title = f"{found.file} against {found.against}: the noise after each layer"
    show(draw_table(title, ("Layer", "Operator", "SQNR\ndB", "lost\ndB", ""), rows, words=(0, 1, 4)))
    ranked = sorted(zip(short, found.layers, strict=True), key=lambda pair: -pair[1].lost_db)
    worst = [f"{name} ({layer.op})" for name, layer in ranked[:_WORST] if layer.lost_db >= _LEAST]
    if worst:
        show(Text(f"Most of the loss is in {listed(worst)}."))
    show(
        Text(
            f"SQNR: the float file's signal to the difference, over {plural(found.images, 'image')}, each "
            "channel at the scale that fits best. Lost: since the layer before, where noise matters."
        )
    )


def _layer_row(layer: Layer, quantized: bool) -> tuple[str, ...]:
    cells = (layer.op, _shape(layer.shape), _thousands(layer.multiply_adds), _thousands(layer.parameters))
    if not quantized:
        return cells
    output = layer.output if layer.output and layer.output.scales else None
    return (
        *cells,
        _scales(layer.weights),
        _scales(output),
        str(output.zero_points[0]) if output else NONE,
    )


def _scales(quantization: Quantization | None) -> str:
    if quantization is None or not quantization.scales:
        return NONE
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
    return f"{value / 1e3:,.1f}" if value else NONE


def _ratio(value: float | None) -> str:
    return NONE if value is None else significant(value)


def _count(value: int) -> str:
    return f"{value:,}" if value else NONE
