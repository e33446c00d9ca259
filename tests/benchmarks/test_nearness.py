"""The benchmark behind docs/quantization.md, on a few images of the smallest model."""

import sys

import numpy as np
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


def test_a_file_that_is_significantly_behind_the_best_of_its_kind_is_named(quantization):
    near = quantization.Distance(20.0, 19.0, 21.0, 0.01)
    chance = np.random.default_rng(0)

    def row(tool, loss, format="onnx"):
        losses = {"agreement": (chance.uniform(size=1000) < loss).astype(float)}
        return quantization.Row(tool, format, (1, 1, 1), None, near, b"", literal=False, losses=losses)

    rows = [row("A", 0.05), row("B", 0.1), row(f"{quantization.OWN}, full range", 0.052)]
    assert list(quantization.behind(rows)) == []
    apart = [row("A, reduced range", 0.2), row(f"{quantization.OWN}, portable", 0.2), row("T", 0.0, "tflite")]
    assert list(quantization.behind(rows + apart)) == []
    (worse,) = quantization.behind([*rows, row("C", 0.0)])
    assert worse.startswith(f"{quantization.OWN}, full range, onnx: behind C by agreement, 0.05")
