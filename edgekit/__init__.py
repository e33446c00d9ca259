"""Quantize a trained MobileNet and prove how fast, how big and how right it is on the device.

The stages, each a package, each starting from files the one before it left:

    zoo · data · train      a trained Keras model
    convert                 model       -> artefact set  (TFLite and ONNX files + manifest.json)
    device · runtime        where and with what an artefact runs
    bench · guest           artefact set -> result        (JSON with every raw sample)
    report                  result      -> terminal, Markdown, CSV, HTML
    compare · budget        results     -> verdicts
    explain                 artefact    -> instructions by operator

`artefact.py` and `results.py` hold the records that pass between them.
"""

__version__ = "0.1.0"
