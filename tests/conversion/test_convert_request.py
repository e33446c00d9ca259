import pytest

from edgekit.conversion import ConvertRequest
from edgekit.errors import UsageError


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"target": "riscv"}, "no target 'riscv'"),
        ({"io": "int16"}, "no io 'int16'"),
        ({"formats": ("tflite", "coreml")}, "no file format 'coreml'.*Choose from: tflite, onnx"),
        ({"formats": ()}, "No format"),
        ({"float16": True, "formats": ("onnx",)}, "float16 is made for TFLite only"),
        ({"calibration": 0}, "received 0"),
        ({"calibration": 501}, "received 501"),
        ({"max_drop": -0.01}, "received -1 pp"),
        ({"max_drop": 1.5}, "received 150 pp"),
        ({"max_drop": 0.0, "int8": False}, "no int8 file"),
        ({"min_agreement": 98.0}, "received 9800 %"),
        ({"min_agreement": 0.98, "int8": False}, "no int8 file"),
        ({"std": (1.0, 0.0, 1.0)}, "std must be above 0"),
        ({"std": (0.0,)}, "std must be above 0"),
        ({"mean": (float("nan"),)}, "mean must be a number"),
        ({"preprocess": "tensorflow"}, "no preprocess 'tensorflow'"),
        ({"channels": "cmyk"}, "no channels 'cmyk'"),
        ({"preprocess": "torch", "mean": (0.0,)}, "torch already says"),
    ],
)
def test_a_value_that_cannot_be_is_refused(fields, words):
    with pytest.raises(UsageError, match=words):
        ConvertRequest(**fields)
