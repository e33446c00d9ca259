import numpy as np
import pytest

from edgekit.conversion import target as module
from edgekit.conversion.target import logits, of_host, saturation, suits_host, sums_in_16_bits

N = 450


@pytest.mark.parametrize(
    ("machine", "flags", "suited"),
    [
        ("x86_64", {"avx2"}, {"portable", "x86-avx2"}),
        ("x86_64", {"avx2", "avx512_vnni"}, {"portable", "x86-avx2", "x86-vnni"}),
        ("AMD64", {"avx_vnni"}, {"portable", "x86-avx2", "x86-vnni"}),
        ("aarch64", set(), {"portable", "arm64"}),
        ("arm64", set(), {"portable", "arm64"}),
    ],
)
def test_a_host_may_judge_the_targets_it_computes_like(monkeypatch, machine, flags, suited):
    monkeypatch.setattr(module.platform, "machine", lambda: machine)
    monkeypatch.setattr(module, "_cpu_flags", lambda: flags)
    targets = ("portable", "arm64", "x86-vnni", "x86-avx2")
    assert {target for target in targets if suits_host(target)} == suited


@pytest.mark.parametrize(
    ("machine", "flags", "target"),
    [
        ("x86_64", {"avx2"}, "portable"),
        ("x86_64", {"avx2", "avx512_vnni"}, "x86-vnni"),
        ("aarch64", set(), "arm64"),
        ("riscv64", set(), "portable"),
    ],
)
def test_files_for_this_host_use_what_it_can(monkeypatch, machine, flags, target):
    monkeypatch.setattr(module.platform, "machine", lambda: machine)
    monkeypatch.setattr(module, "_cpu_flags", lambda: flags)
    assert of_host() == target


@pytest.mark.parametrize(
    ("machine", "flags", "pairs"),
    [("x86_64", {"avx2"}, True), ("x86_64", {"avx512_vnni"}, False), ("aarch64", set(), False)],
)
def test_only_x86_without_vnni_sums_in_16_bits(monkeypatch, machine, flags, pairs):
    monkeypatch.setattr(module.platform, "machine", lambda: machine)
    monkeypatch.setattr(module, "_cpu_flags", lambda: flags)
    assert sums_in_16_bits() == pairs


def _scores(seed=0, n=N):
    """What a float model says, and the same on a grid of 255 steps."""
    real = np.random.default_rng(seed).normal(0, 3, (n, 10)).astype(np.float32)
    step = np.ptp(real) / 255
    return real, np.round(real / step) * step, step


def test_scores_that_the_fast_kernels_bring_farther_off_are_saturation():
    real, literal, step = _scores()
    fast = literal.copy()
    fast[::3, 2] -= 30 * step
    seen = saturation(fast, literal, real)
    assert seen.found
    assert (seen.images, seen.n) == (150, 450)


@pytest.mark.parametrize("n", [50, 450])
def test_scores_that_are_rounded_otherwise_are_not_whatever_answers_flip(n):
    real, literal, step = _scores(n=n)
    real[:, 1] = real[:, 0] = 20  # two equal scores: any rounding decides the answer
    steps = np.random.default_rng(1).integers(-1, 2, real.shape)
    assert not saturation(real + steps * step, literal + (real - literal) * steps, real).found
    assert not saturation(literal, literal, real).found


def test_what_softmax_made_small_is_seen_again_as_logits():
    real, _, _ = _scores()
    probabilities = np.exp(real) / np.exp(real).sum(axis=1, keepdims=True)
    centred = real - real.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(logits(probabilities), centred, atol=1e-4)
