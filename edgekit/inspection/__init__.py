"""What a model file holds: layers, work, parameters and quantization, read without running it.

TensorFlow is imported for Keras models alone. A damaged file gives a ModelError, never a crash: both
formats are walked by readers that check every offset.
"""

from edgekit.inspection.external import data_files
from edgekit.inspection.file import inspect_bytes, inspect_file, is_model_file
from edgekit.inspection.formats import FILE_FORMATS, FileFormat
from edgekit.inspection.noise import LayerNoise, NoiseByLayer, lost_db
from edgekit.inspection.record import Inspection, Layer, Quantization, TensorInfo
from edgekit.inspection.side_by_side import Costs, side_by_side
from edgekit.inspection.target import Inspected, ModelCost, as_record, inspect_target

__all__ = [
    "FILE_FORMATS",
    "Costs",
    "FileFormat",
    "Inspected",
    "Inspection",
    "Layer",
    "LayerNoise",
    "ModelCost",
    "NoiseByLayer",
    "Quantization",
    "TensorInfo",
    "as_record",
    "data_files",
    "inspect_bytes",
    "inspect_file",
    "inspect_target",
    "is_model_file",
    "lost_db",
    "side_by_side",
]
