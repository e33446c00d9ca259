#!/usr/bin/env python3
"""Measure one model with one runtime, on the device this file runs on.

    python3 edgekit_guest.py request.json
    python3 edgekit_guest.py -                  the request is the first line of the standard input

A request is one JSON object, the answer one line of JSON, and nothing else ever appears on the standard
output: whatever a runtime prints goes to the standard error. `sustain` says a line for each window before
its answer. Needs Python 3.8 or newer, the runtime and numpy,
nothing of edgekit. A pass is one process:

    python        which interpreter this is                          (needs neither numpy nor a runtime)
    probe         what the device is and how it is doing             (neither)
    latency       import, load, first inference, warm-up, timed loop
    sustain       inferences for minutes: a line for each window of them, as it ends
    memory        resident set with the runtime imported, with the model loaded, and at its peak
    accuracy      answers over a file of images
    outputs       what the model makes of the timed input
    instructions  instructions per inference
    operators     instructions of a model, and of its operators one by one

Times are nanoseconds of the monotonic clock, sizes bytes. By hand, for instance:

    {"pass": "latency", "runtime": "litert", "model": "int8.tflite", "threads": 1}
"""

# The fewer modules this process imports, the less it weighs in the memory it reports: no pathlib.
# zip(strict=…) needs Python 3.10, functools.cache 3.9.
# ruff: noqa: PTH100, PTH110, PTH113, PTH119, PTH120, PTH123, PTH207, B905, UP033

from __future__ import annotations

import array
import ctypes
import errno
import functools
import gc
import glob
import hashlib
import importlib
import json
import math
import os
import platform
import signal
import struct
import sys
import time
import traceback
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

SCHEMA = "edgekit.guest/1"

RUNTIMES = {
    # name: distribution whose version counts, module to import
    "litert": ("ai-edge-litert", "ai_edge_litert.interpreter"),
    "tflite-runtime": ("tflite-runtime", "tflite_runtime.interpreter"),
    "onnxruntime": ("onnxruntime", "onnxruntime"),
}

DEFAULTS: dict[str, Any] = {
    "schema": SCHEMA,
    "pass": "",
    "path": [],  # folders to import the runtime from, before any other
    "runtime": "",
    "model": "",
    "model_sha256": "",  # checked unless empty
    "threads": 1,
    "affinity": [],  # CPUs to run on; empty: all
    "model_data": [],  # files next to the model that hold its weights: pairs of name and SHA-256
    "seed": 0,  # of the timed input
    "inputs": [],  # in the model's order, each {"shape": [...], "file": .npy}; {}: its own shape, seeded
    "mean": [127.5, 127.5, 127.5],  # of the preprocessing contract, 0–255; empty: the input is not an image
    "std": [127.5, 127.5, 127.5],
    "layout": "NHWC",  # of the model's input; images are always NHWC
    "input_scale": 0.0,  # of a quantized input whose file format does not say (ONNX)
    "input_zero_point": 0,
    "output_scale": 0.0,  # likewise, of the first output
    "output_zero_point": 0,
    "output_shape": [],  # of the first one, checked unless empty
    "finite": True,  # refuse outputs that hold NaN or infinity
    "most_values": 1024,  # outputs: beyond, an evenly spaced sample is given
    "xnnpack": True,  # whether TFLite's runtimes may use it
    "loads": 1,  # instructions: how often the model is loaded
    "warmup_runs": 10,
    "warmup_seconds": 0.5,
    "min_runs": 128,
    "min_seconds": 2.0,
    "max_seconds": 600.0,
    "max_samples": 16384,  # beyond, only one inference in `every` is timed
    "fps": 0.0,  # spaces the inferences; 0: back to back
    "window_seconds": 1.0,  # sustain
    "window_samples": 32,  # about so many inferences of a window are timed; all of them heat
    "max_celsius": 0.0,  # latency waits until the CPU is cooler; 0: it does not
    "cool_seconds": 0.0,  # how long it waits at most
    "clock": False,  # the clock counts instructions, one per nanosecond (QEMU's -icount shift=0)
    "cuts": [],  # operators: edits that cut parts out of a TFLite file: lists of [offset, hexadecimal bytes]
    "calibration": [],  # operators: pairs of ONNX files in hexadecimal: one tiny node, and many
    "profile": "",  # how the name of ONNX Runtime's profile begins; empty: it makes none
    "evaluation": "",  # .npz with uint8 images [n, H, W, C] and integer labels [n]
    "evaluation_sha256": "",
    "head": "top1",  # what an answer is: top1, binary or multilabel
    "threshold": 0.5,  # of the last two, in units of the scores
    "watch_stdin": False,  # die when the standard input is closed: whoever asked is gone
}


class GuestError(Exception):
    """What makes a request impossible: a code for programs, a sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


# ---------------------------------------------------------------- the protocol


def main(argv: list[str]) -> int:
    """Answer the request named on the command line; return the exit status."""
    # The answer gets a descriptor of its own. From here on, descriptor 1 is the standard error.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    status = 1
    try:
        request = read_request(argv)
        if request["watch_stdin"]:
            die_with_stdin()
        found = PASSES[request["pass"]](request)
        answer = found if isinstance(found, dict) else {}
        for window in () if isinstance(found, dict) else found:
            say({"window": window}, answers)
        status = 0
    except GuestError as error:
        answer = {"error": {"code": error.code, "message": str(error)}}
    except MemoryError:
        answer = {"error": {"code": "out-of-memory", "message": "The device ran out of memory."}}
    except Exception as error:
        traceback.print_exc()
        answer = {"error": {"code": "internal", "message": f"{type(error).__name__}: {error}"}}
    say(dict(answer, schema=SCHEMA), answers)
    answers.close()
    return status


def say(record: dict[str, Any], answers: Any) -> None:
    """Write one line, which is there at once."""
    json.dump(record, answers)
    answers.write("\n")
    answers.flush()


def read_request(argv: list[str]) -> dict[str, Any]:
    """Return the request with every default filled in, or say what is wrong with it."""
    if len(argv) != 2:
        raise GuestError("bad-request", f"Expected one argument, the request or `-`; got {len(argv) - 1}.")
    try:
        if argv[1] == "-":
            fields = json.loads(sys.stdin.readline())
        else:
            with open(argv[1], encoding="utf-8") as file:
                fields = json.load(file)
    except (OSError, ValueError) as error:
        raise GuestError("bad-request", f"The request cannot be read: {error}.") from error
    if not isinstance(fields, dict):
        raise GuestError("bad-request", f"The request is not a JSON object but a {type(fields).__name__}.")
    for name, value in fields.items():
        check_field(name, value)
    request = dict(DEFAULTS, **fields)
    if request["schema"] != SCHEMA:
        raise GuestError("bad-request", f"The request's schema is {request['schema']!r}, not {SCHEMA!r}.")
    if request["pass"] not in PASSES:
        known = ", ".join(PASSES)
        raise GuestError("bad-request", f"No pass is called {request['pass']!r}; there are {known}.")
    return request


def check_field(name: str, value: Any) -> None:
    """Compare one field of a request with the type of its default."""
    if name not in DEFAULTS:
        raise GuestError("bad-request", f"The request has the unknown field {name!r}.")
    default = DEFAULTS[name]
    kind = (int, float) if isinstance(default, float) else type(default)
    if not isinstance(value, kind) or isinstance(value, bool) != isinstance(default, bool):
        raise GuestError("bad-request", f"{name} must be {type(default).__name__}, not {value!r}.")
    low = {
        "threads": 1,
        "loads": 1,
        "min_runs": 1,
        "max_samples": 1,
        "input_zero_point": -128,
        "output_zero_point": -128,
    }.get(name, 0)
    if isinstance(default, (int, float)) and not low <= value < math.inf:
        raise GuestError("bad-request", f"{name} must be at least {low}, not {value!r}.")


def die_with_stdin() -> None:
    """Have the kernel end this process when the other end of its standard input closes.

    SIGIO ends a process by default. Unlike a watching thread this costs nothing while measuring.
    """
    import fcntl
    import select

    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)
    hangup = select.poll()
    hangup.register(0, select.POLLIN)
    if hangup.poll(0):  # closed before the kernel was asked to watch
        os.kill(os.getpid(), signal.SIGKILL)


# ---------------------------------------------------------------- runtimes


class Tensor:
    """A model's input or output."""

    def __init__(self, name: str, shape: Any, dtype: Any, scale: float = 0.0, zero_point: int = 0) -> None:
        self.name = name
        self.shape = tuple(int(size) if isinstance(size, int) and size > 0 else 1 for size in shape)
        self.dtype = dtype
        self.scale = float(scale)
        self.zero_point = int(zero_point)


class Model:
    """A model that is ready to run. `invoke` is what gets timed: it runs on what `feed` was given last."""

    inputs: list[Tensor]
    outputs: list[Tensor]
    invoke: Callable[[], Any]
    delegate: str | None
    options: dict[str, str]
    xnnpack = True  # False: switched off

    def feed(self, values: list[Any]) -> None:
        """Take the values of the inputs."""
        raise NotImplementedError

    def predict(self, values: list[Any]) -> list[Any]:
        """Feed, run, return the outputs."""
        raise NotImplementedError

    def run_first(self, request: dict[str, Any]) -> Any:
        """Run, and say what went wrong as the first run can: shapes that do not fit are found only then."""
        try:
            return self.invoke()
        except (GuestError, MemoryError):
            raise
        except Exception as error:
            message = f"{request['model']} does not run in {request['runtime']}: {reason_of(error)}"
            raise GuestError("model-failed", message) from error


class TFLiteModel(Model):
    """A model in LiteRT's or tflite-runtime's interpreter, which have the same interface."""

    def __init__(self, module: Any, request: dict[str, Any]) -> None:
        threads = request["threads"]
        resolver = {}
        if not request["xnnpack"]:
            kind = module.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
            resolver["experimental_op_resolver_type"] = kind
        self._interpreter = module.Interpreter(model_path=request["model"], num_threads=threads, **resolver)
        for details, asked in zip(self._interpreter.get_input_details(), request["inputs"]):
            if asked.get("shape") and asked["shape"] != list(details["shape"]):
                self._interpreter.resize_tensor_input(details["index"], asked["shape"])
        self._interpreter.allocate_tensors()
        details = self._interpreter.get_input_details()
        self.inputs = [self._tensor(each) for each in details]
        self._places = [each["index"] for each in details]
        details = self._interpreter.get_output_details()
        self.outputs = [self._tensor(each) for each in details]
        self._results = [each["index"] for each in details]
        self.invoke = self._interpreter.invoke
        # XNNPACK is the only delegate that the interpreter applies of its own accord
        delegated = any(op["op_name"] == "DELEGATE" for op in self._interpreter._get_ops_details())
        self.delegate = "XNNPACK" if delegated else None
        self.xnnpack = request["xnnpack"]
        self.options = {"num_threads": str(threads), **{name: kind.name for name, kind in resolver.items()}}

    @staticmethod
    def _tensor(details: dict[str, Any]) -> Tensor:
        sizes = [int(size) for size in details["shape"]]
        return Tensor(details["name"], sizes, details["dtype"], *details["quantization"])

    def feed(self, values: list[Any]) -> None:
        """Take the values of the inputs."""
        for place, value in zip(self._places, values):
            self._interpreter.set_tensor(place, value)

    def predict(self, values: list[Any]) -> list[Any]:
        """Feed, run, return copies of the outputs."""
        self.feed(values)
        self.invoke()
        return [self._interpreter.get_tensor(place) for place in self._results]


class OnnxModel(Model):
    """A model in ONNX Runtime, on the CPU."""

    def __init__(self, module: Any, request: dict[str, Any]) -> None:
        options = module.SessionOptions()
        options.intra_op_num_threads = request["threads"]
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors
        options.enable_profiling = bool(request["profile"])
        options.profile_file_prefix = request["profile"] or options.profile_file_prefix
        session = module.InferenceSession(request["model"], options, providers=["CPUExecutionProvider"])
        scale, zero_point = request["input_scale"], request["input_zero_point"]
        asked = request["inputs"] or [{}] * len(session.get_inputs())
        self.inputs = [
            Tensor(each.name, shaped.get("shape") or each.shape, self._dtype(each), scale, zero_point)
            for each, shaped in zip(session.get_inputs(), asked)
        ]
        self.outputs = [Tensor(each.name, each.shape or (), None) for each in session.get_outputs()]
        self.outputs[0].scale = float(request["output_scale"])
        self.outputs[0].zero_point = request["output_zero_point"]
        self.delegate = session.get_providers()[0]
        self._feed: dict[str, Any] = {}
        self.end_profiling: Callable[[], str] = session.end_profiling
        self.invoke = functools.partial(session.run, [each.name for each in self.outputs], self._feed)
        self.options = {
            "intra_op_num_threads": str(options.intra_op_num_threads),
            "inter_op_num_threads": str(options.inter_op_num_threads),
            "graph_optimization_level": options.graph_optimization_level.name,
            "session.intra_op.allow_spinning": "1",  # ONNX Runtime's default, left alone
        }

    @staticmethod
    def _dtype(tensor: Any) -> Any:
        import numpy

        name = tensor.type.replace("tensor(", "").replace(")", "")
        name = {"float": "float32", "double": "float64"}.get(name, name)
        kinds = "bool float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64"
        if name not in kinds.split():
            what = f"The input {tensor.name} takes {tensor.type}; edgekit gives numbers and truth values."
            raise GuestError("model-unsupported", what)
        return numpy.dtype(name).type

    def feed(self, values: list[Any]) -> None:
        """Take the values of the inputs."""
        for tensor, value in zip(self.inputs, values):
            self._feed[tensor.name] = value

    def predict(self, values: list[Any]) -> list[Any]:
        """Feed, run, return the outputs."""
        self.feed(values)
        return list(self.invoke())


def reason_of(error: Exception) -> str:
    """The first line of what a runtime says went wrong, without ONNX Runtime's numbers for it."""
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return first.split(" : ", 3)[-1] if first.startswith("[ONNXRuntimeError]") else first


def import_runtime(request: dict[str, Any]) -> Any:
    """Import the module of the runtime asked for."""
    name = request["runtime"]
    if name not in RUNTIMES:
        raise GuestError("bad-request", f"No runtime is called {name!r}; there are {', '.join(RUNTIMES)}.")
    sys.path[:0] = [os.path.abspath(folder) for folder in request["path"]]
    # numpy's linear algebra is not used here: its threads would only add to the memory baseline
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # otherwise ONNX Runtime opens a database under the home folder, starts a thread and calls its maker
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    try:
        return importlib.import_module(RUNTIMES[name][1])
    except ImportError as error:
        raise GuestError("runtime-missing", f"{name} cannot be imported: {error}") from error


def runtime_version(request: dict[str, Any]) -> str:
    """The version that the runtime's own metadata states."""
    from importlib import metadata

    try:
        return metadata.version(RUNTIMES[request["runtime"]][0])
    except metadata.PackageNotFoundError:
        return "unknown"


def load_model(module: Any, request: dict[str, Any]) -> Model:
    """Load the model file and make it ready to run."""
    kind: type[Model] = OnnxModel if request["runtime"] == "onnxruntime" else TFLiteModel
    try:
        return kind(module, request)  # type: ignore[call-arg]
    except (GuestError, MemoryError):
        raise
    except Exception as error:
        message = f"{request['model']} does not load in {request['runtime']}: {reason_of(error)}"
        raise GuestError("model-unreadable", message) from error


def check_model_file(request: dict[str, Any]) -> None:
    """Compare the bytes of the model file, and of the files that hold its weights, with their hashes."""
    check_hash(request["model"], request["model_sha256"], "model-unreadable")
    for name, digest in request["model_data"]:
        check_hash(f"{os.path.dirname(request['model'])}/{name}", digest, "model-unreadable")


def check_hash(path: str, expected: str, code: str) -> None:
    """Read a whole file (so that it is in the page cache) and compare its hash, unless that is empty."""
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            for chunk in iter(lambda: file.read(1 << 20), b""):
                digest.update(chunk)
    except OSError as error:
        raise GuestError(code, f"{path} cannot be read: {error.strerror}.") from error
    found = digest.hexdigest()
    if expected and found != expected:
        raise GuestError("hash-mismatch", f"{path} has the SHA-256 {found}, not {expected}.")


def pin(request: dict[str, Any]) -> None:
    """Keep this process, and the threads that a runtime will start, on the CPUs asked for."""
    if not request["affinity"]:
        return
    try:
        os.sched_setaffinity(0, request["affinity"])
        if os.sched_getaffinity(0) != set(request["affinity"]):  # the kernel leaves out what is not there
            raise ValueError(f"only {usable_cpus()} exist or are allowed")
    except (AttributeError, OSError, TypeError, ValueError) as error:
        raise GuestError("bad-affinity", f"CPUs {request['affinity']} cannot be used: {error}.") from error


# ---------------------------------------------------------------- images in, classes out


def timed_inputs(model: Model, request: dict[str, Any]) -> tuple[list[Any], str]:
    """Return the values of every input, and their hash: the same for every runtime.

    An input whose values are not given is seeded. The hash of several inputs is that of their hashes.
    """
    import numpy

    values, digests = [], []
    asked = request["inputs"] or [{}] * len(model.inputs)
    as_image = request["mean"] and len(model.inputs) == 1
    if len(asked) != len(model.inputs):
        counts = f"{len(asked)} inputs are given, the model takes {len(model.inputs)}."
        raise GuestError("bad-request", counts)
    for place, (tensor, each) in enumerate(zip(model.inputs, asked)):
        if each.get("file"):
            value, digest = given_values(tensor, each["file"])
        else:
            shape = image_shape(tensor.shape, request) if as_image else tensor.shape
            pixels, digest = timed_pixels(shape, request["seed"], place)
            value = model_input(pixels, model, request) if as_image else noise(pixels, tensor.dtype)
        values.append(numpy.asarray(value))  # arithmetic makes a number of an array without sizes
        digests.append(digest)
    return values, digests[0] if len(digests) == 1 else sha256("".join(digests).encode())


def sha256(data: bytes) -> str:
    """The hash of some bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def given_values(tensor: Tensor, path: str) -> tuple[Any, str]:
    """Read an input's values from a .npy file; return them and the hash of their bytes."""
    import numpy

    try:
        values = numpy.asarray(numpy.load(path, allow_pickle=False), order="C")
    except (OSError, EOFError, ValueError) as error:
        raise GuestError("bad-request", f"{path} cannot be read: {error}") from error
    if values.dtype != tensor.dtype or values.shape != tensor.shape:
        found = f"{values.dtype.name} {list(values.shape)}"
        wanted = f"{numpy.dtype(tensor.dtype).name} {list(tensor.shape)}"
        raise GuestError("bad-request", f"The input {tensor.name} takes {wanted}; {found} is given.")
    return values, sha256(values.tobytes())


def timed_pixels(shape: tuple[int, ...], seed: int, place: int = 0) -> tuple[Any, str]:
    """Return seeded uint8 noise in the shape of an input, and its hash.

    An extendable hash function makes the bytes, so they never depend on a library's version.
    """
    import numpy

    which = b"%d" % seed if place == 0 else b"%d, input %d" % (seed, place)
    data = hashlib.shake_256(b"edgekit timed input " + which).digest(math.prod(shape))
    return numpy.frombuffer(data, numpy.uint8).reshape(shape), sha256(data)


def noise(pixels: Any, dtype: Any) -> Any:
    """Turn bytes into the values of a type: from −1 to 1 for floating types, all that one byte can hold.

    So a file of bytes sees much what a floating one of the same model does. Wider integers get 0 or 1, as
    truth values do: they may be places in a table, of which the first two are there.
    """
    import numpy

    if numpy.issubdtype(dtype, numpy.floating):
        return ((pixels.astype(numpy.float32) - numpy.float32(127.5)) / numpy.float32(127.5)).astype(dtype)
    if dtype == numpy.int8:
        return (pixels ^ 128).view(dtype)  # less 128
    return pixels if dtype == numpy.uint8 else (pixels & 1).astype(dtype)


def image_shape(shape: tuple[int, ...], request: dict[str, Any]) -> tuple[int, ...]:
    """The shape of a batch of images, whose channels come last, for an input's shape."""
    if request["layout"] == "NHWC" or len(shape) != 4:
        return shape
    return (shape[0], shape[2], shape[3], shape[1])


def model_input(pixels: Any, model: Model, request: dict[str, Any]) -> Any:
    """Apply the preprocessing contract to uint8 pixels [n, H, W, C], whose channels are in its order.

    (x − mean) / std, then the input's layout, then its quantization.
    """
    import numpy

    tensor = model.inputs[0]
    mean, std = numpy.float32(request["mean"]), numpy.float32(request["std"])
    values = (pixels.astype(numpy.float32) - mean) / std
    if request["layout"] == "NCHW" and values.ndim == 4:
        values = numpy.ascontiguousarray(values.transpose(0, 3, 1, 2))
    if values.shape != tensor.shape:
        raise GuestError("bad-request", f"The images give {values.shape}, the model takes {tensor.shape}.")
    if numpy.issubdtype(tensor.dtype, numpy.floating):
        return values.astype(tensor.dtype)
    if tensor.scale <= 0:
        raise GuestError("bad-request", f"The input is {tensor.dtype.__name__}, and its scale is not known.")
    limits = numpy.iinfo(tensor.dtype)
    levels = numpy.rint(values / numpy.float32(tensor.scale)) + tensor.zero_point
    return numpy.clip(levels, limits.min, limits.max).astype(tensor.dtype)


def check_outputs(outputs: list[Any], request: dict[str, Any]) -> None:
    """Refuse a first output of the wrong shape, or outputs that are not finite."""
    import numpy

    expected = tuple(request["output_shape"])
    found = outputs[0].shape if expected else ()
    fits = len(found) == len(expected) and all(
        size in (seen, 0, -1)
        for size, seen in zip(expected, found)  # 0 and -1: any
    )
    if expected and not fits:
        raise GuestError("output-wrong", f"The output has the shape {found}, not {expected}.")
    for output in outputs if request["finite"] else ():
        floating = isinstance(output, numpy.ndarray) and output.dtype.kind == "f"
        if floating and not numpy.isfinite(output).all():
            raise GuestError("output-wrong", "The output is not finite: it holds NaN or infinity.")


def describe(model: Model, request: dict[str, Any]) -> dict[str, Any]:
    """Say what executed the model."""
    return {
        "name": request["runtime"],
        "version": runtime_version(request),
        "delegate": model.delegate,
        "options": model.options,
        "xnnpack": model.xnnpack,
    }


# ---------------------------------------------------------------- passes


def latency(request: dict[str, Any]) -> dict[str, Any]:
    """Time imports, loading, the first inference, and then as many inferences as asked for."""
    clock = time.perf_counter_ns
    check_model_file(request)
    pin(request)
    waited, celsius = cool_down(request)
    start = clock()
    module = import_runtime(request)
    imported = clock()
    model = load_model(module, request)
    loaded = clock()
    values, digest = timed_inputs(model, request)
    model.feed(values)
    fed = clock()
    model.run_first(request)
    first = clock()
    check_outputs(model.predict(values), request)
    gc.collect()
    gc.freeze()
    gc.disable()
    runs, fastest = warm_up(model.invoke, request)
    every = stride(fastest, request)
    stops, before, khz = quota_stops(), work(), frequency(usable_cpus())
    samples, loop_ns = timed_loop(model.invoke, every, request)
    khz_after, after, stops_after = frequency(usable_cpus()), work(), quota_stops()
    check_outputs(model.predict(values), request)
    return {
        "runtime": describe(model, request),
        "input_sha256": digest,
        "import_ns": imported - start,
        "load_ns": loaded - imported,
        "first_ns": first - fed,
        "warmup_runs": runs,
        "samples_ns": samples,
        "every": every,
        "loop_ns": loop_ns,
        "other_cpus": other_cpus(before, after),
        "frequency_khz": [khz, khz_after] if khz and khz_after else None,
        "celsius": celsius,
        "waited_seconds": waited,
        "quota_stops": stopped_between(stops, stops_after),
    }


def cool_down(request: dict[str, Any]) -> tuple[float, float | None]:
    """Wait until the CPU is cool enough, but not for too long; return the seconds waited and the °C then."""
    begin, waited, celsius = time.monotonic(), 0.0, cpu_temperature()
    limit = request["max_celsius"] or math.inf
    while celsius is not None and celsius > limit and waited < request["cool_seconds"]:
        time.sleep(1)
        waited, celsius = time.monotonic() - begin, cpu_temperature()
    return waited, celsius


def warm_up(invoke: Callable[[], Any], request: dict[str, Any]) -> tuple[int, int]:
    """Run until both limits are reached; return how many runs that took, and the fastest in ns."""
    clock = time.perf_counter_ns
    seconds = min(request["warmup_seconds"], request["max_seconds"])
    begin, runs, fastest = clock(), 0, 1 << 62
    while runs < request["warmup_runs"] or clock() - begin < seconds * 1e9:
        start = clock()
        invoke()
        fastest = min(fastest, clock() - start)
        runs += 1
    return runs, fastest


def stride(fastest_ns: int, request: dict[str, Any]) -> int:
    """Decide, before the timed loop, to time one inference in `every`, so that the samples stay bounded."""
    if request["fps"]:
        return 1
    expected = max(request["min_runs"], request["min_seconds"] * 1e9 / max(fastest_ns, 1))
    return -int(-expected // max(request["max_samples"], request["min_runs"]))


def timed_loop(invoke: Callable[[], Any], every: int, request: dict[str, Any]) -> tuple[list[int], int]:
    """Run until there are enough samples AND enough time has passed, or the cap is reached.

    Returns:
        The samples, and the time from the loop's start to the end of its last inference, in ns.
    """
    clock = time.perf_counter_ns
    least, enough, cap = request["min_runs"], request["min_seconds"] * 1e9, request["max_seconds"] * 1e9
    period = 1e9 / request["fps"] if request["fps"] else 0
    block = bytes(8 * request["max_samples"])
    samples, untimed = array.array("q", block), range(every - 1)
    count, begin = 0, clock()
    while True:
        if period:
            time.sleep(max(0.0, begin + count * period - clock()) / 1e9)
        for _ in untimed:
            invoke()
        start = clock()
        invoke()
        stop = clock()
        samples[count] = stop - start
        count += 1
        if (count >= least and stop - begin >= enough) or stop - begin >= cap:
            return samples[:count].tolist(), stop - begin
        if count == len(samples):
            samples.frombytes(block)


def sustain(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Run the model for `min_seconds`; yield each window: its samples, and how the device was as it ended."""
    clock = time.perf_counter_ns
    check_model_file(request)
    pin(request)
    cool_down(request)
    model = load_model(import_runtime(request), request)
    values, _ = timed_inputs(model, request)
    model.feed(values)
    model.run_first(request)
    check_outputs(model.predict(values), request)
    cpus, length, total = usable_cpus(), request["window_seconds"] * 1e9, request["min_seconds"] * 1e9
    every = sustained_stride(model.invoke, request)
    gc.collect()
    gc.freeze()
    gc.disable()
    period, done, begin = (1e9 / request["fps"] if request["fps"] else 0), 0, clock()
    stop = begin
    while stop - begin < total:
        samples, runs, start, before = [], 0, clock(), work()
        while clock() - start < length:
            if period:
                time.sleep(max(0.0, begin + done * period - clock()) / 1e9)
            for _ in range(every - 1):
                model.invoke()
            first = clock()
            model.invoke()
            stop = clock()
            samples.append(stop - first)
            runs += every
            done += every
        yield {
            "start_ns": start - begin,
            "end_ns": stop - begin,
            "runs": runs,
            "samples_ns": samples,
            "khz": frequency(cpus),
            "celsius": cpu_temperature(),
            "throttled": throttle_bits(),
            "other_cpus": other_cpus(before, work()),
        }
    check_outputs(model.predict(values), request)


def sustained_stride(invoke: Callable[[], Any], request: dict[str, Any]) -> int:
    """Decide to time one inference in so many; three runs tell how long one takes, and hardly heat."""
    if request["fps"]:
        return 1
    _, fastest = warm_up(invoke, dict(request, warmup_runs=3, warmup_seconds=0.0))
    return max(1, int(request["window_seconds"] * 1e9 / max(fastest, 1) / request["window_samples"]))


def memory(request: dict[str, Any]) -> dict[str, Any]:
    """Read the resident set with the runtime imported, with the model loaded, and at its highest."""
    check_model_file(request)
    pin(request)
    module = import_runtime(request)
    gc.collect()
    baseline = resident("VmRSS")
    model = load_model(module, request)
    loaded = resident("VmRSS")
    values, _ = timed_inputs(model, request)
    model.feed(values)
    model.run_first(request)
    for _ in range(max(1, request["warmup_runs"])):
        found = model.predict(values)
    check_outputs(found, request)
    peak = max(resident("VmHWM"), loaded)
    answer = {"runtime": describe(model, request), "baseline": baseline, "loaded": loaded, "peak": peak}
    return dict(answer, pss=proc_field("/proc/self/smaps_rollup", "Pss"))


def resident(field: str) -> int:
    """Read one of the kernel's numbers about this process, in bytes."""
    size = proc_field("/proc/self/status", field)
    if size is None:
        raise GuestError("memory-unreadable", f"/proc/self/status has no {field} on this system.")
    return size


def accuracy(request: dict[str, Any]) -> dict[str, Any]:
    """Classify every image of the evaluation file; count how many are right."""
    check_model_file(request)
    check_hash(request["evaluation"], request["evaluation_sha256"], "evaluation-unreadable")
    pin(request)
    model = load_model(import_runtime(request), request)
    predictions: list[int] = []
    try:
        with zipfile.ZipFile(request["evaluation"]) as archive:
            for pixels in rows(archive, "images.npy"):
                found = model.predict([model_input(pixels[None], model, request)])
                if not predictions:
                    check_outputs(found, request)
                predictions.append(answer_of(found[0], model.outputs[0], request))
            labels = [int(label) for label in rows(archive, "labels.npy")]
    except (OSError, KeyError, EOFError, ValueError, zipfile.BadZipFile) as error:
        message = f"{request['evaluation']} cannot be read: {error}"
        raise GuestError("evaluation-unreadable", message) from error
    if len(labels) != len(predictions) or not labels:
        counts = f"{len(predictions)} images and {len(labels)} labels"
        raise GuestError("evaluation-unreadable", f"{request['evaluation']} has {counts}.")
    correct = sum(label == found for label, found in zip(labels, predictions))
    answer = {"runtime": describe(model, request), "n": len(labels), "correct": correct}
    return dict(answer, predictions=predictions)


def outputs(request: dict[str, Any]) -> dict[str, Any]:
    """Return what the model makes of the timed input."""
    check_model_file(request)
    pin(request)
    model = load_model(import_runtime(request), request)
    values, digest = timed_inputs(model, request)
    model.feed(values)
    model.run_first(request)
    found = [output_of(*pair, request["most_values"]) for pair in zip(model.outputs, model.predict(values))]
    return {"runtime": describe(model, request), "input_sha256": digest, "outputs": found}


def output_of(tensor: Tensor, found: Any, most: int) -> dict[str, Any]:
    """Return an output's values, real ones where it is quantized; of a large one an evenly spaced sample.

    What is neither numbers nor truth values, such as texts or a dictionary, has no values.
    """
    import numpy

    kind = found.dtype.kind if isinstance(found, numpy.ndarray) else "O"
    if kind not in "biuf":
        return {"name": tensor.name, "dtype": type(found).__name__, "shape": [], "size": 0, "values": []}
    flat = found.reshape(-1)
    kept = min(most, flat.size)
    sample = flat[numpy.arange(kept) * flat.size // max(kept, 1)].astype(numpy.float64)
    answer = {"name": tensor.name, "dtype": found.dtype.name, "shape": found.shape, "size": flat.size}
    if tensor.scale > 0 and kind in "iu":
        sample = (sample - tensor.zero_point) * tensor.scale
        answer["step"] = tensor.scale
    if flat.size > 1 and flat.size == max(found.shape):
        answer["top"] = int(flat.argmax())
    # nine digits tell every float32 from every other; JSON has no NaN
    answer["values"] = [float(f"{value:.9g}") if math.isfinite(value) else None for value in sample]
    answer["not_finite"] = int(flat.size - numpy.isfinite(flat).sum()) if kind == "f" else 0
    return dict(answer, sha256=sha256(numpy.ascontiguousarray(found).tobytes()))


def answer_of(output: Any, tensor: Tensor, request: dict[str, Any]) -> int:
    """Return what the first output means, by the kind of head (see `edgekit.artefact.Head`)."""
    import numpy

    kind = request["head"]
    if kind == "top1":
        return int(output.argmax())
    if kind not in ("binary", "multilabel"):
        raise GuestError("bad-request", f"There are no answers from a head {kind!r}.")
    scores = output.reshape(-1)
    if tensor.scale > 0 and output.dtype.kind in "iu":
        scores = (scores.astype(numpy.float32) - tensor.zero_point) * numpy.float32(tensor.scale)
    above = (scores > request["threshold"]).tolist()
    return int(above[0]) if kind == "binary" else sum(1 << i for i, is_there in enumerate(above) if is_there)


def rows(archive: zipfile.ZipFile, name: str) -> Iterator[Any]:
    """Yield an array's first axis item by item from inside an .npz: a small device cannot hold it whole."""
    import numpy
    from numpy.lib import format as npy

    with archive.open(name) as file:
        version = npy.read_magic(file)
        header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = header(file)
        if fortran or dtype.hasobject or not shape:
            raise ValueError(f"{name} is not a plain row-major array")
        size = dtype.itemsize * int(numpy.prod(shape[1:]))
        for _ in range(shape[0]):
            data = file.read(size)
            if len(data) != size:
                raise EOFError(f"{name} ends early")
            yield numpy.frombuffer(data, dtype).reshape(shape[1:])


def instructions(request: dict[str, Any]) -> dict[str, Any]:
    """Count the instructions of single inferences: this thread's, in user space.

    How long the C library searches for memory depends on what was freed before, and so on every byte that
    this process ever asked for; with ONNX Runtime that is up to 0.4 % of a small model. So the heap's gaps
    are filled, and the model is loaded several times, each time elsewhere, so that chance does not decide.
    """
    check_one_thread(request)
    check_model_file(request)
    pin(request)
    read = instruction_counter()
    module = import_runtime(request)
    answer: dict[str, Any] = {"source": "perf_event_open", "per_inference": []}
    moved = []
    for load in range(request["loads"]):
        moved.append(bytes(4080 + 5008 * load))  # never the same place in a page
        model = load_model(module, request)
        values, answer["input_sha256"] = timed_inputs(model, request)
        model.feed(values)
        model.run_first(request)
        check_outputs(model.predict(values), request)
        answer["per_inference"] += count_warm(read, model.invoke, request)
        answer["runtime"] = describe(model, request)
        del model
    return dict(answer, loads=request["loads"])


def check_one_thread(request: dict[str, Any]) -> None:
    """Refuse to count what several threads do."""
    if request["threads"] != 1:
        raise GuestError("bad-request", f"Instructions are counted on one thread, not {request['threads']}.")


def count_warm(read: Callable[[], int], invoke: Callable[[], Any], request: dict[str, Any]) -> list[int]:
    """Warm up, then count the instructions of single calls."""
    for _ in range(request["warmup_runs"]):
        invoke()
    fill_heap()
    for _ in range(request["warmup_runs"]):
        invoke()
    gc.collect()
    gc.freeze()
    gc.disable()
    # reading the counter takes a few hundred instructions itself; they are measured and subtracted
    overhead = sorted(count_instructions(read, int, 31))[15]
    return [count - overhead for count in count_instructions(read, invoke, request["min_runs"])]


class HeapInfo(ctypes.Structure):
    """Struct mallinfo of mallinfo(3)."""

    _fields_ = (("others", ctypes.c_int * 9), ("keepcost", ctypes.c_int))  # bytes of the heap's top


def fill_heap() -> None:
    """Use up the gaps in the C library's heap, so that memory is found in the same way whatever came before.

    A block from the heap's top, above every gap, is given back.
    """
    if platform.libc_ver()[0] != "glibc":
        return
    libc = ctypes.CDLL(None)
    libc.malloc.argtypes, libc.malloc.restype = [ctypes.c_size_t], ctypes.c_void_p
    libc.free.argtypes = [ctypes.c_void_p]
    libc.sbrk.argtypes, libc.sbrk.restype = [ctypes.c_ssize_t], ctypes.c_void_p
    libc.mallinfo.restype = HeapInfo
    top = libc.sbrk(0) - libc.mallinfo().keepcost
    for size in [100_000 >> halvings for halvings in range(7)] + list(range(1536, 15, -16)):
        while (block := libc.malloc(size) or top) < top:
            pass
        libc.free(block if block > top else None)


def count_instructions(read: Callable[[], int], function: Callable[[], Any], runs: int) -> list[int]:
    """Read a counter before and after each of some calls."""
    counts = []
    for _ in range(runs):
        before = read()
        function()
        counts.append(read() - before)
    return counts


def instruction_counter() -> Callable[[], int]:
    """Open the kernel's counter of instructions retired in user space by this thread; return its reader.

    perf_event_open(2): type 0 is PERF_TYPE_HARDWARE, event 1 PERF_COUNT_HW_INSTRUCTIONS.
    """
    machine = platform.machine()  # the kernel's, which may be 64-bit while this process is 32-bit
    calls = {"aarch64": 364, "armv7l": 364, "armv6l": 364, "x86_64": 336, "i686": 336}
    if interpreter_bits() == 64:
        calls = {"aarch64": 241, "x86_64": 298, "riscv64": 241}
    if machine not in calls or not sys.platform.startswith("linux"):
        raise GuestError("no-counter", f"perf_event_open is not known on {machine}.")
    attributes: Any = (ctypes.c_uint64 * 14)()  # struct perf_event_attr, 112 bytes
    attributes[0] = 112 << 32 if sys.byteorder == "little" else 112
    attributes[1] = 1
    attributes[4] = 1 << 0 | 1 << 1  # for how long it was wanted, and for how long it counted
    attributes[5] = 1 << 5 | 1 << 6  # exclude_kernel, exclude_hv
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor: int = libc.syscall(calls[machine], attributes, 0, -1, -1, 8)  # this thread, any CPU, cloexec
    if descriptor >= 0:
        return functools.partial(read_counter, descriptor)
    code = ctypes.get_errno()
    if code in (errno.EACCES, errno.EPERM):
        level = read_text("/proc/sys/kernel/perf_event_paranoid") or "unknown"
        raise GuestError("no-counter", f"The kernel forbids it: perf_event_paranoid is {level}, 2 would do.")
    raise GuestError("no-counter", f"The CPU offers no instruction counter here ({os.strerror(code)}).")


def read_counter(descriptor: int) -> int:
    """Return how many instructions there were so far, if every one was counted."""
    count, wanted, counted = struct.unpack("3Q", os.read(descriptor, 24))
    if counted < wanted:  # another program uses the counter, or this kind of core has another one
        raise GuestError(
            "no-counter",
            f"The counter ran only for {counted / wanted:.0%} of the time: pin to one kind of core with "
            "--affinity, and end other programs that count.",
        )
    return int(count)


def operators(request: dict[str, Any]) -> dict[str, Any]:
    """Count the instructions of a model, and how they are divided among its operators.

    Of a TFLite file, parts are cut out and counted one by one. ONNX Runtime profiles itself: if the clock
    counts instructions, a microsecond is a thousand of them, the kernel's included.
    """
    check_one_thread(request)
    if request["runtime"] == "onnxruntime" and not request["clock"]:
        raise GuestError("no-counter", "ONNX Runtime reports its operators' times, not their instructions.")
    check_model_file(request)
    pin(request)
    read = instruction_counter()
    module = import_runtime(request)
    model = load_model(module, request)
    model.feed(timed_inputs(model, request)[0])
    model.run_first(request)
    answer: dict[str, Any] = {"runtime": describe(model, request), "source": "perf_event_open"}
    answer["whole"] = count_warm(read, model.invoke, request)
    if request["runtime"] == "onnxruntime":
        answer["nodes"] = profiled_nodes(module, request)
        answer["calibration"] = [calibrate(read, module, pair, request) for pair in request["calibration"]]
        return answer
    with open(request["model"], "rb") as file:
        content = file.read()
    answer["cuts"] = [count_cut(read, module, content, edits, request) for edits in request["cuts"]]
    return answer


def count_cut(
    read: Callable[[], int], module: Any, content: bytes, edits: Any, request: dict[str, Any]
) -> list[int]:
    """Count another TFLite model: the file's bytes with some replaced, or added at the end.

    Returns:
        Instructions per inference; none if the runtime does not execute it.
    """
    edited = bytearray(content)
    for offset, text in edits:
        piece = bytes.fromhex(text)
        edited[offset : offset + len(piece)] = piece
    try:
        interpreter = module.Interpreter(model_content=bytes(edited), num_threads=request["threads"])
        interpreter.allocate_tensors()
        for tensor in interpreter.get_input_details():
            pixels, _ = timed_pixels(tuple(int(size) for size in tensor["shape"]), request["seed"])
            interpreter.set_tensor(tensor["index"], noise(pixels, tensor["dtype"]))
        return count_warm(read, interpreter.invoke, request)
    except (RuntimeError, ValueError):
        traceback.print_exc()
        return []


def profiled_nodes(module: Any, request: dict[str, Any]) -> list[dict[str, Any]]:
    """Run an ONNX file with ONNX Runtime's profile; return every node that was executed, in order."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        model = OnnxModel(module, dict(request, profile=folder + "/"))
        model.feed(timed_inputs(model, request)[0])
        for _ in range(request["warmup_runs"] + request["min_runs"]):
            model.invoke()
        with open(model.end_profiling(), encoding="utf-8") as file:
            events = json.load(file)
    nodes: dict[str, dict[str, Any]] = {}
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            found, name = event["args"], event["name"][: -len("_kernel_time")]
            node = {"name": name, "op": found["op_name"], "microseconds": []}
            node.update(inputs=found["input_type_shape"], outputs=found["output_type_shape"])
            nodes.setdefault(found["node_index"], node)["microseconds"].append(event["dur"])
    for node in nodes.values():
        del node["microseconds"][: request["warmup_runs"]]
    return list(nodes.values())


def calibrate(read: Callable[[], int], module: Any, pair: Any, request: dict[str, Any]) -> dict[str, Any]:
    """Count a model of one tiny node and one of many; profile the latter."""
    answer: dict[str, Any] = {}
    for which, text in zip(("one", "many"), pair):
        fields = dict(request, model=bytes.fromhex(text), inputs=[], mean=[])
        model = OnnxModel(module, fields)
        model.feed(timed_inputs(model, fields)[0])
        answer[which] = count_warm(read, model.invoke, request)
    answer["nodes"] = profiled_nodes(module, fields)
    return answer


# ---------------------------------------------------------------- the device


def python(request: dict[str, Any]) -> dict[str, Any]:
    """Say which interpreter this is, and which numpy it would import if its own packages were on its path."""
    import site

    libc, release = platform.libc_ver()
    folders = [*site.getsitepackages(), "/usr/lib/python3/dist-packages"]  # the last is Debian's
    folder = next((path for path in folders if os.path.isfile(path + "/numpy/__init__.py")), "")
    return {
        "executable": sys.executable,
        "version": f"{sys.version_info[0]}.{sys.version_info[1]}",
        "tag": python_tag(),
        "machine": platform.machine(),
        "bits": interpreter_bits(),
        "glibc": release if libc == "glibc" else "",
        "numpy": folder,
        "numpy_version": numpy_version(folder) if folder else "",
    }


def numpy_version(folder: str) -> str:
    """The version of the numpy in a folder of packages, from its metadata."""
    from importlib import metadata

    found = (item.version for item in metadata.distributions(name="numpy", path=[folder]))
    return next(found, "")


def interpreter_bits() -> int:
    """32 or 64: what this interpreter was compiled for, whatever the kernel is."""
    return 64 if sys.maxsize > 1 << 32 else 32


def probe(request: dict[str, Any]) -> dict[str, Any]:
    """Say what this device is and how it is doing."""
    before = work()
    time.sleep(0.5)
    busy, quota = other_cpus(before, work()), cpu_quota()
    libc, release = platform.libc_ver()
    return {
        "device": {
            "machine": platform.machine(),
            "system": f"{platform.system()} {platform.release()}",
            "cpu": cpu_model(),
            "cpus": max(1, int(min(len(usable_cpus()), quota))),
            "features": cpu_features(),
            "memory_bytes": proc_field("/proc/meminfo", "MemTotal"),
            "board": board(),
            "distribution": distribution(),
            "python": platform.python_version(),
            "libc": f"{libc} {release}".strip() or None,
            "bits": interpreter_bits(),
            "soc": soc(),
            "cores": cpu_cores(),
            "free_bytes": free_bytes(),
        },
        "environment": {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "load_1min": load_average(),
            "governor": cpufreq(usable_cpus()[0], "scaling_governor"),
            "frequency_khz": [khz for khz in map(cpu_frequency, usable_cpus()) if khz],
            "temperature_celsius": temperatures(),
            "throttled": throttle_bits(),
            "memory_available_bytes": proc_field("/proc/meminfo", "MemAvailable"),
            "power": power_source(),
            "other_cpus": busy,
            "cpu_quota": quota if math.isfinite(quota) else None,
            "noexec": noexec(),
        },
        "python": python(request),
    }


def board() -> str | None:
    """What the maker calls the device."""
    phone = " ".join(filter(None, map(android, ("ro.product.manufacturer", "ro.product.model"))))
    tree = read_text("/proc/device-tree/model") or read_text("/sys/firmware/devicetree/base/model")
    return phone or tree or read_text("/sys/class/dmi/id/product_name")


def soc() -> str | None:
    """What the system on chip is called: bcm2711 for a Raspberry Pi 4."""
    compatible = (read_text("/proc/device-tree/compatible") or "").split("\0")[-1]
    return android("ro.soc.model") or android("ro.board.platform") or compatible.partition(",")[2] or None


@functools.lru_cache(maxsize=None)
def android(name: str) -> str | None:
    """One of Android's properties, or None elsewhere."""
    if not os.path.exists("/system/bin/getprop"):
        return None
    import subprocess

    try:
        done = subprocess.run(["/system/bin/getprop", name], stdout=subprocess.PIPE, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace").strip() or None


def free_bytes() -> int | None:
    """What is free on the file system that this file is on."""
    try:
        state = os.statvfs(os.path.dirname(os.path.abspath(__file__)))
    except OSError:
        return None
    return state.f_bavail * state.f_frsize


def noexec() -> bool:
    """Whether nothing that is where this file is may be executed, libraries included."""
    try:
        flags = os.statvfs(os.path.dirname(os.path.abspath(__file__))).f_flag
    except (AttributeError, OSError):
        return False
    return bool(flags & getattr(os, "ST_NOEXEC", 0))


def read_text(path: str) -> str | None:
    """Return a small system file's text, or None if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read(65536).decode("utf-8", "replace").strip("\0 \n") or None
    except OSError:
        return None


def proc_field(path: str, field: str) -> int | None:
    """Return a `Name:   123 kB` line of a /proc file in bytes, or None."""
    for line in (read_text(path) or "").splitlines():
        name, _, value = line.partition(":")
        if name == field and value.split():
            return int(value.split()[0]) * 1024
    return None


def usable_cpus() -> list[int]:
    """The CPUs this process may run on."""
    try:
        return sorted(os.sched_getaffinity(0))
    except AttributeError:
        return list(range(os.cpu_count() or 1))


def cpu_groups() -> list[str]:
    """The folders of the control groups (2 and 1) that may limit this process's CPU time."""
    groups = []
    for line in (read_text("/proc/self/cgroup") or "0::/\n1:cpu:/").splitlines():
        controllers, _, path = line.partition(":")[2].partition(":")
        if not controllers or "cpu" in controllers.split(","):
            root = "/sys/fs/cgroup" + ("/cpu" if controllers else "")
            parts = path.strip("/").split("/")
            # in a container the path may be the host's: then only the root is there
            groups += ["/".join([root, *parts[:size]]) for size in range(len(parts), 0, -1) if parts[0]]
            groups.append(root)
    return groups


def cpu_quota() -> float:
    """How many CPUs' time this process's container may take; infinity: no limit."""
    found = [math.inf]
    for group in cpu_groups():
        texts = (read_text(group + "/cpu.max") or "").split() or [
            read_text(group + "/cpu.cfs_quota_us") or "",
            read_text(group + "/cpu.cfs_period_us") or "",
        ]
        quota, period = (int(text) if text.isdigit() else 0 for text in texts)
        if quota and period:
            found.append(quota / period)
    return min(found)


def quota_stops() -> list[tuple[int, int]]:
    """How often each control group's CPU quota stopped it so far, and for how many ns of its CPUs in all."""
    found = []
    for group in cpu_groups():
        lines = [line.split() for line in (read_text(group + "/cpu.stat") or "").splitlines()]
        values = {line[0]: int(line[1]) for line in lines if len(line) == 2 and line[1].isdigit()}
        nanoseconds = values.get("throttled_time", 1000 * values.get("throttled_usec", 0))
        found.append((values.get("nr_throttled", 0), nanoseconds))
    return found


def stopped_between(before: list[tuple[int, int]], after: list[tuple[int, int]]) -> tuple[int, int] | None:
    """What the group that was stopped longest was stopped between two readings, or None."""
    stops = [(late[0] - early[0], late[1] - early[1]) for early, late in zip(before, after)]
    most = max(stops, key=lambda stop: stop[1], default=(0, 0))
    return most if min(most) > 0 else None


def cpu_fields() -> dict[str, str]:
    """The first CPU's lines in /proc/cpuinfo, and the board's that follow the last one."""
    fields: dict[str, str] = {}
    for name, value in cpu_lines():
        fields.setdefault(name, value)
    return fields


def cpu_lines() -> list[tuple[str, str]]:
    """Every line of /proc/cpuinfo as name and value."""
    lines = [line.partition(":") for line in (read_text("/proc/cpuinfo") or "").splitlines()]
    return [(name.strip(), value.strip()) for name, _, value in lines]


def cpu_cores() -> list[tuple[str, int]]:
    """Every kind of Arm core there is and how many of it, in the order of their numbers; others: nothing."""
    found: dict[str, int] = {}
    for name, value in cpu_lines():
        if name == "CPU part":
            core = arm_core(value) or value
            found[core] = found.get(core, 0) + 1
    return list(found.items())


def cpu_model() -> str | None:
    """The CPU's name."""
    fields = cpu_fields()
    known = arm_core(fields.get("CPU part", "")) if fields.get("CPU implementer") == "0x41" else None
    return known or fields.get("model name") or fields.get("Processor") or platform.processor() or None


def arm_core(part: str) -> str | None:
    """The name of an Arm core by its part number (Arm's MIDR_EL1 tables)."""
    names = (
        "b76 ARM1176, c07 Cortex-A7, d03 Cortex-A53, d04 Cortex-A35, d05 Cortex-A55, d07 Cortex-A57, "
        "d08 Cortex-A72, d09 Cortex-A73, d0a Cortex-A75, d0b Cortex-A76, d0c Neoverse N1, d0d Cortex-A77, "
        "d40 Neoverse V1, d41 Cortex-A78, d44 Cortex-X1, d46 Cortex-A510, d47 Cortex-A710, d49 Neoverse N2"
    )
    return dict(name.split(" ", 1) for name in names.split(", ")).get(part.replace("0x", ""))


def cpu_features() -> list[str]:
    """The CPU's features that decide which kernels a runtime takes."""
    known = (
        "sse4_1 avx avx2 fma f16c avx_vnni avx512f avx512bw avx512vl avx512_vnni avx512_bf16 amx_int8 "
        "neon vfpv4 asimd asimdhp asimddp i8mm bf16 sve sve2 sme"
    )
    fields = cpu_fields()
    found = (fields.get("flags") or fields.get("Features") or "").split()
    return [name for name in known.split() if name in found]


def distribution() -> str | None:
    """The operating system's own name for itself."""
    for line in (read_text("/etc/os-release") or "").splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.partition("=")[2].strip("\"'")
    release = android("ro.build.version.release")
    return f"Android {release}" if release else None


def load_average() -> float | None:
    """The mean number of runnable processes over the last minute; Android hides it."""
    try:
        return os.getloadavg()[0]
    except OSError:
        return None


def python_tag() -> str:
    """What a compiled extension must match: cpython-311-aarch64-linux-gnu."""
    import sysconfig

    return str(sysconfig.get_config_var("SOABI") or sysconfig.get_platform())


def cpufreq(cpu: int, file: str) -> str | None:
    """One of the kernel's files about one CPU's clock."""
    return read_text(f"/sys/devices/system/cpu/cpu{cpu}/cpufreq/{file}")


def cpu_frequency(cpu: int) -> int | None:
    """One CPU's present clock in kHz, or None."""
    text = cpufreq(cpu, "scaling_cur_freq")
    return int(text) if text and text.isdigit() else None


def frequency(cpus: list[int]) -> int | None:
    """The present clock of the fastest of some CPUs in kHz, or None."""
    return max((khz for khz in map(cpu_frequency, cpus) if khz), default=None)


def temperatures() -> dict[str, float]:
    """Every readable sensor in °C, by its name."""
    found: dict[str, float] = {}
    folders = glob.glob("/sys/class/thermal/thermal_zone*") + glob.glob("/sys/class/hwmon/hwmon*")
    for sensor in sorted(folders):
        hwmon = "hwmon" in os.path.basename(sensor)
        name = read_text(sensor + ("/name" if hwmon else "/type")) or os.path.basename(sensor)
        text = read_text(sensor + ("/temp1_input" if hwmon else "/temp"))
        if text and text.lstrip("-").isdigit():
            name = f"{name} {os.path.basename(sensor)}" if name in found else name
            found[name] = int(text) / 1000
    return found


def cpu_temperature() -> float | None:
    """The hottest sensor of the CPU in °C; of all sensors if none says what it is; None: there are none."""
    found = temperatures()
    words = ("cpu", "soc", "core", "tctl", "package", "bigcore", "little")
    cpu = [celsius for name, celsius in found.items() if any(word in name.lower() for word in words)]
    return max(cpu or found.values(), default=None)


def throttle_bits() -> int | None:
    """The Raspberry Pi firmware's throttle and under-voltage bits, or None on other boards."""
    text = read_text("/sys/devices/platform/soc/soc:firmware/get_throttled")
    if text is None and os.path.exists("/usr/bin/vcgencmd"):
        import subprocess

        command = ["/usr/bin/vcgencmd", "get_throttled"]
        try:
            text = subprocess.run(command, stdout=subprocess.PIPE, timeout=5, check=True).stdout.decode()
            text = text.strip().partition("=")[2]
        except (OSError, subprocess.SubprocessError):
            return None
    try:
        return int(text, 16) if text else None
    except ValueError:
        return None


def power_source() -> str | None:
    """`mains` or `battery`, or None if the system does not say."""
    for supply in sorted(glob.glob("/sys/class/power_supply/*")):
        if read_text(supply + "/type") == "Mains":
            return "mains" if read_text(supply + "/online") == "1" else "battery"
        if read_text(supply + "/status") == "Discharging":
            return "battery"
    return None


def work() -> tuple[float, float, float] | None:
    """Return (seconds on the clock, CPU seconds spent by this process, CPU seconds spent by all), or None.

    Time that a hypervisor took away counts as spent: it is work of others, too.
    """
    line = (read_text("/proc/stat") or "").split("\n")[0].split()
    if line[:1] != ["cpu"]:
        return None
    user, nice, system, _, _, irq, softirq, steal = (int(ticks) for ticks in (line[1:] + ["0"] * 8)[:8])
    own = os.times()
    spent = (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
    return time.monotonic(), own.user + own.system, spent


def other_cpus(before: Any, after: Any) -> float | None:
    """How many CPUs' worth of work others did between two readings of `work`, or None."""
    if before is None or after is None or after[0] <= before[0]:
        return None
    others = (after[2] - before[2]) - (after[1] - before[1])
    return max(0.0, float(others / (after[0] - before[0])))


# an answer, or the windows that come before an empty one
PASSES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "python": python,
    "probe": probe,
    "latency": latency,
    "sustain": sustain,
    "memory": memory,
    "accuracy": accuracy,
    "outputs": outputs,
    "instructions": instructions,
    "operators": operators,
}

if __name__ == "__main__":
    exit_status = main(sys.argv)
    sys.stderr.flush()
    # The answer is out: a runtime that crashes while it is torn down must not spoil it.
    os._exit(exit_status)
