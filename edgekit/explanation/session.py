"""Counting on the devices: one connection each, one process for every file and runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgekit.device import Payload, Transport
from edgekit.errors import EdgekitError, ModelError, UnavailableError
from edgekit.explanation.answers import Operators
from edgekit.explanation.attribute import from_parts, from_profile, grouped_convolutions
from edgekit.explanation.calibration import chains
from edgekit.explanation.parts import Parts
from edgekit.explanation.record import Breakdown
from edgekit.explanation.request import Case, ExplainRequest, cases
from edgekit.progress import SILENT, Progress
from edgekit.runtime import explained
from edgekit.visit import PATIENCE, Visit, visiting

WARM_UP, COUNTED = 1, 3  # inferences of the model and of each of its parts
_WORK_RATE = 1e6  # multiply-adds that the slowest device makes in a second: emulated, on a busy computer


def explain(
    request: ExplainRequest, progress: Progress = SILENT, *, transport: Transport | None = None
) -> tuple[Breakdown, ...]:
    """Count the instructions of one or two artefacts, operator by operator.

    Args:
        request: What to count, with what, where.
        progress: Receives every process on the device.
        transport: Instead of the one in the devices' profiles.

    Raises:
        UsageError: The request does not fit the files or the devices.
        ModelError: A file cannot be read or cannot be cut into its operators.
        UnavailableError: The device counts no instructions.
        DeviceError: It could not be done.
    """
    chosen = cases(request)
    found: dict[int, Breakdown] = {}
    for profile in dict.fromkeys(case.profile for case in chosen):
        here = {index: case for index, case in enumerate(chosen) if case.profile == profile}
        files = [Payload(case.path, case.sha256, case.inspection.bytes) for case in here.values()]
        runtimes = [case.runtime for case in here.values()]
        with visiting(profile, files, runtimes, progress, transport=transport) as visit:
            for index, case in here.items():
                progress.step(f"Counting the instructions of {case}")
                found[index] = _breakdown(case, _ask(visit, case, request.seed), visit)
    return tuple(found[index] for index in range(len(chosen)))


def _ask(visit: Visit, case: Case, seed: int) -> Operators:
    fields: dict[str, Any] = {
        "pass": "operators",
        **visit.running(visit.bundles[case.runtime], case.sha256),
        "threads": 1,
        "affinity": case.profile.affinity,
        "seed": seed,
        "inputs": [{"shape": shape} for shape in case.shapes],
        "mean": [],  # bytes as they are: what is counted need not take images
        "clock": not case.profile.timed,
        "warmup_runs": WARM_UP,
        "min_runs": COUNTED,
    }
    if case.inspection.format == "onnx":
        fields["calibration"] = chains()
    else:
        parts = Parts(case.path.read_bytes(), str(case.path))
        fields["cuts"] = [parts.empty(), *(parts.part(index, index + 1) for index in range(len(parts)))]
    work = 3 * (WARM_UP + COUNTED) * case.inspection.multiply_adds  # whole, in parts, and to spare
    try:
        return visit.ask(Operators, fields, 3 * PATIENCE + work / _WORK_RATE)
    except ModelError as error:
        raise explained(error, visit.bundles[case.runtime], case.path.name) from error
    except UnavailableError as error:
        if type(error) is UnavailableError:  # its subclasses say that something went wrong
            raise _uncounted(case, error) from error
        raise


def _uncounted(case: Case, error: EdgekitError) -> UnavailableError:
    return UnavailableError(
        f"{case.profile.name} counts no instructions: {error.what}",
        "An emulated board counts them, on any Linux computer: --device rpi4-emulated.",
    )


def _breakdown(case: Case, answer: Operators, visit: Visit) -> Breakdown:
    """Put what was counted together with what it was counted on."""
    inspection = case.inspection
    profiled = inspection.format == "onnx"
    if profiled:
        call, operators = from_profile(answer, inspection, grouped_convolutions(case.path))
    else:
        call, operators = from_parts(answer, inspection)
    return Breakdown(
        file=_short(case.path),
        sha256=case.sha256,
        format=inspection.format,
        quantized=any(layer.weights and layer.multiply_adds for layer in inspection.layers),
        device=case.profile.name,
        cpu=visit.device.cpu,
        features=visit.device.features,
        runtime=answer.runtime.record(visit.bundles[case.runtime]),
        source=answer.source if case.profile.timed else f"qemu {case.profile.cpu}",
        method="profile" if profiled else "parts",
        whole=min(answer.whole),
        call=call,
        operators=operators,
    )


def _short(path: Path) -> str:
    """The file and its folder: what tells it apart from the other one."""
    return "/".join(path.absolute().parts[-2:])
