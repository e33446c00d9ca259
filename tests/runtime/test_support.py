"""Which runtimes a device is offered, and what is said about the others."""

from types import SimpleNamespace

import pytest

from edgekit.errors import RuntimeMissingError
from edgekit.runtime import available, device_target, ensure_bundle, parse_runtime
from edgekit.runtime.target import this_python


def device(version="3.11", tag="", machine="aarch64", bits=64, glibc="2.36", numpy="", numpy_version=""):
    """What a device's Python says about itself, as a target."""
    platform = "aarch64-linux-gnu" if bits == 64 else "arm-linux-gnueabihf"
    found = SimpleNamespace(
        version=version,
        tag=tag or f"cpython-{version.replace('.', '')}-{platform}",
        machine=machine,
        bits=bits,
        glibc=glibc,
        numpy=numpy,
        numpy_version=numpy_version,
    )
    return device_target(found)


PI_12 = device()
PI_13 = device("3.13", glibc="2.41")
PI_11 = device("3.9", glibc="2.31")
DEBIAN_NUMPY = "/usr/lib/python3/dist-packages"
PI_12_32 = device(machine="armv7l", bits=32, numpy=DEBIAN_NUMPY, numpy_version="1.24.2")
PI_12_32_ON_64 = device(bits=32, numpy=DEBIAN_NUMPY, numpy_version="1.24.2")


@pytest.mark.parametrize(
    ("target", "offered"),
    [
        (PI_12, {"litert", "tflite-runtime", "onnxruntime"}),
        (PI_13, {"litert", "onnxruntime"}),
        (PI_11, {"litert", "tflite-runtime", "onnxruntime"}),
        (PI_12_32, {"tflite-runtime"}),
        (PI_12_32_ON_64, {"tflite-runtime"}),
        (
            device("3.10", machine="x86_64", tag="cpython-310-x86_64-linux-gnu"),
            {"litert", "tflite-runtime", "onnxruntime"},
        ),
        (device(glibc="2.28"), {"tflite-runtime", "onnxruntime"}),
        (device(glibc="2.26"), set()),
        (device("3.8", glibc="2.31"), {"tflite-runtime", "onnxruntime"}),
        (device(machine="armv6l", bits=32), set()),
        (device(machine="riscv64", tag="cpython-311-riscv64-linux-gnu"), set()),
        (device(glibc="", tag="cpython-311-aarch64-linux-musl"), set()),
        (device("3.13", tag="cpython-313t-aarch64-linux-gnu"), set()),
        (device("3.9", tag="pypy39-pp73-aarch64-linux-gnu"), set()),
    ],
)
def test_a_device_is_offered_what_runs_there(target, offered):
    found = available(target)
    assert {name for name, why_not in found.items() if not why_not} == offered
    assert list(found) == ["litert", "tflite-runtime", "onnxruntime"]


@pytest.mark.parametrize(
    ("runtime", "target", "what", "hint"),
    [
        (
            "tflite-runtime",
            PI_13,
            "Python 3.8 to 3.11",
            r'litert or onnxruntime, or write python = "portable"',
        ),
        ("litert", device("3.8", glibc="2.31"), "3.9 and newer", "Use tflite-runtime or onnxruntime"),
        ("litert", device(glibc="2.28"), "glibc 2.30 or newer; the device has 2.28", "portable"),
        (
            "litert==2.3.0",
            PI_11,
            "glibc 2.34 or newer; the device has 2.31",
            "litert==2.1.0 is known to work",
        ),
        ("litert", PI_12_32, "no wheels for 32-bit Arm", "tflite-runtime, or install a 64-bit system"),
        ("litert", PI_12_32_ON_64, "no wheels for 32-bit Arm", "portable"),
        ("onnxruntime", PI_12_32, "no wheels for 32-bit Arm", "tflite-runtime"),
        ("tflite-runtime", device(bits=32), "needs numpy", "sudo apt install python3-numpy"),
        (
            "tflite-runtime",
            device(bits=32, numpy="/usr/local/lib/python3.11/dist-packages", numpy_version="2.2.4"),
            "numpy 2.2.4",
            "numpy<2",
        ),
        ("litert", device(machine="riscv64"), "riscv64", "another device"),
        ("litert", device(glibc="", tag="cpython-311-aarch64-linux-musl"), "not glibc", "portable"),
        ("litert", device(tag="pypy39-pp73-aarch64-linux-gnu"), "pypy39", "portable"),
    ],
)
def test_what_a_device_cannot_be_given_is_refused_with_what_works(
    runtime, target, what, hint, tmp_path, monkeypatch
):
    monkeypatch.setenv("EDGEKIT_CACHE", str(tmp_path / "cache"))
    with pytest.raises(RuntimeMissingError) as caught:
        ensure_bundle(parse_runtime(runtime), target)
    assert what in caught.value.what
    assert hint in caught.value.hint
    assert caught.value.exit_code == 3
    assert not (tmp_path / "cache").exists(), "it was known before anything was fetched"


@pytest.mark.parametrize(
    "target", [PI_13, PI_11, PI_12_32, device("3.8", glibc="2.31"), device(glibc="2.26")]
)
def test_nothing_is_recommended_that_would_be_refused(target):
    reasons = available(target)
    for why_not in filter(None, reasons.values()):
        recommended = why_not.partition("Use ")[2].partition(",")[0].split()
        for name, refused in reasons.items():
            if refused:
                assert name not in recommended, why_not


def test_a_board_is_not_told_to_run_edgekit_with_another_python():
    for target in (PI_13, PI_11, PI_12_32, device("3.8")):
        assert not any("Run edgekit" in why_not for why_not in available(target).values())


def test_this_computer_is_offered_what_its_python_has():
    assert available(this_python())["litert"] == ""


def test_a_32_bit_board_brings_its_own_numpy():
    assert (PI_12_32.platform, PI_12_32.numpy) == ("armv7l", DEBIAN_NUMPY)
    assert (PI_12.platform, PI_12.numpy) == ("aarch64-manylinux_2_34", "")
