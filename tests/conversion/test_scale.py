"""Models of one's own: how pixels reach them is said, and never silently wrong."""

import pytest

from edgekit.conversion import ConvertRequest, convert
from edgekit.errors import UsageError
from edgekit.quiet import import_tensorflow
from edgekit.zoo.source import resolve


@pytest.fixture(scope="module")
def shipped():
    """A trained model that takes pixels as −1 … 1."""
    import_tensorflow()
    return resolve("mobilenet_v1_0.25_32_digits").load().model


def request(path, **named):
    named |= {"output": path.parent / "set", "dataset": "digits", "int8": False}
    return ConvertRequest(model=path, formats=("onnx",), **named)


def test_what_is_assumed_is_said(shipped, tmp_path, recorder):
    shipped.save(tmp_path / "own.keras")
    convert(request(tmp_path / "own.keras"), recorder)
    assumed = (
        "Pixels reach the model as (x − 127.5) / 127.5: nothing else was said (--preprocess, --mean, --std)."
    )
    assert assumed in recorder.notes
    # it errs so seldom that with no other scale it could be clearly better
    assert "Trying other scales of pixels" not in dict(recorder.steps)


def test_a_scale_inside_that_cannot_be_seen_is_found_by_its_answers(shipped, tmp_path, recorder):
    import keras

    hidden = [
        keras.layers.ReLU(),
        keras.layers.Rescaling(1 / 127.5, -1),
    ]  # nothing is a line before the scale
    keras.Sequential([keras.Input((32, 32, 3)), *hidden, shipped]).save(tmp_path / "own.keras")
    with pytest.raises(
        UsageError, match=r"classifies [\d.]+ % of 256 .* correctly; with 0 … 255, 100"
    ) as refused:
        convert(request(tmp_path / "own.keras"), recorder)
    assert "Trying other scales of pixels" in dict(recorder.steps)
    assert "--preprocess none; to keep this one, --preprocess tf." in refused.value.hint
    assert not (tmp_path / "set").exists()
    convert(request(tmp_path / "own.keras", preprocess="none"), recorder)
    assert (tmp_path / "set" / "float32.onnx").is_file()
