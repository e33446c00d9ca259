"""Counting on the devices: one connection each, one process for every file and runtime."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgekit.device import Payload, Transport, open_transport
from edgekit.device.transport import connected
from edgekit.errors import EdgekitError, UnavailableError
from edgekit.explanation.answer import Operators
from edgekit.explanation.attribute import from_parts, from_profile, grouped_convolutions
from edgekit.explanation.calibration import chains
from edgekit.explanation.parts import Parts
from edgekit.explanation.record import Breakdown
from edgekit.explanation.request import Case, ExplainRequest, cases
from edgekit.measurement import answers
from edgekit.measurement.guest import Guest
from edgekit.measurement.interpreter import interpreter
from edgekit.measurement.passes import import_path
from edgekit.measurement.supply import provide
from edgekit.progress import SILENT, Progress
from edgekit.results import Runtime
from edgekit.runtime import Bundle

WARM_UP, COUNTED = 1, 3  # inferences of the model and of each of its parts
PATIENCE = 120.0  # seconds for what surrounds the inferences
_WORK_RATE = 1e6  # multiply-adds that the slowest device makes in a second: emulated, on a busy computer


def explain(
    request: ExplainRequest, progress: Progress = SILENT, *, transport: Transport | None = None
) -> tuple[Breakdown, ...]:
    """Count the instructions of one or two artefacts, operator by operator.

    Args:
        request: What to count, with what, where.
        progress: Told about every process on the device.
        transport: Instead of the one in the devices' profiles.

    Raises:
        UsageError: The request does not fit the files or the devices.
        ModelError: A file cannot be read, or not be cut into its operators.
        UnavailableError: The device counts no instructions.
        DeviceError: It could not be done.
    """
    chosen = cases(request)
    found: dict[int, Breakdown] = {}
    for profile in dict.fromkeys(case.profile for case in chosen):
        here = {index: case for index, case in enumerate(chosen) if case.profile == profile}
        progress.step(f"Looking at the device {profile.name}")
        with connected(transport or open_transport(profile), progress) as device:
            counted = _count(device, list(here.values()), request.seed, progress)
        found.update(zip(here, counted, strict=True))
    return tuple(found[index] for index in range(len(chosen)))


def _count(device: Transport, here: Sequence[Case], seed: int, progress: Progress) -> list[Breakdown]:
    """Count every case of one device."""
    profile = here[0].profile
    python = interpreter(device, profile, progress)
    bundles = {
        case.runtime: provide([case.runtime], python.target, progress, by_name=True)[0] for case in here
    }
    payloads = [*python.payloads]
    payloads += [Payload(case.path, case.sha256, case.inspection.bytes) for case in here]
    payloads += [Payload(b.folder, b.record.seal, b.record.bytes) for b in bundles.values()]
    pushed = device.push(list(dict.fromkeys(payloads)), progress)
    guest = python.guest(device, pushed.paths)
    found = guest.ask(answers.Probe, {"pass": "probe"}, PATIENCE).device
    counted = []
    for case in here:
        progress.step(f"Counting the instructions of {case}")
        answer = _ask(guest, case, bundles[case.runtime], pushed.paths, seed)
        counted.append(_breakdown(case, answer, bundles[case.runtime], found))
    return counted


def _ask(guest: Guest, case: Case, bundle: Bundle, places: dict[str, str], seed: int) -> Operators:
    fields: dict[str, Any] = {
        "pass": "operators",
        "path": import_path(bundle, places),
        "runtime": bundle.record.runtime,
        "model": places[case.sha256],
        "model_sha256": case.sha256,
        "threads": 1,
        "affinity": case.profile.affinity,
        "seed": seed,
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
        return guest.ask(Operators, fields, 3 * PATIENCE + work / _WORK_RATE)
    except UnavailableError as error:
        if type(error) is UnavailableError:  # its subclasses say that something went wrong
            raise _uncounted(case, error) from error
        raise


def _uncounted(case: Case, error: EdgekitError) -> UnavailableError:
    return UnavailableError(
        f"{case.profile.name} counts no instructions: {error.what}",
        "An emulated board counts them, on any Linux computer: --device rpi4-emulated.",
    )


def _breakdown(case: Case, answer: Operators, bundle: Bundle, found: answers.DeviceFields) -> Breakdown:
    """Put what was counted beside what it was counted on."""
    inspection, runtime = case.inspection, answer.runtime
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
        cpu=found.cpu,
        features=found.features,
        runtime=Runtime(
            runtime.name,
            runtime.version,
            runtime.delegate,
            bundle.record.sha256,
            runtime.options,
            runtime.xnnpack,
        ),
        source=answer.source if case.profile.timed else f"qemu {case.profile.cpu}",
        method="profile" if profiled else "parts",
        whole=min(answer.whole),
        call=call,
        operators=operators,
    )


def _short(path: Path) -> str:
    """The file and its folder: what tells it apart from the other one."""
    return "/".join(path.absolute().parts[-2:])
