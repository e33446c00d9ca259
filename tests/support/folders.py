"""Folders of results as days of measuring several devices leave them."""

from __future__ import annotations

from hashlib import sha1
from pathlib import Path

import msgspec

from edgekit.results import Accuracy, Evaluation, Measurement, Repository, Result, write_result
from support.simulated import ARTEFACTS, DEVICE, EVALUATION, IMAGES, emulated, simulate

# a name, its board, and how many times as long as the first it takes
BOARDS = (
    ("rpi4", "Raspberry Pi 4 Model B Rev 1.5", 1.0),
    ("rpi5", "Raspberry Pi 5 Model B Rev 1.0", 0.42),
    ("pixel7", "Pixel 7", 0.35),
    ("rpi3", "Raspberry Pi 3 Model B Plus Rev 1.3", 2.6),
    ("rpi-zero2", "Raspberry Pi Zero 2 W Rev 1.0", 3.1),
    ("rpi4-emulated", "", 1.0),
)
# a model's name, how long it takes relative to the first, on how many threads it is measured, and how many
# images it gets wrong besides
MODELS = {
    "mobilenet_v1_0.5_224_shapes": (1.0, (1, 4), 20),
    "mobilenet_v1_0.25_224_shapes": (0.4, (1, 4), 60),
    "mobilenet_v1_1.0_224_shapes": (3.0, (1, 4), 0),
    "mobilenet_v1_0.75_224_shapes": (1.9, (1, 2, 4), 8),
}
LABELS = tuple(index % 10 for index in range(IMAGES))


def write_days(
    folder: Path,
    *,
    devices: int = 1,
    models: int = 1,
    days: int = 2,
    samples: int = 64,
    repeats: int = 3,
    slower: dict[int, float] | None = None,
    threads: tuple[int, ...] | None = None,
    only: int | None = None,
) -> list[Path]:
    """Write a session per device, model and day of March 2026, slower from some days on, by a factor.

    `only` keeps so many measurements of each session.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for day in range(1, days + 1):
        factor = 1.0
        for first, by in (slower or {}).items():
            factor *= by if day >= first else 1
        for number, (profile, board, speed) in enumerate(BOARDS[:devices]):
            for name, (relative, counts, more) in list(MODELS.items())[:models]:
                seed = 1000 * day + 10 * number + len(name)
                how = {"samples": samples, "repeats": repeats, "seed": seed, "set_name": name}
                session = (
                    emulated(speed=relative, set_name=name, seed=7)
                    if profile.endswith("emulated")
                    else simulate(threads=threads or counts, speed=speed * relative * factor, **how)
                )
                path = folder / f"{profile}-{day:02}-{name.split('_')[2]}.json"
                made = _made(session, profile, board, day, more)
                write_result(path, msgspec.structs.replace(made, measurements=made.measurements[:only]))
                written.append(path)
    return written


def _made(session: Result, profile: str, board: str, day: int, more: int) -> Result:
    """Return a session of a device and a day, with the commit that it was made at."""
    device = session.device if session.device.emulated else msgspec.structs.replace(DEVICE, board=board)
    evaluation = Evaluation(EVALUATION, LABELS, ((LABELS[0] + 1) % 10, *LABELS[1:]))
    created = f"2026-03-{day:02}T06:00:00Z"
    return msgspec.structs.replace(
        session,
        created=created,
        evaluations=(evaluation,),
        measurements=tuple(
            msgspec.structs.replace(m, accuracy=_right(m, more)) for m in session.measurements
        ),
        device=msgspec.structs.replace(device, profile=profile),
        repository=Repository(sha1(str(day).encode()).hexdigest(), created, "main", dirty=False),
    )


def _right(measurement: Measurement, more: int) -> Accuracy:
    """Return answers to the same images: some files get more wrong than others."""
    wrong = ARTEFACTS[measurement.artefact.file][4] + more
    answers = tuple((label + 1) % 10 for label in LABELS[:wrong]) + LABELS[wrong:]
    return Accuracy(IMAGES, IMAGES - wrong, EVALUATION, answers)
