"""A sweep with nothing planted: a size is trained, converted and measured here."""

import subprocess
import sys

import pytest

import edgekit
from edgekit.progress import Recorder

BRIEF = edgekit.Schedule(repeats=2, min_runs=16, min_seconds=0, warmup_seconds=0)


def test_a_size_is_trained_converted_and_measured_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = {"alphas": 0.25, "resolutions": 32, "dataset": "digits", "epochs": 1, "threads": 1, "mode": BRIEF}
    progress = Recorder()
    found = edgekit.sweep(**asked, progress=progress)
    (cell,) = found.cells
    assert cell.failed == ()
    (measured,) = cell.results[0].measurements
    assert measured.artefact.set == "mobilenet_v1_0.25_32_digits"
    assert (measured.artefact.precision, measured.runtime.name) == ("int8", "litert")
    assert measured.accuracy.n > 400
    assert cell.multiply_adds == 834_688
    steps = [step for step, _ in progress.steps if " · " not in step and step[0].isdigit()]
    assert steps == [
        "1 of 3, training alpha 0.25 at 32 pixels",
        "2 of 3, converting alpha 0.25 at 32 pixels",
        "3 of 3, measuring alpha 0.25 at 32 pixels on host",
    ]
    again = Recorder()
    assert edgekit.sweep(**asked, progress=again) == found
    assert again.steps == []
    if measured.valid:
        assert edgekit.pick(found.path).best.title.startswith("mobilenet_v1_0.25_32_digits/int8.tflite")
    else:  # this computer was too busy
        with pytest.raises(edgekit.InvalidError, match="valid"):
            edgekit.pick(found.path)


HASHES = """
import hashlib, pathlib, sys, time
from edgekit.sweeping import work
size = {"family": "mobilenet_v1", "resolution": 32, "seed": 0}
for alpha in (0.25, 0.5, 0.25):
    path, _ = work._random({**size, "alpha": alpha}, pathlib.Path(sys.argv[1]))
    print(hashlib.sha256(path.read_bytes()).hexdigest())
    time.sleep(2)  # the steps of an archive's clock
"""


def test_a_size_is_the_very_same_file_whenever_it_is_made_and_whichever_sizes_came_before_it(tmp_path):
    command = [sys.executable, "-c", HASHES, str(tmp_path)]
    first, other = (
        subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() for _ in range(2)
    )
    assert first[0] == first[2] == other[0]
