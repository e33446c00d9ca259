"""Weights rounded to a grid of integers, so that what a layer computes changes least."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from edgekit.quantization.network import Float, Layer
from edgekit.quantization.statistics import Moments

DAMPING = 0.01  # of the mean square of what a layer reads, as Frantar et al. have it
_BLOCK = 128  # columns after which what is left is corrected at once
_SWEEPS = 4
_TRIES = 30

Integers = npt.NDArray[np.int64]


def on_grid(layer: Layer, levels: int, moments: Moments, *, reconstruct: bool, correct: bool) -> Layer:
    """Return the layer with weights that a converter's own rounding to the same grid leaves as they are.

    Args:
        layer: With its float weights.
        levels: The largest integer.
        moments: Of what it reads.
        reconstruct: Round so that the output changes least, not each weight to the nearest step.
        correct: Let the bias make good what that did to each output's mean.
    """
    correct = correct and layer.bias is not None
    rounded = by_reconstruction(layer, levels, moments, centred=correct) if reconstruct else None
    integers = to_nearest(layer, levels) if rounded is None else rounded
    scales = scales_of(layer, levels)
    return replace(
        layer,
        weights=(integers * scales[:, None]).reshape(layer.weights.shape).astype(np.float32),
        bias=corrected_bias(layer, integers, scales, moments) if correct else layer.bias,
    )


def scales_of(layer: Layer, levels: int) -> Float:
    """The step of each output's weights: the largest becomes ±`levels`, as converters have it; [outputs]."""
    largest = np.abs(layer.rows).max(axis=1)
    return np.where(largest > 0, largest, 1.0).astype(np.float64) / levels


def to_nearest(layer: Layer, levels: int) -> Integers:
    """Each weight to the nearest step, [outputs, inputs per group × kernel]."""
    return np.rint(layer.rows / scales_of(layer, levels)[:, None]).astype(np.int64)


def by_reconstruction(layer: Layer, levels: int, moments: Moments, *, centred: bool = True) -> Integers:
    """Round so that the layer's output has the least mean squared error over the calibration images.

    One weight after the other is rounded, and those that are left make good what that changed (GPTQ:
    Frantar et al. 2023, algorithm 1). Then single weights go a step up or down as long as that helps
    (coordinate descent). The largest weight of each output stays, since the step follows from it.

    Args:
        layer: With its float weights.
        levels: The largest integer.
        moments: Of what it reads.
        centred: Leave the error's mean out, since the bias makes it good.

    Returns:
        Integers [outputs, inputs per group × kernel]; of a layer that reads too many numbers, the nearest.
    """
    products = moments.second(centred=centred)
    if products is None:
        return to_nearest(layer, levels)
    steps = layer.rows.astype(np.float64) / scales_of(layer, levels)[:, None]
    by_group = steps.reshape(layer.groups, len(steps) // layer.groups, -1)
    fixed = np.abs(by_group).argmax(axis=2)
    for added in _damping(products):
        damped = products + added[:, None, None] * np.eye(products.shape[1])
        try:
            found = _gptq(by_group, damped, fixed, levels)
        except np.linalg.LinAlgError:
            continue
        return _descended(by_group, found, damped, fixed, levels).astype(np.int64).reshape(steps.shape)
    return to_nearest(layer, levels)


def _damping(products: Float) -> Iterator[Float]:
    """What to add to the diagonals of [groups, inputs, inputs] so that they can be inverted, [groups].

    Products are summed in float32: inputs that hardly vary about their mean may seem to vary less than not
    at all.
    """
    average = np.trace(products, axis1=1, axis2=2) / products.shape[1]
    for more in range(_TRIES):
        yield np.maximum(DAMPING * average, 1e-12) * 10.0**more


def _gptq(steps: Float, products: Float, fixed: Integers, levels: int) -> Float:
    """Round weights [groups, outputs, inputs] by what inputs have in common, [groups, inputs, inputs]."""
    size = steps.shape[2]
    order = np.argsort(-np.diagonal(products, axis1=1, axis2=2), axis=1, kind="stable")  # weightiest first
    place = np.argsort(order, axis=1)
    ordered = np.take_along_axis(products, order[:, :, None], axis=1)
    factor = _factor_of_inverse(np.take_along_axis(ordered, order[:, None, :], axis=2))
    # inputs before outputs, for what belongs to one input to lie together: half the time
    left = np.ascontiguousarray(np.take_along_axis(steps, order[:, None, :], axis=2).swapaxes(1, 2))
    largest = levels * np.sign(np.take_along_axis(steps, fixed[:, :, None], axis=2)[:, :, 0])
    extreme = np.take_along_axis(place, fixed, axis=1)  # the input of each output's largest weight
    found = np.empty_like(left)
    for start in range(0, size, _BLOCK):
        end = min(start + _BLOCK, size)
        errors = np.empty((len(left), end - start, left.shape[2]))
        for at in range(start, end):
            now = left[:, at]
            rounded = np.where(extreme == at, largest, _nearest(now, levels))
            found[:, at] = rounded
            error = (now - rounded) / factor[:, at, at, None]
            errors[:, at - start] = error
            left[:, at + 1 : end] -= factor[:, at, at + 1 : end, None] * error[:, None, :]
        left[:, end:] -= factor[:, start:end, end:].swapaxes(1, 2) @ errors
    return np.ascontiguousarray(np.take_along_axis(found, place[:, :, None], axis=1).swapaxes(1, 2))


def _nearest(steps: Float, levels: int) -> Float:
    """The nearest integers within the levels; `np.clip` takes longer than all the rest on so few numbers."""
    return np.asarray(np.minimum(np.maximum(np.rint(steps), -levels), levels))


def _factor_of_inverse(products: Float) -> Float:
    """The upper triangle U of each inverse, UᵀU = P⁻¹, [groups, inputs, inputs].

    With rows and columns in reverse P is LLᵀ, and U is the inverse of L, in reverse again: a third of the
    work that inverting P and factoring its inverse is.
    """
    from scipy.linalg.lapack import dtrtri

    lower = np.linalg.cholesky(products[:, ::-1, ::-1])
    # LAPACK's own for a large triangle; for many small ones NumPy's, which takes them all at once
    inverse = dtrtri(lower[0].T, overwrite_c=1)[0].T[None] if len(lower) == 1 else np.linalg.inv(lower)
    return np.asarray(inverse[:, ::-1, ::-1])


def _descended(steps: Float, found: Float, products: Float, fixed: Integers, levels: int) -> Float:
    """Move single weights to the best integer given all the others, a few times over."""
    best = found.copy()
    slope = (best - steps) @ products
    weight = np.diagonal(products, axis1=1, axis2=2)
    for _ in range(_SWEEPS):
        wishes = _nearest(best - slope / weight[:, None, :], levels) != best
        np.put_along_axis(wishes, fixed[:, :, None], False, axis=2)
        columns = np.flatnonzero(wishes.any(axis=(0, 1))).tolist()
        if not columns:
            break
        for column in columns:  # what others' moves make worth moving has its turn in the next round
            now = best[:, :, column]
            ideal = now - slope[:, :, column] / weight[:, column, None]
            target = np.where(fixed == column, now, _nearest(ideal, levels))
            group, row = (target != now).nonzero()
            if len(row):
                change = (target - now)[group, row]
                best[group, row, column] = target[group, row]
                slope[group, row] += change[:, None] * products[group, column]
    return best


def corrected_bias(layer: Layer, rounded: Integers, scales: Float, moments: Moments) -> Float:
    """The bias that makes good what rounding did to each output's mean, [outputs]."""
    lost = layer.rows - rounded * scales[:, None]
    per_group = len(layer.weights) // layer.groups
    mean = np.repeat(moments.mean, per_group, axis=0)
    bias = np.zeros(len(lost)) if layer.bias is None else layer.bias.astype(np.float64)
    return np.asarray(bias + np.sum(lost * mean, axis=1))
