"""A device that answers from a script."""

import json

from edgekit.device import Completed
from edgekit.runtime import Bundle
from edgekit.runtime.store import BundleRecord
from edgekit.visit import runtimes

PROBE = {
    "device": {
        "machine": "aarch64",
        "system": "Linux 6.1",
        "cpu": "Cortex-A72",
        "cpus": 4,
        "features": ["asimd"],
        "memory_bytes": 4 * 10**9,
        "board": "Raspberry Pi 4",
        "distribution": "Debian 12",
        "python": "3.11.2",
        "libc": "glibc 2.36",
    },
    "environment": {"time": "2026-01-02T03:04:05Z", "other_cpus": 0.0},
    "python": {
        "executable": "python3",
        "version": "3.11",
        "tag": "cpython-311-aarch64-linux-gnu",
        "machine": "aarch64",
        "glibc": "2.36",
    },
}


class ScriptedDevice:
    """Answers like a healthy guest; `faults` says for which requests it does otherwise.

    A fault is a function of the request that returns None (answer normally), a Completed, or raises.
    """

    def __init__(self):
        self.requests = []
        self.faults = []
        self.probes = []
        self.sustained = lambda second: {}  # what each window says in place of the usual

    def answer(self, argv, stdin):
        request = json.loads(stdin)
        self.requests.append(request)
        for fault in self.faults:
            if (done := fault(request)) is not None:
                return done
        if request["pass"] == "sustain":
            return self.windows(request)
        return Completed(json.dumps({"schema": "edgekit.guest/1", **self.healthy(request)}).encode(), "", 0)

    def windows(self, request):
        """A line for each window of a sustained load, and the answer."""
        length = request["window_seconds"]
        lines = [
            {
                "window": {
                    "start_ns": int(number * length * 1e9),
                    "end_ns": int((number + 1) * length * 1e9),
                    "runs": 900,
                    "samples_ns": [10**6 + 1000 * (number % 5) + i for i in range(9)],
                    **self.sustained(number * length),
                }
            }
            for number in range(int(request["min_seconds"] / length))
        ]
        return Completed(
            "".join(json.dumps(line) + "\n" for line in (*lines, {"schema": "edgekit.guest/1"})).encode(),
            "",
            0,
        )

    def healthy(self, request):
        runtime = {"name": request.get("runtime"), "version": "1.0", "delegate": None, "options": {}}
        fields = {
            "python": lambda: PROBE["python"],
            "probe": lambda: PROBE,
            "latency": lambda: {
                "runtime": runtime,
                "input_sha256": "a" * 64,
                "import_ns": 10**8,
                "load_ns": 10**7,
                "first_ns": 2 * 10**6,
                "warmup_runs": 10,
                "samples_ns": [10**6 + i for i in range(request["min_runs"])],
                "every": 1,
                "loop_ns": request["min_runs"] * 10**8,
                "other_cpus": 0.0,
                "frequency_khz": None,
            },
            "memory": lambda: {"baseline": 100, "loaded": 200, "peak": 300, "pss": None},
            "accuracy": lambda: {"n": 40, "correct": 36, "predictions": [1] * 40},
            "outputs": lambda: {
                "runtime": runtime,
                "input_sha256": "a" * 64,
                "outputs": [
                    {"name": "y", "dtype": "float32", "shape": [2], "size": 2, "values": [0.5, 0.25]}
                ],
            },
            "instructions": lambda: {
                "runtime": runtime,
                "input_sha256": "a" * 64,
                "per_inference": [5, 5, 5],
                "source": "perf_event_open",
                "loads": 1,
            },
        }
        return fields[request["pass"]]()

    def asked(self, kind):
        """What was asked for in one pass, as (model hash, runtime, threads), in order."""
        return [
            (r["model_sha256"][:4], r["runtime"], r["threads"]) for r in self.requests if r["pass"] == kind
        ]


def refused(code, message="It does not."):
    """What the guest says when it refuses."""
    answer = {"schema": "edgekit.guest/1", "error": {"code": code, "message": message}}
    return Completed(json.dumps(answer).encode(), "", 1)


def without_network(monkeypatch, folder):
    """Let every runtime be provided at once: as an empty folder."""

    def bundle(spec, target, progress):
        version = spec.version or "1.0"
        name = f"{spec.kind.name}-{version}"
        (folder / name).mkdir(exist_ok=True)
        record = BundleRecord("edgekit.bundle/1", spec.kind.name, version, (), target, 0, name, name)
        return Bundle(folder / name, record)

    monkeypatch.setattr(runtimes, "ensure_bundle", bundle)
