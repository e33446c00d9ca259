"""The least that measures a model: load it, feed it once, and time a loop. Prints the median in ns.

    python -I -S bare_loop.py BUNDLE MODEL SECONDS [NAME=SIZES …]

Any number of inputs; sizes that a file leaves open are 1, or as given. One thread. BUNDLE is a folder
to import the runtime from. Nothing of edgekit is used.
"""

import os
import statistics
import sys
import time

WARMUP_SECONDS = 0.5


def tflite(path, shapes):
    """Return a function that runs a TFLite model once."""
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=path, num_threads=1)
    for source in interpreter.get_input_details():
        if source["name"] in shapes:
            interpreter.resize_tensor_input(source["index"], shapes[source["name"]])
    interpreter.allocate_tensors()
    for source in interpreter.get_input_details():
        interpreter.set_tensor(source["index"], noise(np, source["shape"], source["dtype"]))
    return interpreter.invoke


def onnx(path, shapes):
    """Return a function that runs an ONNX model once."""
    import numpy as np
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    feed = {}
    for source in session.get_inputs():
        kind = source.type[len("tensor(") : -1].replace("double", "float64")
        shape = shapes.get(source.name) or [size if isinstance(size, int) else 1 for size in source.shape]
        feed[source.name] = noise(np, shape, np.dtype("float32" if kind == "float" else kind).type)
    return lambda: session.run(None, feed)


def noise(np, shape, dtype):
    """Seeded noise: in [−1, 1], as bytes, or 0 and 1 in wider integers and truth values."""
    values = np.random.RandomState(0).randint(0, 256, shape)
    if np.issubdtype(dtype, np.floating):
        return np.asarray((values - 127.5) / 127.5, dtype)
    if dtype in (np.int8, np.uint8):
        return np.asarray(values - 128 * (dtype == np.int8), dtype)
    return np.asarray(values & 1, dtype)


def main(bundle, model, seconds, *shapes):
    """Warm up, then time every run for a while."""
    sys.path.insert(0, bundle)
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # as edgekit's guest has it
    pairs = (text.rpartition("=") for text in shapes)
    sizes = {name: [int(size) for size in given.split(",")] for name, _, given in pairs}
    run = tflite(model, sizes) if model.endswith(".tflite") else onnx(model, sizes)
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
