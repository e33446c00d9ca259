"""Quantize a trained MobileNet and prove how fast, how big and how right it is on the device.

    import edgekit
    artefacts = edgekit.convert("my.keras", dataset="photos/", int8=True)
    result = edgekit.bench(artefacts, device="rpi4", runtimes=["litert"])
    edgekit.check([result], budgets="budgets.toml").passed
    edgekit.report([result], "report.html")

What is behind it, each a package, each starting from files the one before it left:

    zoo · data · training    a trained Keras model
    conversion               model        -> artefact set  (TFLite and ONNX files + manifest.json)
    classification           a file and images -> classes  (by what the file says of itself)
    device · runtime         where and with what an artefact runs
    measurement · guest      artefact set -> result        (JSON with every raw sample)
    reporting                result       -> terminal, Markdown, CSV, HTML
    comparison · budget      results      -> verdicts
    timeline                 results      -> what changed, at which commit
    explanation              artefact     -> instructions by operator
    expectation              published figures of a model on a board
    choice                   a sweep, results or published figures -> the model to ship

`artefact.py` and `results.py` hold the records that pass between them; `api` holds the functions below. Each
name is loaded when it is first used, so that `import edgekit` costs next to nothing.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the same as _NAMES, for whoever checks types
    from edgekit import devices, runtimes
    from edgekit.api.bench import bench
    from edgekit.api.check import Check, check, propose_budgets
    from edgekit.api.classify import classify
    from edgekit.api.compare import compare
    from edgekit.api.convert import convert
    from edgekit.api.expect import expect
    from edgekit.api.explain import explain
    from edgekit.api.farm_worker import farm_worker
    from edgekit.api.history import history
    from edgekit.api.inspect import inspect
    from edgekit.api.pick import pick, propose_budget
    from edgekit.api.report import report, statistics
    from edgekit.api.sweep import sweep
    from edgekit.api.train import train
    from edgekit.artefact import ArtefactSet
    from edgekit.budget import Proposal, Verdict
    from edgekit.choice import Choice
    from edgekit.classification import Classified
    from edgekit.comparison import Comparison
    from edgekit.device import Profile
    from edgekit.errors import (
        DataError,
        DeviceError,
        EdgekitError,
        GateError,
        InvalidError,
        ModelError,
        RecordError,
        RuntimeMissingError,
        StorageError,
        TransientDeviceError,
        UnavailableError,
        UsageError,
    )
    from edgekit.expectation import Expectation
    from edgekit.explanation import Breakdown
    from edgekit.measurement import Schedule
    from edgekit.progress import Progress
    from edgekit.reporting.rows import Row
    from edgekit.results import Result
    from edgekit.sweeps import Sweep
    from edgekit.timeline import History
    from edgekit.training import TrainOutcome
    from edgekit.visit import Fingerprint

__version__ = "0.1.0"

__all__ = [
    "ArtefactSet",
    "Breakdown",
    "Check",
    "Choice",
    "Classified",
    "Comparison",
    "DataError",
    "DeviceError",
    "EdgekitError",
    "Expectation",
    "Fingerprint",
    "GateError",
    "History",
    "InvalidError",
    "ModelError",
    "Profile",
    "Progress",
    "Proposal",
    "RecordError",
    "Result",
    "Row",
    "RuntimeMissingError",
    "Schedule",
    "StorageError",
    "Sweep",
    "TrainOutcome",
    "TransientDeviceError",
    "UnavailableError",
    "UsageError",
    "Verdict",
    "bench",
    "check",
    "classify",
    "compare",
    "convert",
    "devices",
    "expect",
    "explain",
    "farm_worker",
    "history",
    "inspect",
    "pick",
    "propose_budget",
    "propose_budgets",
    "report",
    "runtimes",
    "statistics",
    "sweep",
    "train",
]

_NAMES = {
    "api.bench": ("bench",),
    "api.check": ("Check", "check", "propose_budgets"),
    "api.classify": ("classify",),
    "api.compare": ("compare",),
    "api.convert": ("convert",),
    "api.expect": ("expect",),
    "api.explain": ("explain",),
    "api.farm_worker": ("farm_worker",),
    "api.history": ("history",),
    "api.inspect": ("inspect",),
    "api.pick": ("pick", "propose_budget"),
    "api.report": ("report", "statistics"),
    "api.sweep": ("sweep",),
    "api.train": ("train",),
    "artefact": ("ArtefactSet",),
    "budget": ("Proposal", "Verdict"),
    "choice": ("Choice",),
    "classification": ("Classified",),
    "comparison": ("Comparison",),
    "device": ("Profile",),
    "devices": ("devices",),
    "errors": tuple(name for name in __all__ if name.endswith("Error")),
    "expectation": ("Expectation",),
    "explanation": ("Breakdown",),
    "measurement": ("Schedule",),
    "progress": ("Progress",),
    "reporting.rows": ("Row",),
    "results": ("Result",),
    "runtimes": ("runtimes",),
    "sweeps": ("Sweep",),
    "timeline": ("History",),
    "training": ("TrainOutcome",),
    "visit": ("Fingerprint",),
}
_HOMES = {name: home for home, names in _NAMES.items() for name in names}

if not TYPE_CHECKING:  # whoever checks types shall find only what there is

    def __getattr__(name: str) -> object:
        """Load a name of the front door (PEP 562)."""
        from importlib import import_module

        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        home = import_module(f"{__name__}.{_HOMES[name]}")
        globals()[name] = found = home if name == _HOMES[name] else getattr(home, name)
        return found


def __dir__() -> list[str]:
    """Return what there is, loaded or not."""
    return sorted({*__all__, "__version__"})
