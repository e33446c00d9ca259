"""The learning rate of each step."""

import numpy as np
import pytest

from edgekit.quiet import import_tensorflow
from edgekit.training.rate import cosine


@pytest.fixture
def tf():
    return import_tensorflow()


def test_it_rises_from_a_hundredth_and_falls_to_a_thousandth(tf):
    rates = [float(cosine(0.01, 100)(step)) for step in range(101)]
    assert np.argmax(rates) == 5
    assert rates[0] == np.float32(1e-4)
    assert rates[5] == np.float32(1e-2)
    assert np.isclose(rates[100], 1e-5)
    assert np.isclose(rates[53], (1e-2 + 1e-5) / 2, rtol=0.02)
    assert all(np.diff(rates[:6]) > 0)
    assert all(np.diff(rates[5:]) < 0)


def test_a_step_that_asks_for_every_variable_has_it_computed_once(tf, monkeypatch):
    import keras

    asked = []
    original = keras.optimizers.schedules.CosineDecay.__call__
    monkeypatch.setattr(
        keras.optimizers.schedules.CosineDecay,
        "__call__",
        lambda self, step: asked.append(step) or original(self, step),
    )
    variables = [keras.Variable(np.ones(2, np.float32)) for _ in range(20)]
    optimizer = keras.optimizers.AdamW(cosine(0.5, 100), weight_decay=0.1)
    optimizer.build(variables)

    @tf.function
    def step():
        optimizer.apply([tf.zeros(2)] * 20, variables)
        return optimizer.learning_rate

    rates = [float(step()) for _ in range(10)]
    assert len(asked) <= 2  # in the step, and where it is asked for after it
    monkeypatch.undo()
    # weight decay alone moved them, by each step's own rate
    own = [float(cosine(0.5, 100)(number)) for number in range(11)]
    np.testing.assert_allclose(variables[0], np.prod([1 - 0.1 * rate for rate in own[:10]]), rtol=1e-5)
    assert rates[-1] in own[9:11]
