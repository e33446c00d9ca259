"""Float ONNX files that torch exported become int8 with the same proof as any other."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from edgekit.conversion import ConvertRequest, convert

MODELS = Path(__file__).parents[1] / "support" / "models"  # make_torch_models.py made them
SIZE, COUNT = 24, 400


def _scores(model, images):
    """What a file says of uint8 images [n, h, w, c], one by one: logits [n, 4]."""
    session = onnxruntime.InferenceSession(str(model))
    given = ((images.astype(np.float32) - 127.5) / 127.5).transpose(0, 3, 1, 2)
    return np.concatenate([session.run(None, {"image": image[None]})[0] for image in given])


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Images with the class that torch's file gives them, in an .npz file."""
    coarse = np.random.default_rng(5).integers(0, 256, (COUNT, 3, 3, 3), dtype=np.uint8)
    images = coarse.repeat(SIZE // 3, axis=1).repeat(SIZE // 3, axis=2)
    labels = _scores(MODELS / "torch_script.onnx", images).argmax(1)
    assert np.bincount(labels, minlength=4).min() >= 10
    path = tmp_path_factory.mktemp("torch") / "images.npz"
    np.savez(path, images=images, labels=labels)
    return path


@pytest.mark.parametrize("exporter", ["dynamo", "script"])
def test_what_torch_exported_becomes_int8_throughout_and_answers_the_same(exporter, images, tmp_path):
    model = MODELS / f"torch_{exporter}.onnx"
    # of a random network's answers some hang on nothing: no layer is to be kept in float32 for those
    request = ConvertRequest(model=model, dataset=str(images), max_drop=0.1, output=tmp_path / "set")
    artefacts = convert(request)
    real, int8 = artefacts.manifest.files
    with np.load(artefacts.folder / "evaluation.npz") as held:
        shown = held["images"]
    expected = _scores(model, shown)
    got = _scores(artefacts.path(int8), shown)
    assert np.abs(_scores(artefacts.path(real), shown) - expected).max() <= 1e-4
    assert np.mean(got.argmax(1) == expected.argmax(1)) == int8.quality.agreement >= 0.94
    assert np.mean((got - expected) ** 2) <= 0.02 * np.var(expected)
    assert not int8.faults and int8.bytes < real.bytes
    assert set(int8.ops) <= {
        "QuantizeLinear",
        "DequantizeLinear",
        "Conv",
        "Add",
        "GlobalAveragePool",
        "Transpose",  # of one pixel, undone when the file is loaded
        "Reshape",
        "Gemm",
    }
