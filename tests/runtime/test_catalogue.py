"""Which runtime and which version is meant."""

import pytest

from edgekit.errors import UsageError
from edgekit.runtime import KINDS, PythonTarget, parse_runtime
from edgekit.runtime.catalogue import default_version, requirements


@pytest.mark.parametrize(
    ("text", "name", "version"),
    [
        ("litert", "litert", ""),
        ("litert==2.3.0", "litert", "2.3.0"),
        (" onnxruntime == 1.31.1 ", "onnxruntime", "1.31.1"),
        ("TFLite_Runtime==2.14.0", "tflite-runtime", "2.14.0"),
        ("ai-edge-litert==2.3.0", "litert", "2.3.0"),
    ],
)
def test_a_runtime_is_a_name_and_perhaps_a_version(text, name, version):
    spec = parse_runtime(text)
    assert (spec.kind.name, spec.version) == (name, version)


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("litrt", "litert"),
        ("tflite-runtim", "tflite-runtime"),
        ("tflite", "litert"),
        ("onnx-runtime", "onnxruntime"),
    ],
)
def test_an_unknown_runtime_is_answered_with_the_nearest(text, near):
    with pytest.raises(UsageError, match=f"Did you mean '{near}'"):
        parse_runtime(text)


@pytest.mark.parametrize("text", ["", "litert=2.3", "litert>=2", "litert==", "litert==latest", "a b", "-x"])
def test_another_form_is_refused_with_an_example(text):
    with pytest.raises(UsageError) as caught:
        parse_runtime(text)
    assert "litert" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "python", "version"),
    [
        ("litert", "3.10", "2.3.0"),
        ("litert", "3.13", "2.3.0"),
        ("litert", "3.8", None),
        ("tflite-runtime", "3.11", "2.14.0"),
        ("tflite-runtime", "3.12", None),
        ("onnxruntime", "3.10", "1.23.2"),
        ("onnxruntime", "3.11", "1.31.1"),
        ("onnxruntime", "3.13", "1.31.1"),
    ],
)
def test_the_default_version_depends_on_the_python(name, python, version):
    assert default_version(KINDS[name], PythonTarget(python, "")) == version


@pytest.mark.parametrize(
    ("name", "glibc", "version"),
    [
        ("litert", "2.36", "2.3.0"),
        ("litert", "2.34", "2.3.0"),
        ("litert", "2.31", "2.1.0"),
        ("litert", "2.28", None),
        ("tflite-runtime", "2.27", "2.14.0"),
        ("onnxruntime", "2.28", "1.31.1"),
        ("onnxruntime", "2.27", "1.23.2"),
    ],
)
def test_the_default_version_runs_with_the_devices_c_library(name, glibc, version):
    target = PythonTarget("3.11", "cpython-311-aarch64-linux-gnu", machine="aarch64", glibc=glibc)
    assert default_version(KINDS[name], target) == version


def test_a_bundle_holds_the_runtime_and_a_numpy_that_it_imports_beside():
    python_311 = PythonTarget("3.11", "cpython-311-x86_64-linux-gnu")
    assert requirements(parse_runtime("tflite-runtime"), python_311) == (
        "tflite-runtime==2.14.0",
        "numpy==1.26.4",
    )
    assert requirements(parse_runtime("onnxruntime==1.17.3"), python_311)[1] == "numpy==1.26.4"
    assert requirements(parse_runtime("onnxruntime"), python_311)[1] == "numpy==2.4.6"
    assert requirements(parse_runtime("tflite-runtime==2.14.0"), PythonTarget("3.13", "")) is None


def test_on_32_bit_arm_the_devices_own_numpy_is_taken():
    target = PythonTarget("3.11", "cpython-311-arm-linux-gnueabihf", machine="armv7l")
    assert requirements(parse_runtime("tflite-runtime"), target) == ("tflite-runtime==2.14.0",)
