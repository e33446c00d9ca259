"""The benchmark behind docs/quantization.md, on a few images of the smallest model."""

import sys

import pytest
from support.benchmarks import script


@pytest.fixture(scope="module")
def quantization():
    return script("quantization")


def test_the_page_gets_a_row_for_each_tool_that_is_there(quantization, monkeypatch, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# Title\n\n<!-- measured -->\nold\n")
    tools = "TFLite,ai-edge,reduced"
    given = ["mobilenet_v1_0.25_32_digits", "--images", "40", "--tools", tools, "--output", str(page)]
    monkeypatch.setattr(sys, "argv", ["quantization.py", *given])
    quantization.main()
    text = page.read_text()
    assert text.startswith("# Title\n\n<!-- measured -->\n")
    assert "old" not in text
    assert "| TFLite converter | tflite |" in text
    assert "| onnxruntime, reduced range | onnx |" in text
    assert "40 evaluation images, 200 for calibration." in text
