"""A whole sweep: its steps, its record, and what a repeat does."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support import planted_sweep

from edgekit.device import Profile
from edgekit.errors import UnavailableError, UsageError
from edgekit.progress import SILENT, Recorder
from edgekit.sweeping import STEPS, Store
from edgekit.sweeping.grid import plan
from edgekit.sweeping.request import SweepRequest
from edgekit.sweeping.sweep import STORE, sweep
from edgekit.sweeps import read_sweep

BOARD = Profile(description="a board", transport="ssh", name="board", address="10.0.0.2")
TESTS = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _planted(monkeypatch, tmp_path):
    for name in ("train", "convert", "measure"):
        monkeypatch.setitem(STEPS, name, STEPS[name])
    planted_sweep.plant()
    monkeypatch.setenv(planted_sweep.LOG, str(tmp_path / "log"))


def _asked(tmp_path, **named):
    settings = {"alphas": (0.5, 0.25), "resolutions": (192, 128), "devices": (BOARD,)}
    return SweepRequest(**settings | {"output": tmp_path / "out"} | named)


def _swept(tmp_path, progress=SILENT, *, again=False, **named):
    return sweep(_asked(tmp_path, **named), progress, run=planted_sweep.run_here, again=again)


def _log(tmp_path):
    log = tmp_path / "log"
    return log.read_text().splitlines() if log.exists() else []


def _keys(request, progress=SILENT):
    return {step.key for each in plan(request, progress) for step in each.steps}


def test_every_size_is_converted_and_measured_on_each_device_in_the_order_asked_for(tmp_path):
    other = Profile(description="another", transport="ssh", name="other", address="10.0.0.3")
    found = _swept(tmp_path, devices=(BOARD, other))
    assert [(cell.alpha, cell.resolution) for cell in found.cells] == [
        (0.5, 192),
        (0.5, 128),
        (0.25, 192),
        (0.25, 128),
    ]
    assert found.devices == ("board", "other")
    assert all([r.device.profile for r in cell.results] == ["board", "other"] for cell in found.cells)
    assert all((cell.parameters, cell.multiply_adds) == (1_000, 2_000) for cell in found.cells)
    assert all(cell.whole for cell in found.cells)
    assert read_sweep(tmp_path / "out") == found
    assert len(_log(tmp_path)) == 2 * (4 + 8)


def test_random_weights_have_the_published_accuracy_of_the_precisions_measured(tmp_path):
    found = _swept(tmp_path, alphas=(0.5,), resolutions=(192, 100), precisions=("int8", "float32"))
    int8, float32 = found.cells[0].published
    assert (int8.precision, float32.precision) == ("int8", "float32")
    assert 0.61 < int8.top1 < float32.top1 < 0.64
    assert int8.source.endswith("mlperf_log_summary.txt")
    assert found.cells[1].published == ()
    assert not found.trained


def test_with_a_dataset_every_size_is_trained_and_has_its_own_accuracy(tmp_path):
    found = _swept(tmp_path, dataset="shapes", epochs=3, alphas=(0.5,), resolutions=(32,))
    assert _log(tmp_path)[::2] == [
        "begin training alpha 0.5 at 32 pixels",
        "begin converting alpha 0.5 at 32 pixels",
        "begin measuring alpha 0.5 at 32 pixels on board",
    ]
    assert found.cells[0].published == ()
    assert found.cells[0].results[0].measurements[0].accuracy.n == 500


def test_a_repeat_does_nothing_and_leaves_the_record_alone(tmp_path):
    first = _swept(tmp_path)
    file = tmp_path / "out" / "sweep.json"
    written, done = file.stat().st_mtime_ns, _log(tmp_path)
    assert _swept(tmp_path) == first
    assert file.stat().st_mtime_ns == written
    assert _log(tmp_path) == done


def test_more_sizes_cost_only_what_is_new(tmp_path):
    _swept(tmp_path, alphas=(0.5,))
    done = len(_log(tmp_path))
    found = _swept(tmp_path, alphas=(0.5, 0.25))
    assert len(found.cells) == 4
    assert len(_log(tmp_path)) == 2 * done


def test_a_size_that_fails_is_named_and_the_rest_goes_on(tmp_path):
    absent = Profile(description="not there", transport="ssh", name="absent", address="10.0.0.4")
    found = _swept(tmp_path, alphas=(0.5,), devices=(absent, BOARD))
    assert [len(cell.results) for cell in found.cells] == [1, 1]
    failed = found.cells[0].failed[0]
    assert failed.step == "measuring alpha 0.5 at 192 pixels on absent"
    assert (failed.reason, failed.hint, failed.device) == (
        "The planted device is not there.",
        "Plug it in.",
        "absent",
    )
    assert not found.cells[0].whole


def test_what_is_invalid_is_measured_again_only_if_asked_for(tmp_path):
    hot = Profile(description="hot", transport="ssh", name="hot", address="10.0.0.5")
    asked = {"alphas": (0.5,), "resolutions": (192,), "devices": (hot, BOARD)}
    _swept(tmp_path, **asked)
    _swept(tmp_path, **asked)
    assert len(_log(tmp_path)) == 2 * 3
    _swept(tmp_path, again=True, **asked)
    assert _log(tmp_path)[6:] == [f"{x} measuring alpha 0.5 at 192 pixels on hot" for x in ("begin", "end")]


def test_interrupted_the_record_has_what_was_done(tmp_path):
    def interrupted(steps, store, progress):
        planted_sweep.run_here(steps[:2], store, progress)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(_asked(tmp_path), run=interrupted)
    found = read_sweep(tmp_path / "out")
    assert [len(cell.results) for cell in found.cells] == [1, 0, 0, 0]
    assert found.cells[1].multiply_adds is None


def test_the_key_is_of_what_decides_a_result(tmp_path):
    same = _keys(_asked(tmp_path))
    assert _keys(_asked(tmp_path, output=tmp_path / "elsewhere", command="another")) == same
    for other in ({"seed": 1}, {"threads": (1,)}, {"runtimes": ("tflite-runtime",)}, {"mode": "standard"}):
        assert not _keys(_asked(tmp_path, **other)) >= same, other
    assert not _keys(_asked(tmp_path, dataset="shapes")) & same


def test_images_of_ones_own_count_by_their_content(tmp_path):
    images = tmp_path / "photos.npz"
    images.write_bytes(b"some")
    progress = Recorder()
    before = [
        step.key for each in plan(_asked(tmp_path, dataset=str(images)), progress) for step in each.steps
    ]
    assert progress.steps[0][0] == f"Hashing {images}"
    images.write_bytes(b"others")
    after = [step.key for each in plan(_asked(tmp_path, dataset=str(images)), SILENT) for step in each.steps]
    assert not set(before) & set(after)


def test_only_what_measures_this_computer_is_alone_and_workers_need_no_profile_here(tmp_path):
    def alone(*devices, **named):
        request = _asked(tmp_path, alphas=(0.5,), resolutions=(192,), devices=devices)
        return [step.alone for each in plan(request, SILENT, **named) for step in each.steps]

    assert alone("host", BOARD) == [False, True, False]
    assert alone("pi-17", elsewhere=True) == [False, False]
    with pytest.raises(UsageError, match="pi-17"):
        alone("pi-17")


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ({"family": "mobilenet_v9"}, "no model family 'mobilenet_v9'"),
        ({"alphas": (0.001,)}, "without a filter"),
        ({"resolutions": (16,)}, "at least 32 pixels"),
        ({"formats": ("tflit",)}, "no file format 'tflit'"),
        ({"runtimes": ("onnxruntime",), "formats": ("tflite",)}, r"executes \.onnx files"),
        (
            {"runtimes": ("litert",), "formats": ("tflite", "onnx")},
            r"None of .* executes \.onnx",
        ),
        ({"dataset": "shape"}, "no dataset, folder or file 'shape'. Did you mean"),
        ({"epochs": 3}, "nothing to train on"),
        ({"precisions": ()}, "nothing to measure"),
        ({"mode": "fast"}, "no mode 'fast'"),
        ({"devices": ("rpi",)}, "rpi"),
    ],
)
def test_what_is_not_possible_is_refused_before_anything_is_done(tmp_path, named, said):
    with pytest.raises(UsageError, match=said):
        _swept(tmp_path, **named)
    assert _log(tmp_path) == []


def test_formats_and_runtimes_follow_from_each_other():
    assert SweepRequest().chosen_runtimes == ("litert",)
    assert SweepRequest(formats=("onnx", "tflite")).chosen_runtimes == ("onnxruntime", "litert")
    assert SweepRequest(runtimes=("onnxruntime==1.31.1",)).chosen_formats == ("onnx",)


SCRIPT = """
import sys
from pathlib import Path
from support import planted_sweep
from edgekit.device import Profile
from edgekit.sweeping.request import SweepRequest
from edgekit.sweeping.sweep import sweep
planted_sweep.plant()
board = Profile(description="a board", transport="ssh", name="board", address="10.0.0.2")
request = SweepRequest(alphas=(.5, .25), resolutions=(192,), devices=(board,), output=Path(sys.argv[1]))
sweep(request)
"""


def _started(folder):
    path = os.pathsep.join([str(TESTS.parent), str(TESTS)])
    env = {**os.environ, "PYTHONPATH": path, planted_sweep.SECONDS: "0.2"}
    return subprocess.Popen([sys.executable, "-c", SCRIPT, str(folder)], env=env)


def test_killed_again_and_again_it_ends_with_the_same_points_and_nothing_is_done_twice(tmp_path):
    folder = tmp_path / "out"
    killed = 0
    for seconds in (0.9, 1.2, 1.0, 1.4):  # from before the first step to after the last
        process = _started(folder)
        time.sleep(seconds)
        killed += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert killed
    assert _started(folder).wait() == 0
    found = read_sweep(folder)
    ends = [line for line in _log(tmp_path) if line.startswith("end")]
    assert len(ends) <= len(set(ends)) + killed  # one that was killed between its end and its keeping
    assert len(set(ends)) == 4
    kept = {path.name: path.stat().st_mtime_ns for path in (folder / STORE).iterdir() if len(path.name) == 64}
    assert len(kept) == 4
    before = _log(tmp_path)
    assert _started(folder).wait() == 0
    assert (read_sweep(folder), _log(tmp_path)) == (found, before)
    expected = sweep(
        SweepRequest(alphas=(0.5, 0.25), resolutions=(192,), devices=(BOARD,), output=tmp_path / "other"),
        run=planted_sweep.run_here,
    )
    assert found.cells == expected.cells


def test_a_second_sweep_in_the_folder_is_told_so_also_where_it_would_measure_again(tmp_path):
    from edgekit.sweeping.local import alone

    folder = tmp_path / "out"
    folder.mkdir()
    with alone(Store(folder / STORE)), pytest.raises(UnavailableError, match="Another sweep is at work"):
        _swept(tmp_path, again=True)
