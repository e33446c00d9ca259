"""What a runtime's wheels hold that running a model does not need: it would only be pushed to devices.

Every pattern was checked by running models in all three runtimes on what is left.
"""

from __future__ import annotations

import shutil
from pathlib import Path

UNUSED = (
    "bin",
    # for compiling against them, and for type checkers
    "**/*.pyi",
    "**/*.pyx",
    "**/*.pxd",
    "**/*.[ach]",
    "**/*.hpp",
    "**/include",
    # for testing them
    "**/tests",
    "numpy/**/_simd.cpython-*.so",
    "numpy/conftest.py",
    # for building Python extensions
    "numpy/distutils",
    "numpy/f2py",
    "numpy/_pyinstaller",
    # for making models, not for running them
    "onnxruntime/datasets",
    "onnxruntime/quantization",
    "onnxruntime/tools",
    "onnxruntime/transformers",
    # for programs in C; Python's module has the same in itself
    "onnxruntime/capi/libonnxruntime.so.*",
    "ai_edge_litert/aot",
    "ai_edge_litert/tools",
    "ai_edge_litert/*_pb2.py",
    "ai_edge_litert/schema_py_generated.py",
    # for graphics processors
    "ai_edge_litert/*Gpu*.so",
)


def trim(folder: Path) -> None:
    """Remove from a folder of unpacked wheels what running a model does not need."""
    for pattern in UNUSED:
        # parents first: what is below them is gone then
        for path in sorted(folder.glob(pattern)):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
