"""The learning rate of each step."""

from __future__ import annotations

from typing import Any

_WARM_UP = 0.05  # share of the steps in which the learning rate rises
_LAST_RATE = 1e-3  # share of the highest learning rate that the cosine ends at


def cosine(highest: float, total: int) -> Any:
    """Return a cosine with warm-up (Loshchilov and Hutter 2017), as a schedule of Keras.

    Args:
        highest: The learning rate after the warm-up.
        total: Steps.
    """
    import keras

    rise = max(1, round(_WARM_UP * total))
    schedule = keras.optimizers.schedules.CosineDecay(
        highest / 100,
        max(1, total - rise),
        alpha=_LAST_RATE,
        warmup_target=highest,
        warmup_steps=rise,
    )
    return _once_a_step(schedule)


def _once_a_step(schedule: Any) -> Any:
    """Return a schedule with the same rates, computed once a step.

    Keras' weight decay asks for the rate again for every variable. That was a third of the time in which a
    training step is traced.
    """
    import keras
    import tensorflow as tf

    class Once(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc] # keras has no types
        def __init__(self) -> None:
            self._rates: dict[Any, Any] = {}  # by the graph that they are in

        def __call__(self, step: Any) -> Any:
            if tf.executing_eagerly():
                return schedule(step)
            graph = tf.compat.v1.get_default_graph()
            if graph not in self._rates:
                self._rates[graph] = schedule(step)
            return self._rates[graph]

        def get_config(self) -> dict[str, Any]:
            return dict(schedule.get_config())

    return Once()
