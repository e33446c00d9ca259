import numpy as np
import pytest

from edgekit.conversion import target as module
from edgekit.conversion.quality import Reference
from edgekit.conversion.target import check_saturation, suits_host
from edgekit.errors import InvalidError

N = 450
LABELS = np.arange(N) % 10
RIGHT = np.eye(10, dtype=np.float32)[LABELS]
REFERENCE = Reference(LABELS, RIGHT)


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


def test_fast_kernels_that_lose_accuracy_are_saturation():
    fast = RIGHT.copy()
    fast[:20] = np.roll(fast[:20], 1, axis=1)
    with pytest.raises(InvalidError, match=r"top-1 of 20 of 450 .* falls by 4\.44 pp") as raised:
        check_saturation("int8.onnx", "x86-vnni", REFERENCE, (fast,), (RIGHT,))
    assert "--target portable" in raised.value.hint


def test_a_few_answers_that_change_by_rounding_are_not():
    fast = RIGHT.copy()
    fast[:2] = np.roll(fast[:2], 1, axis=1)
    assert check_saturation("int8.onnx", "portable", REFERENCE, (fast,), (RIGHT,)) == 2
    assert check_saturation("int8.onnx", "portable", REFERENCE, (RIGHT,), (RIGHT,)) == 0
