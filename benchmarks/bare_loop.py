"""The least that measures a model: load it, feed it once, and time a loop. Prints the median in ns.

    python -I -S bare_loop.py BUNDLE MODEL SECONDS

One thread. BUNDLE is a folder to import the runtime from. Nothing of edgekit is used.
"""

import os
import statistics
import sys
import time

WARMUP_SECONDS = 0.5


def tflite(path):
    """Return a function that runs a TFLite model once."""
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=path, num_threads=1)
    interpreter.allocate_tensors()
    (source,) = interpreter.get_input_details()
    interpreter.set_tensor(source["index"], image(np, source["shape"], source["dtype"]))
    return interpreter.invoke


def onnx(path):
    """Return a function that runs an ONNX model once."""
    import numpy as np
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    (source,) = session.get_inputs()
    feed = {source.name: image(np, source.shape, np.float32)}
    return lambda: session.run(None, feed)


def image(np, shape, dtype):
    """Seeded noise in [−1, 1], or the same as int8."""
    values = np.random.RandomState(0).randint(0, 256, shape)
    if dtype == np.float32:
        return ((values - 127.5) / 127.5).astype(dtype)
    return (values - 128).astype(dtype)


def main(bundle, model, seconds):
    """Warm up, then time every run for a while."""
    sys.path.insert(0, bundle)
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # as edgekit's guest has it
    run = tflite(model) if model.endswith(".tflite") else onnx(model)
    end = time.perf_counter() + WARMUP_SECONDS
    while time.perf_counter() < end:
        run()
    samples = []
    end = time.perf_counter() + float(seconds)
    while time.perf_counter() < end:
        start = time.perf_counter_ns()
        run()
        samples.append(time.perf_counter_ns() - start)
    print(statistics.median(samples))


if __name__ == "__main__":
    main(*sys.argv[1:])
