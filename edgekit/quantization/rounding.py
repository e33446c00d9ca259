"""Weights rounded to a grid of integers, so that what a layer computes changes least."""

from __future__ import annotations

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
        Integers [outputs, inputs per group × kernel].
    """
    per_group = len(layer.weights) // layer.groups
    scales = scales_of(layer, levels)
    steps = layer.rows.astype(np.float64) / scales[:, None]
    products = moments.second
    if centred:
        products = products - moments.mean[:, :, None] * moments.mean[:, None, :]
    return np.concatenate(
        [
            _rounded(steps[group * per_group : (group + 1) * per_group], products[group], levels)
            for group in range(layer.groups)
        ]
    )


def _rounded(steps: Float, products: Float, levels: int) -> Integers:
    """Round rows of weights, in steps, that read the same inputs."""
    size = steps.shape[1]
    damped = products + np.eye(size) * _damping(products)
    fixed = np.abs(steps).argmax(axis=1)
    found = _gptq(steps, damped, fixed, levels)
    return _descended(steps, found, damped, fixed, levels).astype(np.int64)


def _damping(products: Float) -> float:
    """Return what is added to the diagonal: at least so much that the sum can be inverted.

    Products are summed in float32: inputs that hardly vary about their mean may seem to vary less than not
    at all.
    """
    size = len(products)
    damping = max(DAMPING * float(np.trace(products)) / size, 1e-12)
    for _ in range(_TRIES):
        try:
            np.linalg.cholesky(products + np.eye(size) * damping / 2)
        except np.linalg.LinAlgError:  # noqa: PERF203 - it is tried with more
            damping *= 10
        else:
            break
    return damping


def _gptq(steps: Float, products: Float, fixed: Integers, levels: int) -> Float:
    order = np.argsort(-np.diag(products), kind="stable")  # what matters most first
    inverse = np.linalg.inv(products[np.ix_(order, order)])
    factor = np.linalg.cholesky((inverse + inverse.T) / 2).T
    left, size = steps[:, order].copy(), steps.shape[1]
    place = np.empty(size, dtype=np.int64)
    place[order] = np.arange(size)
    extreme = place[fixed]
    found = np.empty_like(left)
    for start in range(0, size, _BLOCK):
        end = min(start + _BLOCK, size)
        errors = np.empty((len(left), end - start))
        for column in range(start, end):
            rounded = np.clip(np.rint(left[:, column]), -levels, levels)
            own = extreme == column
            rounded[own] = np.sign(steps[own, order[column]]) * levels
            found[:, column] = rounded
            error = (left[:, column] - rounded) / factor[column, column]
            errors[:, column - start] = error
            left[:, column + 1 : end] -= np.outer(error, factor[column, column + 1 : end])
        left[:, end:] -= errors @ factor[start:end, end:]
    result = np.empty_like(found)
    result[:, order] = found
    return result


def _descended(steps: Float, found: Float, products: Float, fixed: Integers, levels: int) -> Float:
    """Move single weights to the best integer given all the others, a few times over."""
    best = found.copy()
    error = best - steps
    slope = error @ products
    weight = np.diag(products)
    rows = np.arange(len(best))
    for _ in range(_SWEEPS):
        moved = 0
        for column in range(best.shape[1]):
            ideal = best[:, column] - slope[:, column] / weight[column]
            target = np.clip(np.rint(ideal), -levels, levels)
            target[fixed[rows] == column] = best[fixed == column, column]
            change = target - best[:, column]
            if not change.any():
                continue
            moved += int(np.count_nonzero(change))
            best[:, column] = target
            slope += np.outer(change, products[column])
        if not moved:
            break
    return best


def corrected_bias(layer: Layer, rounded: Integers, scales: Float, moments: Moments) -> Float:
    """The bias that makes good what rounding did to each output's mean, [outputs]."""
    lost = layer.rows - rounded * scales[:, None]
    per_group = len(layer.weights) // layer.groups
    mean = np.repeat(moments.mean, per_group, axis=0)
    bias = np.zeros(len(lost)) if layer.bias is None else layer.bias.astype(np.float64)
    return np.asarray(bias + np.sum(lost * mean, axis=1))
