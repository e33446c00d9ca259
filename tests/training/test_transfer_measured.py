"""A model with one sigmoid, from photos to a result: right answers are counted again by a loop of our own."""

import json
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from PIL import Image
from support.commands import measure, run


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Bars that lie and bars that stand, in noise: nobody can be right about all of them."""
    folder, rng = tmp_path_factory.mktemp("data") / "photos", np.random.default_rng(0)
    for part, each in (("train", 40), ("test", 30)):
        for label, name in enumerate(("lying", "standing")):
            for i in range(each):
                pixels = rng.normal(0, 120, (24, 24)).clip(0)
                pixels[(place := int(rng.integers(6, 14))) : place + 4, 8:18] += 70
                pixels = np.repeat((pixels.T if label else pixels)[..., None], 3, axis=2)
                path = folder / part / name / f"{i}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path)
    return folder


def test_a_sigmoid_head_is_converted_and_measured_with_the_accuracy_that_it_has(photos, tmp_path):
    base = Path(__file__).parents[2] / "models" / "mobilenet_v1_0.25_32_digits.keras"
    command = ("train", "--weights", base, "--dataset", photos, "--epochs", "0", "--head-epochs", "30")
    shown = run(*command, cwd=tmp_path, EDGEKIT_CACHE=str(tmp_path / "cache"))
    assert "Features     80 images, 0 of them cached" in shown.out
    assert "Head         top-1 " in shown.out
    assert "of 60 evaluation images" in shown.out
    run("convert", "mobilenet_v1_0.25_32_photos", "--int8", "--format", "tflite", cwd=tmp_path)
    made = tmp_path / "artefacts" / "mobilenet_v1_0.25_32_photos"
    measure(
        made / "int8.tflite", "--runtime", "litert", "--threads", "1", "--output", "result.json", cwd=tmp_path
    )
    (measured,) = json.loads((tmp_path / "result.json").read_text())["measurements"]
    right = _right(made / "int8.tflite", photos / "test")
    assert (measured["accuracy"]["correct"], measured["accuracy"]["n"]) == (right, 60)
    assert 35 < right < 60


def _right(file, folder):
    """Count right answers with nothing of edgekit's."""
    interpreter = Interpreter(str(file), num_threads=1)
    interpreter.allocate_tensors()
    (image,), (score,) = interpreter.get_input_details(), interpreter.get_output_details()
    right = 0
    for label, name in enumerate(("lying", "standing")):
        for path in (folder / name).iterdir():
            pixels = np.asarray(Image.open(path).resize((32, 32), Image.Resampling.BILINEAR), np.float32)
            scale, zero = image["quantization"]
            stored = np.clip(np.rint((pixels / 127.5 - 1) / scale) + zero, -128, 127).astype(np.int8)
            interpreter.set_tensor(image["index"], stored[None])
            interpreter.invoke()
            scale, zero = score["quantization"]
            said = (float(interpreter.get_tensor(score["index"]).item()) - zero) * scale > 0.5
            right += said == label
    return right
