"""`edgekit.expect`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgekit.expectation import Expectation


def expect(
    device: str = "rpi4",
    *,
    alpha: float = 1.0,
    resolution: int = 224,
    int8: bool = True,
    runtime: str = "",
) -> Expectation:
    """Say how fast MobileNet v1 is on a board that you need not own, from published measurements.

    Published sizes are looked up. Sizes between them are estimated within each series of measurements, and
    the range then includes the largest error that such estimates have in that series.

    Args:
        device: The board: one of `edgekit.expectation.BOARDS`.
        alpha: Width multiplier, 0.25 to 1.
        resolution: Height and width of the input in pixels, 128 to 224.
        int8: Quantized to int8; False: float32.
        runtime: How the runtime's name begins, such as `tflite`; empty: any.

    Raises:
        UsageError: No published measurement covers it.
    """
    from edgekit.expectation import expect as run

    return run(
        device,
        alpha=alpha,
        resolution=resolution,
        precision="int8" if int8 else "float32",
        runtime=runtime,
    )
