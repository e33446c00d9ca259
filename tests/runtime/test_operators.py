"""What is said of an operator that a runtime lacks, in the runtimes' own words and against the real ones."""

from types import SimpleNamespace

import pytest
from ai_edge_litert import schema_py_generated as schema
from support.asking import ask, real
from support.loose_models import tflite

from edgekit.errors import ModelError
from edgekit.runtime.operators import explained

LITERT, OLDER = ("litert", "2.3.0"), ("tflite-runtime", "2.14.0")


def bundle(name, version):
    return SimpleNamespace(record=SimpleNamespace(runtime=name, version=version))


def said(message, name, version):
    error = explained(ModelError(message), bundle(name, version), "model")
    return error.what, error.hint


@pytest.mark.parametrize(
    ("message", "runtime", "what", "hint"),
    [
        (
            "Didn't find op for builtin opcode 'CAST' version '9'. An older version of this builtin",
            OLDER,
            "tflite-runtime 2.14.0 lacks the operator CAST, version 9, that model needs.",
            "litert 2.3.0 has it, for Python 3.10 and newer: --runtime litert==2.3.0",
        ),
        (
            "Didn't find op for builtin opcode 'TANH' version '9'.",
            LITERT,
            "litert 2.3.0 lacks the operator TANH, version 9, that model needs.",
            "No version of a runtime that edgekit knows has it: export the model without it.",
        ),
        (
            "Didn't find op for builtin opcode 'TANH' version '2'.",
            ("litert", "1.0.1"),
            "litert 1.0.1 lacks the operator TANH, version 2, that model needs.",
            "Try the usual version: leave the version out of --runtime.",
        ),
        (
            "Encountered unresolved custom op: MyOp.",
            LITERT,
            "litert 2.3.0 lacks the custom operator MyOp that model needs.",
            "Custom operators are part of an application; edgekit's runtimes have none. Export without it.",
        ),
        (
            "Select TensorFlow op(s) … Node number 0 (FlexErf) failed to prepare.",
            LITERT,
            "litert 2.3.0 lacks TensorFlow's operator Erf that model needs.",
            "Convert the model with TFLite's own operators only (no SELECT_TF_OPS).",
        ),
        (
            "failed:x.h:46 … Opset 24 is under development and support for this is limited.",
            ("onnxruntime", "1.23.2"),
            "onnxruntime 1.23.2 lacks the operator set 24 that model needs.",
            "onnxruntime 1.31.1 has it, for Python 3.11 and newer: --runtime onnxruntime==1.31.1",
        ),
        (
            "Unsupported model IR version: 14, max supported IR version: 13",
            ("onnxruntime", "1.31.1"),
            "onnxruntime 1.31.1 does not read the file format (IR) 14 that model needs.",
            "Save it with ir_version = 13 or lower.",
        ),
    ],
)
def test_the_operator_is_named_and_which_version_has_it(message, runtime, what, hint):
    assert said(message, *runtime) == (what, hint)


def test_any_other_error_stays_as_it_is():
    error = ModelError("model does not load: no memory")
    assert explained(error, bundle(*LITERT), "model") is error


@pytest.mark.parametrize(
    ("runtime", "version", "has"), [(OLDER, 2, True), (OLDER, 3, False), (LITERT, 3, True)]
)
def test_the_runtimes_have_the_versions_that_the_table_says(tmp_path, runtime, version, has):
    kind, code = schema.TensorType, schema.BuiltinOperator
    tensors = [("x", [1, 4], kind.FLOAT32, None), ("y", [1, 4], kind.FLOAT32, None)]
    path = tmp_path / "gelu.tflite"
    path.write_bytes(tflite(tensors, [(code.GELU, version, [0], [1], schema.GeluOptionsT())], [0], [1]))
    answer = ask(real(runtime[0], path.name, model=str(path), mean=[], output_shape=[]))
    if has:
        assert "error" not in answer
    else:
        what, hint = said(answer["error"]["message"], *runtime)
        assert "lacks the operator GELU, version 3," in what
        assert "litert 2.3.0 has it" in hint
