"""TensorFlow SavedModel folders as Keras models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgekit.errors import ModelError
from edgekit.quiet import import_tensorflow
from edgekit.zoo.graphs import check_saved_model
from edgekit.zoo.safety import NOT_WHOLE

_GRAPHS = "saved_model.pb"
_SIGNATURE = "serving_default"


def load_saved_model(path: Path) -> Any:
    """Wrap a SavedModel's serving signature in a Keras model, for inference only.

    The model has a single layer, which runs the SavedModel's graph: it has weights, converts, and its
    cost can be counted, but it cannot be trained further.

    Raises:
        ModelError: Not a SavedModel, damaged, unsafe, or without a signature of one input.
    """
    graphs = _read_graphs(path)
    check_saved_model(path, graphs)
    name, signature = _signature(path, graphs)
    tf = import_tensorflow()
    import keras

    (entry,) = signature.inputs.values()
    outputs = sorted(signature.outputs)
    shape = tuple(d.size if d.size > 0 else None for d in entry.tensor_shape.dim)
    try:
        layer = keras.layers.TFSMLayer(path, call_endpoint=name)
        taken = tf.as_dtype(entry.dtype)
        image = keras.Input(batch_shape=(None, *shape[1:]), dtype="uint8" if taken == tf.uint8 else "float32")
        given = layer(image)
        made = [given[output] for output in outputs] if len(outputs) > 1 else given[outputs[0]]
        return keras.Model(image, made, name=path.resolve().name.replace(" ", "_"))
    except Exception as error:  # TensorFlow raises whatever a damaged folder provokes
        from edgekit.words import first_line

        raise ModelError(f"{path} cannot be loaded: {first_line(error)}", NOT_WHOLE) from error


def _read_graphs(path: Path) -> Any:
    if not (path / _GRAPHS).is_file():
        raise ModelError(
            f"{path} is a folder without {_GRAPHS}.", "A SavedModel folder has one; `model.export` writes it."
        )
    import_tensorflow()
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    try:
        graphs = SavedModel.FromString((path / _GRAPHS).read_bytes())
    except DecodeError as error:
        raise ModelError(f"{path / _GRAPHS} is damaged: {error}.", NOT_WHOLE) from error
    return graphs


def _signature(path: Path, graphs: Any) -> tuple[str, Any]:
    """Return the name and the definition of the signature to serve images with."""
    signatures = {
        name: signature
        for meta in graphs.meta_graphs
        for name, signature in meta.signature_def.items()
        if not name.startswith("__")
    }
    usable = {k: s for k, s in signatures.items() if len(s.inputs) == 1 and s.outputs}
    if _SIGNATURE in usable:
        return _SIGNATURE, usable[_SIGNATURE]
    if len(usable) == 1:
        return next(iter(usable.items()))
    raise ModelError(
        f"{path} has no signature {_SIGNATURE!r} with one input; it has: "
        f"{', '.join(sorted(signatures)) or 'none'}.",
        "Save it again with `model.export(folder)`.",
    )
