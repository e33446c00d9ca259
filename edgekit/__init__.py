"""Quantize a trained MobileNet and prove how fast, how big and how right it is on the device.

The stages, each a package, each starting from files the one before it left:

    zoo · data · training    a trained Keras model
    conversion               model        -> artefact set  (TFLite and ONNX files + manifest.json)
    device · runtime         where and with what an artefact runs
    measurement · guest      artefact set -> result        (JSON with every raw sample)
    reporting                result       -> terminal, Markdown, CSV, HTML
    comparison · budget      results      -> verdicts
    explanation              artefact     -> instructions by operator

`artefact.py` and `results.py` hold the records that pass between them.
"""

__version__ = "0.1.0"
