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
    assert quantization.main() == 0
    text = page.read_text()
    assert text.startswith("# Title\n\n<!-- measured -->\n")
    assert "old" not in text
    assert "| TFLite converter | tflite |" in text
    assert "| onnxruntime, reduced range | onnx |" in text
    assert "40 evaluation images, 200 for calibration." in text


def test_a_file_outside_the_interval_of_the_best_of_its_kind_is_named(quantization):
    def row(tool, agreement, format="onnx", divergence=0.01):
        near = quantization.Distance(20.0, 19.0, 21.0, divergence, divergence - 0.001, divergence + 0.001)
        share = (agreement, agreement - 0.01, agreement + 0.01)
        return quantization.Row(tool, format, share, None, near, b"", literal=False)

    own = quantization.OWN
    rows = [row("A", 0.95), row("B", 0.9), row(f"{own}, full range", 0.945)]
    assert list(quantization.behind(rows)) == []
    apart = [row("A, reduced range", 0.8), row(f"{own}, portable", 0.82), row("T", 1.0, "tflite")]
    assert list(quantization.behind(rows + apart)) == []
    (worse,) = quantization.behind([*rows, row("C", 0.97)])
    assert worse.startswith(f"{own}, full range, onnx: behind C by agreement")
    (worse,) = quantization.behind([*rows, row("C", 0.9, divergence=0.005)])
    assert "behind C by divergence" in worse
