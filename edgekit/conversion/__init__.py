"""From a trained Keras model to a verified set of TFLite and ONNX files.

The stages, in the order they run, a file each: `load` the model and the images → freeze its `graph` →
make float32 files (`tflite_files`, `onnx_files`) and compare them with Keras (`quality`) → calibrate
(`ranges`) and quantize to int8, climbing the `ladder` while too much accuracy is lost → read the files
back (`checks`, `target`) → write the set (`output`) and judge it (`verdict`). `pipeline` tells the story;
`conversion` does it for one format, with what `formats` knows of it.
"""

from edgekit.conversion.pipeline import convert
from edgekit.conversion.request import ConvertRequest

__all__ = ["ConvertRequest", "convert"]
