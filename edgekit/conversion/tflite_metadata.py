"""Writing TFLite's metadata, by which apps (MediaPipe's ImageClassifier) load a file as it is."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import msgspec

from edgekit.artefact import Channels
from edgekit.conversion.tflite_files import packed
from edgekit.inspection.tflite_metadata import CUSTOM, FIELDS, NAME, NORMALIZATION
from edgekit.inspection.usage import Usage, properties

LABELS = "labels.txt"
_IDENTIFIER = b"M001"
_VERSION = "1.5.0"  # of the schema: the first that has CustomMetadata
_IMAGE = 2  # `content_properties_kind`
_COLOURS: dict[Channels, int] = {"rgb": 1, "grey": 2}  # `color_space`, which has no others; 0: not known
_AXIS_LABELS = 2  # `type` of an AssociatedFile
_MIDNIGHT = (1980, 1, 1, 0, 0, 0)  # the earliest that an archive can say: the same bytes on every day
_UNIX = 3


class Table(NamedTuple):
    """A flatbuffer's table: a name in `FIELDS`, and those of its fields that are there."""

    kind: str
    fields: dict[str, Value]


# text, bytes, floats, a table, several, or a number of one byte
Value: TypeAlias = "str | bytes | tuple[float, ...] | Table | list[Table] | int"


def with_tflite_metadata(data: bytes, usage: Usage) -> bytes:
    """Write how a file is used into it; what was said of it before is replaced.

    Args:
        data: A .tflite file.
        usage: What is to be said.
    """
    import flatbuffers
    import numpy as np
    from ai_edge_litert import schema_py_generated as schema

    model: Any = schema.ModelT.InitFromPackedBuf(data, 0)
    tensors, outputs = model.subgraphs[0].tensors, model.subgraphs[0].outputs
    axis = _axis_labels(usage, max(1, *(int(size) for size in tensors[outputs[0]].shape)))
    builder = flatbuffers.Builder(1024)
    root = _metadata(usage, [tensors[index].name.decode() for index in outputs], axis)
    builder.Finish(_written(builder, root), file_identifier=_IDENTIFIER)
    entries = list(model.metadata or ())
    entry = next((each for each in entries if each.name == NAME), None)
    if entry is None:
        entry = schema.MetadataT(NAME, len(model.buffers))
        model.buffers.append(schema.BufferT())
        model.metadata = [*entries, entry]
    model.buffers[entry.buffer].data = np.frombuffer(bytes(builder.Output()), np.uint8)
    return _with_labels(packed(model, len(data)), axis)


def _axis_labels(usage: Usage, scores: int) -> tuple[str, ...]:
    """A name for each score; of a single one, that of the class which it is the score of."""
    named = usage.labels[1:] if usage.head.kind == "binary" else usage.labels
    whole = len(named) == scores and not any(name.splitlines() != [name] for name in named)
    return named if whole and usage.head.kind != "none" else ()


def _with_labels(model: bytes, labels: Sequence[str]) -> bytes:
    """Append a file of labels, not compressed: it is read in place."""
    if not labels:
        return model
    file = io.BytesIO(model)
    entry = zipfile.ZipInfo(LABELS, _MIDNIGHT)
    entry.create_system = _UNIX  # whatever this one is
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(entry, "".join(f"{label}\n" for label in labels))
    return file.getvalue()


def _metadata(usage: Usage, outputs: Sequence[str], axis: tuple[str, ...]) -> Table:
    contract, own = usage.preprocessing, properties(usage)
    if usage.labels != axis:
        own["labels"] = msgspec.json.encode(usage.labels).decode()
    scale = (contract.mean, contract.std)
    mean, std = (values[:1] if contract.uniform else values for values in scale)  # one is for all channels
    colours = Table("ImageProperties", {"color_space": _COLOURS.get(contract.channels, 0)})
    normalization = Table("NormalizationOptions", {"mean": mean, "std": std})
    image: dict[str, Value] = {
        "name": "image",
        "description": f"{contract.channels}, {contract.width} x {contract.height} pixels",
        "content": Table("Content", {"content_properties_kind": _IMAGE, "content_properties": colours}),
        "process_units": [Table("ProcessUnit", {"options_kind": NORMALIZATION, "options": normalization})],
    }
    scores: list[dict[str, Value]] = [{"name": name} for name in outputs]
    if axis:
        scores[0]["associated_files"] = [Table("AssociatedFile", {"name": LABELS, "type": _AXIS_LABELS})]
    subgraph: dict[str, Value] = {
        "input_tensor_metadata": [Table("TensorMetadata", image)],
        "output_tensor_metadata": [Table("TensorMetadata", each) for each in scores],
        "custom_metadata": [Table("CustomMetadata", {"name": CUSTOM, "data": msgspec.json.encode(own)})],
    }
    return Table(
        "ModelMetadata",
        {
            "name": usage.model,
            "description": f"Converted by edgekit {usage.version}.",
            "subgraph_metadata": [Table("SubGraphMetadata", subgraph)],
            "min_parser_version": _VERSION,
        },
    )


def _written(builder: Any, value: str | bytes | tuple[float, ...] | Table | list[Table]) -> int:
    """Write what a field refers to; return where it is."""
    import numpy as np

    if isinstance(value, Table):
        order = FIELDS[value.kind]
        fields = {
            name: each if isinstance(each, int) else _written(builder, each)
            for name, each in value.fields.items()
        }
        builder.StartObject(len(order))
        for name, each in fields.items():
            if isinstance(value.fields[name], int):
                builder.PrependInt8Slot(order.index(name), each, 0)
            else:
                builder.PrependUOffsetTRelativeSlot(order.index(name), each, 0)
        return int(builder.EndObject())
    if isinstance(value, str):
        return int(builder.CreateString(value))
    if isinstance(value, bytes):
        return int(builder.CreateByteVector(value))
    if isinstance(value, tuple):
        return int(builder.CreateNumpyVector(np.array(value, "<f4")))
    places = [_written(builder, each) for each in value]
    builder.StartVector(4, len(places), 4)
    for place in reversed(places):
        builder.PrependUOffsetTRelative(place)
    return int(builder.EndVector())
