"""Looking into a SavedModel's graphs before TensorFlow runs any of them."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from pathlib import Path
from typing import Any

from edgekit.errors import ModelError
from edgekit.zoo.safety import REFUSED

# TensorFlow marks every operation that does more than compute as stateful; of those, these stay inside
# the graph: variables, calls and control flow, tables in memory, random numbers
_HARMLESS = re.compile(
    r"Variable(V2|Shape)?|VarHandleOp|VarIsInitializedOp|ReadVariableOp|Assign(Add|Sub)?VariableOp"
    r"|DestroyResourceOp|DisableCopyOnRead|ResourceGather(Nd)?"
    r"|StatefulPartitionedCall|If|While|Case|Assert|TensorArrayV\d"
    r"|(Mutable|MutableDense|Anonymous|AnonymousMutable|AnonymousMutableDense)?HashTable(OfTensors)?(V2)?"
    r"|LookupTable(Find|Import|Export|Insert|Remove|Size)(V2)?|InitializeTable(V2)?"
    r"|Random(Uniform|UniformInt|StandardNormal|Gamma|GammaV2|Poisson|PoissonV2|Shuffle)|TruncatedNormal"
    r"|ParameterizedTruncatedNormal|Multinomial|RngSkip|RngReadAndSkip"
    r"|Stateful(Uniform(FullInt|Int)?|StandardNormal(V2)?|TruncatedNormal|RandomBinomial)"
)
# … and these reach files or Python without being marked
_UNMARKED = re.compile(
    r"Debug|Dataset|PyFunc|Reader|ReadFile|WriteFile|MatchingFiles|TextFile|VocabRemapping"
)
_RESTORES = re.compile(r"Restore(V2|Slice)?")
_SAVES = re.compile(r"Save(V2|Slices)?|MergeV2Checkpoints")


def check_saved_model(path: Path, graphs: Any) -> None:
    """Check the graphs of a SavedModel, a parsed `SavedModel` message.

    Every SavedModel has operations that save and restore its variables; they are accepted only where
    neither loading nor serving runs them, as `_served` finds.

    Raises:
        ModelError: An operation would reach the file system or run Python, or is not known.
    """
    for meta in graphs.meta_graphs:
        functions = {f.signature.name: f.node_def for f in meta.graph_def.library.function}
        served, restored = (_reached(meta, functions, roots) for roots in (_served(meta), _restored(meta)))
        nodes = [node for body in (meta.graph_def.node, *functions.values()) for node in body]
        unsafe = [
            *(node.op for node in nodes if _is_unsafe(node.op, functions)),
            *(op for op in served if _SAVES.fullmatch(op) or _RESTORES.fullmatch(op)),
            *(op for op in restored if _SAVES.fullmatch(op)),
        ]
        if unsafe:
            raise ModelError(f"{path} is refused: its graph holds the operation {unsafe[0]}.", REFUSED)


def _is_unsafe(op: str, functions: Container[str]) -> bool:
    from tensorflow.python.framework import op_def_registry

    if _SAVES.fullmatch(op) or _RESTORES.fullmatch(op):
        return False  # allowed or not by what runs it
    known = op_def_registry.get(op)
    if known is None:
        return op not in functions  # those are looked into themselves
    return _UNMARKED.search(op) is not None or (known.is_stateful and _HARMLESS.fullmatch(op) is None)


def _served(meta: Any) -> Iterator[str]:
    """Name the nodes and functions that loading and serving may run, except the restoring ones."""
    yield from meta.object_graph_def.concrete_functions  # initializers and signatures among them
    for signature in meta.signature_def.values():
        yield from (tensor.name for tensor in signature.outputs.values())
    for collection in meta.collection_def.values():
        yield from collection.node_list.value  # initial operations of TensorFlow 1


def _restored(meta: Any) -> Iterator[str]:
    yield meta.saver_def.restore_op_name


def _reached(meta: Any, functions: dict[str, Any], roots: Iterable[str]) -> set[str]:
    """Return the operations that computing some nodes of the graph, or calling functions, would run."""
    graph = {node.name: node for node in meta.graph_def.node}
    waiting, seen, ops = list(roots), set[str](), set[str]()
    while waiting:
        name = waiting.pop().lstrip("^").split(":")[0]
        if name in seen:
            continue
        seen.add(name)
        if name in graph:
            waiting.extend(graph[name].input)
        for node in (*((graph[name],) if name in graph else ()), *functions.get(name, ())):
            ops.add(node.op)
            waiting.append(node.op)  # older graphs call a function by its name
            for value in node.attr.values():
                waiting.extend(f.name for f in (value.func, *value.list.func) if f.name)
    return ops
