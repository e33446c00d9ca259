"""Tensors of many images, written over those of the images before."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from edgekit.conversion.batches import Batches, room_for_several

SIZE = (3, 4, 4)
IMAGES = np.random.default_rng(0).normal(0, 1, (70, *SIZE)).astype(np.float32)


def _file(first=1):
    """A file that gives an image's tanh, and the square of that."""
    kinds = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (first, *SIZE)) for name in "xts"]
    nodes = [helper.make_node("Tanh", ["x"], ["t"]), helper.make_node("Mul", ["t", "t"], ["s"])]
    graph = helper.make_graph(nodes, "g", kinds[:1], kinds[2:], value_info=kinds[1:2])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


@pytest.mark.parametrize(
    ("first", "numbers", "several"),
    [(1, 3 * 48, False), (1, 3 * 48, True), ("any", 0, False)],
    ids=["one", "several", "size not known"],
)
def test_every_batch_holds_what_its_own_images_give(first, numbers, several):
    batches = Batches(_file(first), ("x", "t", "s"), numbers, several=several)

    def look(number, batch):
        assert np.allclose(batch["t"], np.tanh(batch["x"]), atol=1e-6)
        assert np.allclose(batch["s"], np.square(batch["t"]), atol=1e-6)
        return number, batch["x"].copy()

    numbers, seen = zip(*batches.over((image[None] for image in IMAGES), look), strict=True)
    assert numbers == tuple(range(len(seen)))
    assert np.array_equal(np.concatenate(seen), IMAGES)
    assert len(seen) == (3 if several else len(IMAGES)), "32 at a time, the last one fewer"


def test_nothing_may_be_asked_for():
    batches = Batches(_file(), (), 48, several=False)
    looked_at = batches.over((image[None] for image in IMAGES[:3]), lambda _, batch: list(batch))
    assert list(looked_at) == [["x"]] * 3


@pytest.mark.parametrize(("numbers", "room"), [(1_000, True), (30_000_000, False), (0, False)])
def test_several_images_are_taken_where_their_tensors_have_room(numbers, room):
    assert room_for_several(numbers) is room
