"""Parts cut out of a TFLite file compute what the whole computes there."""

from pathlib import Path

import numpy as np
import pytest

from edgekit.errors import ModelError
from edgekit.explanation.parts import Parts

SMALL = Path(__file__).parent.parent / "support" / "models"
FILES = [
    Path(__file__).parent / "models" / "branches.tflite",
    SMALL / "int8.tflite",
    SMALL / "float32.tflite",
]


def apply(data, edits):
    """Return the file that edits make of another, as the guest does it."""
    edited = bytearray(data)
    for offset, text in edits:
        piece = bytes.fromhex(text)
        edited[offset : offset + len(piece)] = piece
    return bytes(edited)


def interpreter(data, **options):
    """An interpreter with the kernels that do not depend on the computer."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    kernels = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    made = Interpreter(model_content=data, experimental_op_resolver_type=kernels, **options)
    made.allocate_tensors()
    return made


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def whole(request):
    """A file's bytes, its parts, and an interpreter that ran it and kept every tensor."""
    data = request.param.read_bytes()
    made = interpreter(data, experimental_preserve_all_tensors=True)
    source = made.get_input_details()[0]
    values = np.random.default_rng(1).integers(-128, 128, source["shape"])
    made.set_tensor(
        source["index"], (values if source["dtype"] == np.int8 else values / 128).astype(source["dtype"])
    )
    made.invoke()
    return data, Parts(data, request.param.name), made


def run_part(whole, start, stop):
    """Run a part on the values that the whole had there; return its outputs' indices."""
    data, parts, made = whole
    part = interpreter(apply(data, parts.part(start, stop)))
    for source in part.get_input_details():
        part.set_tensor(source["index"], made.get_tensor(source["index"]))
    part.invoke()
    outputs = [target["index"] for target in part.get_output_details()]
    for index in outputs:
        np.testing.assert_array_equal(part.get_tensor(index), made.get_tensor(index))
    return outputs


def test_each_operator_alone_computes_what_it_computes_in_the_whole(whole):
    made = {index for at in range(len(whole[1])) for index in run_part(whole, at, at + 1)}
    assert made >= {target["index"] for target in whole[2].get_output_details()}
    assert len(made) == len(whole[1])  # every operator makes one tensor that is needed


def test_every_beginning_of_the_graph_computes_what_the_whole_does(whole):
    for stop in range(1, len(whole[1]) + 1):
        assert run_part(whole, 0, stop)


def test_all_operators_together_are_the_whole(whole):
    data, parts, made = whole
    part = interpreter(apply(data, parts.part(0, len(parts))))
    for kind in ("get_input_details", "get_output_details"):
        assert [t["index"] for t in getattr(part, kind)()] == [t["index"] for t in getattr(made, kind)()]


def test_the_model_without_operators_returns_its_input(whole):
    data, parts, _ = whole
    empty = interpreter(apply(data, parts.empty()))
    source, target = empty.get_input_details()[0], empty.get_output_details()[0]
    assert source["index"] == target["index"]
    empty.invoke()


def test_branches_are_cut_with_every_tensor_that_is_used_later():
    data = FILES[0].read_bytes()
    parts = Parts(data, "branches.tflite")
    counts = [len(interpreter(apply(data, parts.part(0, stop))).get_output_details()) for stop in range(1, 7)]
    assert counts == [1, 2, 3, 2, 1, 1]  # of the trunk and its branches
    addition = interpreter(apply(data, parts.part(3, 4)))
    assert len(addition.get_input_details()) == 2


def test_edits_are_a_few_bytes_and_the_file_stays_as_it_is():
    data = FILES[1].read_bytes()
    before = bytes(data)
    edits = Parts(data, "int8.tflite").part(1, 2)
    assert sum(len(text) // 2 for _, text in edits) < 64
    assert apply(data, edits) != before == data


def test_a_file_of_several_graphs_is_refused():
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(FILES[1].read_bytes(), 0))
    model.subgraphs.append(model.subgraphs[0])
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    with pytest.raises(ModelError, match="has 2 graphs"):
        Parts(bytes(builder.Output()), "two.tflite")
