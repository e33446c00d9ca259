"""A simulated device: latencies as measuring sessions see them, seeded, with one kind of noise at a time.

A session is a row of processes, measured A B B A A B B A …; each takes samples. What a shape of noise does is
stated here in full; sizes are of the kind that shared computers and small boards show.

    from simulated_device import SHAPES, session
    baseline, candidate = session("bursts", ratio=1.1, comparisons=2_000, repeats=24, seed=1)

Both are float [comparisons, repeats, samples]: times relative to the baseline's own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
SAMPLES = 32  # of each process, apart enough to stand for all that it takes

# random generator, sessions, processes in the order of measuring -> factor [sessions, processes, samples]
Shape = Callable[[np.random.Generator, int, int], Array]


def quiet(random: np.random.Generator, sessions: int, processes: int) -> Array:
    """Processes differ by 1 %, samples within one by 1 %."""
    return random.lognormal(0, 0.01, (sessions, processes, 1)) * random.lognormal(
        0, 0.01, (sessions, processes, SAMPLES)
    )


def drift(random: np.random.Generator, sessions: int, processes: int) -> Array:
    """The device warms up: about 20 % slower at the end, by a walk that wanders 0.4 % a step."""
    steady = np.linspace(0, np.log(1.2), processes) * random.uniform(0.5, 1.5, (sessions, 1))
    walk = np.cumsum(random.normal(0, 0.004, (sessions, processes)), axis=1)
    return np.exp(steady + walk)[:, :, None] * quiet(random, sessions, processes)


def bursts(random: np.random.Generator, sessions: int, processes: int) -> Array:
    """Another program runs for two processes on end, a tenth of the time, and costs 30 %."""
    busy = np.zeros((sessions, processes), dtype=bool)
    state = random.random(sessions) < 0.1
    for place in range(processes):
        busy[:, place] = state
        state = np.where(state, random.random(sessions) < 0.5, random.random(sessions) < 0.055)
    return np.where(busy, 1.3, 1.0)[:, :, None] * quiet(random, sessions, processes)


def autocorrelated(random: np.random.Generator, sessions: int, processes: int) -> Array:
    """Samples of one process resemble each other: AR(1) of 0.95, 4 % in all."""
    noise = np.empty((sessions, processes, SAMPLES))
    noise[:, :, 0] = random.normal(0, 0.04, (sessions, processes))
    innovation = 0.04 * np.sqrt(1 - 0.95**2)
    for place in range(1, SAMPLES):
        noise[:, :, place] = 0.95 * noise[:, :, place - 1] + random.normal(
            0, innovation, (sessions, processes)
        )
    return np.exp(noise / 2) * quiet(random, sessions, processes)


def heavy_tails(random: np.random.Generator, sessions: int, processes: int) -> Array:
    """A fifth of the samples are delayed without a bound (Pareto 1.5); processes differ as Student's t, 3."""
    delayed = random.random((sessions, processes, SAMPLES)) < 0.2
    late = 1 + 0.1 * random.pareto(1.5, (sessions, processes, SAMPLES))
    level = np.exp(0.01 * random.standard_t(3, (sessions, processes, 1)))
    return level * np.where(delayed, late, 1.0) * quiet(random, sessions, processes)


def bimodal(random: np.random.Generator, sessions: int, processes: int) -> Array:
    """By where its memory lies, two processes in five are 4 % slower."""
    slow = random.random((sessions, processes, 1)) < 0.4
    return np.where(slow, 1.04, 1.0) * quiet(random, sessions, processes)


def slow_cores(random: np.random.Generator, sessions: int, processes: int) -> Array:
    """One process in ten lands on a core that is 40 % slower."""
    slow = random.random((sessions, processes, 1)) < 0.1
    return np.where(slow, 1.4, 1.0) * quiet(random, sessions, processes)


def step(random: np.random.Generator, sessions: int, processes: int) -> Array:
    """Once in the session the clock drops, and all is 15 % slower from then on."""
    when = random.uniform(0, processes, (sessions, 1, 1))
    place = np.arange(processes)[None, :, None] + np.linspace(0, 1, SAMPLES)[None, None, :]
    return np.where(place > when, 1.15, 1.0) * quiet(random, sessions, processes)


def neighbour(random: np.random.Generator, sessions: int, processes: int) -> Array:
    """Another tenant of the same core comes and goes within processes: 45 % of the time, which costs 45 %."""
    count = processes * SAMPLES
    busy = np.empty((sessions, count), dtype=bool)
    state = random.random(sessions) < 0.45
    for place in range(count):
        busy[:, place] = state
        state = np.where(state, random.random(sessions) > 1 / 13, random.random(sessions) < 1 / 16)
    shared = np.where(busy, 1.45, 1.0).reshape(sessions, processes, SAMPLES)
    return shared * quiet(random, sessions, processes)


SHAPES: dict[str, Shape] = {
    each.__name__.replace("_", " "): each
    for each in (quiet, drift, bursts, autocorrelated, heavy_tails, bimodal, slow_cores, step, neighbour)
}


def session(shape: str, *, ratio: float, comparisons: int, repeats: int, seed: int) -> tuple[Array, Array]:
    """Simulate interleaved sessions of a baseline and a candidate.

    Args:
        shape: Of the noise: a name in SHAPES.
        ratio: True time of the candidate over the baseline's.
        comparisons: How many sessions.
        repeats: Processes of each side in a session; even.
        seed: The same one gives the same times.

    Returns:
        Baseline and candidate, each [comparisons, repeats, samples], in the order of measuring.
    """
    random = np.random.default_rng([seed, list(SHAPES).index(shape)])
    times = SHAPES[shape](random, comparisons, 2 * repeats)
    place = np.arange(2 * repeats) % 4
    candidate = (place == 1) | (place == 2)
    return times[:, ~candidate], ratio * times[:, candidate]
