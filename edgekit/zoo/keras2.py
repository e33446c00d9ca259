"""Files that Keras 2 wrote, read by `tf_keras`, which is Keras 2 for today's TensorFlow.

Keras 2 would import any module and call any function that a file names. So a file is only loaded if every
class, function and operation in it is known to do nothing but compute.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from edgekit.errors import UnavailableError
from edgekit.quiet import import_tensorflow, quiet_stderr
from edgekit.zoo.safety import Header, described, own_layer, refuse_code

# what TFOpLambda and SlicingOpLambda layers may call, as TensorFlow names it: arithmetic on tensors
_ARITHMETIC = re.compile(
    r"(compat\.v1\.)?("
    r"(math|nn|linalg|image|bitwise|__operators__)\.[a-z]\w*"
    r"|abs|add|add_n|argmax|argmin|broadcast_to|cast|ceil|clip_by_value|concat|constant|cumsum|divide|einsum"
    r"|equal|exp|expand_dims|eye|fill|floor|gather|gather_nd|greater|greater_equal|identity|less|less_equal"
    r"|logical_and|logical_not|logical_or|matmul|maximum|meshgrid|minimum|multiply|negative|not_equal|one_hot"
    r"|ones|ones_like|pad|pow|range|rank|realdiv|reduce_(max|mean|min|prod|sum|all|any)|repeat|reshape|reverse"
    r"|roll|round|shape|sigmoid|sign|size|slice|sort|split|sqrt|square|squeeze|stack|stop_gradient"
    r"|strided_slice|subtract|tanh|tensordot|tile|transpose|truediv|unstack|where|zeros|zeros_like"
    r")"
)
_READS_FILES = {"StringLookup", "IntegerLookup", "TextVectorization"}  # their vocabulary may be a path
_VALUES = {"__tuple__", "__ellipsis__", "__tensor__", "__numpy__", "__bytes__", "TensorShape", "TypeSpec"}
_OPERATIONS = {"TFOpLambda", "SlicingOpLambda"}


def is_keras2(version: str) -> bool:
    """Whether a file of this Keras version is one of Keras 2 (or 1); older ones do not state it."""
    return not version or int(version.split(".", maxsplit=1)[0] or 0) < 3


def load_keras2(path: Path, header: Header) -> Any:
    """Load a checked `.h5` or `.keras` file, uncompiled; return a `tf_keras.Model`.

    Raises:
        ModelError: It holds something that may do more than compute, or a layer that Keras does not know.
        UnavailableError: `tf_keras` is not installed.
    """
    keras = _import_tf_keras(path, header)
    classes, functions = _classes(keras), _functions(keras)
    for item in described({key: value for key, value in header.config.items() if key != "compile_config"}):
        _check(path, item, classes, functions)
    return keras.models.load_model(path, compile=False)


def _import_tf_keras(path: Path, header: Header) -> Any:
    import_tensorflow()
    try:
        with quiet_stderr():
            import tf_keras  # type: ignore[import-untyped]
    except ImportError as error:
        version = f"Keras {header.version}" if header.version else "an early Keras"
        raise UnavailableError(
            f"{path} was written by {version}; what reads such files is not installed.",
            "In the clone of edgekit: pip install '.[keras2]'",
        ) from error
    tf_keras.backend.set_image_data_format("channels_last")
    tf_keras.backend.set_floatx("float32")
    return tf_keras


def _check(path: Path, item: dict[str, Any], classes: set[str], functions: set[str]) -> None:
    kind, inner = str(item["class_name"]), item.get("config")
    if kind in _VALUES:
        return
    if kind == "function":
        if inner not in functions:
            refuse_code(path, f"its function {inner!r}")
    elif kind in _OPERATIONS:
        called = str(inner.get("function") if isinstance(inner, dict) else None)
        if not _ARITHMETIC.fullmatch(called):
            refuse_code(path, f"its layer that calls {called!r}")
    elif kind == "TensorFlowOpLayer":
        _check_operation(path, inner)
    elif kind in _READS_FILES:
        refuse_code(path, f"its {kind}, which reads files,")
    elif item.get("module") == "builtins" or re.sub(r"V[12]$", "", kind) not in classes:
        own_layer(path, item)


def _check_operation(path: Path, config: Any) -> None:
    """Check a layer of one TensorFlow operation, as TensorFlow 2.0 to 2.3 saved arithmetic."""
    from tensorflow.python.framework import op_def_registry

    node = config.get("node_def") if isinstance(config, dict) else None
    name = str(node.get("op")) if isinstance(node, dict) else "?"
    known = op_def_registry.get(name)
    if known is None or known.is_stateful or re.search(r"Debug|Dataset|Reader|File|PyFunc", name):
        refuse_code(path, f"its operation {name!r}")


def _classes(keras: Any) -> set[str]:
    """Names of Keras 2's own layers and what configures them."""
    places = (
        *(keras.layers, keras.layers.experimental, keras.layers.experimental.preprocessing, keras.models),
        *(keras.initializers, keras.regularizers, keras.constraints, keras.mixed_precision),
        *(keras.optimizers, keras.optimizers.legacy, keras.losses, keras.metrics),
    )
    named = {name for place in places for name, value in vars(place).items() if isinstance(value, type)}
    return named | {"Functional"}


def _functions(keras: Any) -> set[str]:
    """Names of Keras 2's own activations, losses and metrics."""
    named = {name for place in (keras.activations, keras.losses, keras.metrics) for name in vars(place)}
    return {name for name in named if not name.startswith("_")} - {"get", "serialize", "deserialize"}
