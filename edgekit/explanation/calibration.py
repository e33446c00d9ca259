"""What ONNX Runtime's profile adds to the operators that it times.

The time of a node in the profile includes describing it, which takes more instructions than a small
operator: a constant, and something for each of the node's inputs. Two chains of tiny nodes, with one input
and with many, are counted without the profile and profiled, which gives both figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from edgekit.explanation.answers import Calibration

MANY = 17  # nodes
INPUTS = (1, 9)  # of each node; a quantized convolution has 8 or 9
PER_MICROSECOND = 1000  # instructions, if each takes a nanosecond

_OPSET, _IR_VERSION = 13, 7  # old enough for every ONNX Runtime that edgekit takes


@dataclass(frozen=True)
class ProfileCost:
    """Instructions that a profile adds to a node, and that every call of the runtime takes."""

    constant: float
    per_input: float
    call: float

    def of(self, inputs: int) -> float:
        """What it adds to a node with so many inputs."""
        return self.constant + self.per_input * inputs


def chains() -> list[tuple[str, str]]:
    """Return, for each number of inputs, a model of one node and one of many, in hexadecimal."""
    return [(_chain(1, inputs), _chain(MANY, inputs)) for inputs in INPUTS]


def profile_cost(answers: Sequence[Calibration]) -> ProfileCost:
    """Compare what the chains took with what their profiles say."""
    added, calls = [], []
    for answer in answers:
        one, many = min(answer.one), min(answer.many)
        node = (many - one) / (MANY - 1)  # what another node takes without a profile
        shown = median(median(node.microseconds) for node in answer.nodes) * PER_MICROSECOND
        added.append(shown - node)
        calls.append(one - node)
    few, most = INPUTS
    per_input = (added[1] - added[0]) / (most - few)
    return ProfileCost(added[0] - per_input * few, per_input, calls[0])


def _chain(nodes: int, inputs: int) -> str:
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    constants = [f"c{i}" for i in range(1, inputs)]
    op = "Max" if constants else "Neg"
    graph = helper.make_graph(
        [helper.make_node(op, [f"t{i}", *constants], [f"t{i + 1}"], name=f"n{i}") for i in range(nodes)],
        "chain",
        [helper.make_tensor_value_info("t0", TensorProto.FLOAT, [1, 4])],
        [helper.make_tensor_value_info(f"t{nodes}", TensorProto.FLOAT, [1, 4])],
        [numpy_helper.from_array(np.zeros((1, 4), np.float32), name) for name in constants],
    )
    opset = [helper.make_opsetid("", _OPSET)]
    return str(
        helper.make_model(graph, opset_imports=opset, ir_version=_IR_VERSION).SerializeToString().hex()
    )
