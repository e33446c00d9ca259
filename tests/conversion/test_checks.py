import msgspec
import pytest

from edgekit.conversion.checks import check_int8
from edgekit.errors import InvalidError
from edgekit.inspection import inspect_file


@pytest.fixture(params=["int8.tflite", "int8.onnx"])
def found(request, converted):
    return inspect_file(converted.folder / request.param)


def _change(found, index, **fields):
    layers = list(found.layers)
    layers[index] = msgspec.structs.replace(layers[index], **fields)
    return msgspec.structs.replace(found, layers=tuple(layers))


def _first_convolution(found):
    return next(i for i, layer in enumerate(found.layers) if layer.multiply_adds)


def test_a_good_file_passes_without_a_word(found):
    assert check_int8(found, "mobilenet_v1") == ()


def test_one_scale_for_all_channels_is_a_fault(found):
    index = _first_convolution(found)
    weights = msgspec.structs.replace(found.layers[index].weights, scales=(0.1,))
    with pytest.raises(InvalidError, match="has 1 scales for 16 channels"):
        check_int8(_change(found, index, weights=weights), None)


def test_a_weight_zero_point_is_a_fault(found):
    index = _first_convolution(found)
    weights = msgspec.structs.replace(found.layers[index].weights, zero_points=(0,) * 15 + (3,))
    with pytest.raises(InvalidError, match="zero points other than 0"):
        check_int8(_change(found, index, weights=weights), None)


def test_a_batch_norm_that_was_not_folded_is_a_fault_of_a_mobilenet(found):
    changed = _change(found, -1, op="Mul")
    with pytest.raises(InvalidError, match="1 Mul were not folded"):
        check_int8(changed, "mobilenet_v1")
    assert check_int8(changed, None) == ()


def test_an_operator_of_tensorflow_is_a_fault(found):
    with pytest.raises(InvalidError, match="FlexErf needs TensorFlow"):
        check_int8(_change(found, -1, op="FlexErf"), None)


def test_what_stays_in_float_is_named(found):
    index = _first_convolution(found)
    (note,) = check_int8(_change(found, index, weights=None, dtype="float32"), None)
    assert "keeps in float32" in note
    assert found.layers[index].name in note


def test_an_old_opset_is_a_fault(converted):
    found = inspect_file(converted.folder / "int8.onnx")
    with pytest.raises(InvalidError, match="opset 11 is below 13"):
        check_int8(msgspec.structs.replace(found, opset=11), None)
