"""A load of minutes: what is kept of it, and when and why it slowed."""

import numpy as np
import pytest

from edgekit.device import Completed
from edgekit.errors import TransientDeviceError, UsageError
from edgekit.measurement import BenchRequest, Schedule, Store, bench
from edgekit.progress import Recorder
from edgekit.reporting.charts import figures
from edgekit.reporting.charts.figure import configured
from edgekit.reporting.charts.theme import PAGE
from edgekit.reporting.report import Report
from edgekit.reporting.sustained import load_of
from edgekit.reporting.to_csv import to_csv
from edgekit.results import Sustained, Window, read_result

THROTTLE = 371  # second
SCHEDULE = Schedule(repeats=2, min_runs=128, min_seconds=0)


def throttling(second):
    """A Pi without a heat sink: it warms, and loses a third of its clock."""
    hot = second >= THROTTLE
    scatter = int(second * 7919) % 23 * 1000
    return {
        "samples_ns": [(1_500_000 if hot else 1_000_000) + scatter + i for i in range(9)],
        "khz": 1_000_000 if hot else 1_500_000,
        "celsius": min(82.0, 45 + second / 10),
        "throttled": 0x4 if hot else 0,
    }


def measured(device, path, *, progress=None, store=None, **fields):
    request = BenchRequest(
        artefacts=(path / "int8.tflite",), mode=SCHEDULE, threads=(1,), runtimes=("litert",), **fields
    )
    return bench(request, progress or Recorder(), transport=device, store=store)


def row_of(result):
    return Report((result,)).sessions[0].rows[0]


def test_a_throttle_is_found_at_its_second_with_its_cause_and_the_steady_state(device, script, tiny):
    script.sustained = throttling
    result = measured(device, tiny, sustain=600.0)
    load = row_of(result).sustained
    assert load.slowed_after == THROTTLE
    assert load.cold == pytest.approx(1.011e6, rel=0.005)
    assert load.steady == pytest.approx(1.511e6, rel=0.005)
    assert load.cause == "the firmware throttled it: the clock fell from 1,500 to 1,000 MHz, at 82 °C"
    assert (load.inferences, load.seconds) == (540_000, 600)
    sentence = (
        "int8.tflite · litert 1.0 · 1 thread kept its 1.01 ms for 6 min 11 s, then slowed to a steady "
        "1.51 ms (1.49×): the firmware throttled it: the clock fell from 1,500 to 1,000 MHz, at 82 °C; "
        "82 °C at most."
    )
    assert sentence in Report((result,)).sessions[0].sentences
    cells = {
        column.key: column.cell(row_of(result)) for column in Report((result,)).sessions[0].table.columns
    }
    assert (cells["steady"], cells["held"]) == ("1.51", "6 min 11 s")


def test_the_load_comes_after_everything_else_and_the_figures_beside_it_stay(device, script, tiny):
    with_load = measured(device, tiny, sustain=20.0)
    assert [request["pass"] for request in script.requests][-2:] == ["sustain", "probe"]
    assert with_load.measurements[0].repeats == measured(device, tiny).measurements[0].repeats


def test_a_load_that_keeps_its_pace_says_for_how_long(device, script, tiny):
    result = measured(device, tiny, sustain=60.0)
    assert row_of(result).sustained.slowed_after is None
    assert any(
        "kept its 1.00 ms for 1 min 0 s of load." in said for said in Report((result,)).sessions[0].sentences
    )


def test_another_program_is_not_taken_for_heat(device, script, tiny):
    script.sustained = lambda second: {
        "samples_ns": [1_400_000 if second >= 40 else 1_000_000],
        "khz": 1_500_000,
        "other_cpus": 0.9 if second >= 40 else 0.0,
    }
    load = row_of(measured(device, tiny, sustain=90.0)).sustained
    assert (load.slowed_after, load.cause) == (40, "other programs took the CPU")


@pytest.mark.parametrize("ending", [KeyboardInterrupt, TransientDeviceError])
def test_what_was_heard_before_an_end_is_kept(device, script, tiny, tmp_path, ending):
    class Ending(Recorder):
        def advance(self, done):
            if self.steps[-1][0].startswith("Sustained") and done >= 42:
                raise ending("It ended.")

    script.sustained = throttling
    store = Store(tmp_path / "result.json")
    result = measured(device, tiny, sustain=600.0, progress=Ending(), store=store)
    assert result.ended == ("interrupted" if ending is KeyboardInterrupt else "lost")
    kept = result.measurements[0].sustained
    assert (len(kept.windows), kept.seconds) == (42, 600)
    assert len(result.measurements[0].repeats) == 2
    said = " ".join(Report((result,)).sessions[0].sentences)
    assert "kept its 1.01 ms for 42 s of load (of 10 min 0 s asked for)" in said
    assert len(read_result(tmp_path / "result.json").measurements[0].sustained.windows) == 42


def test_a_process_that_dies_under_load_keeps_its_windows_and_is_named(device, script, tiny):
    def dies(request):
        if request["pass"] == "sustain":
            lines = script.windows(request).stdout.splitlines(keepends=True)[:7]
            return Completed(b"".join(lines) + b'{"window": {"start', "Killed", -9)
        return None

    script.faults = [dies]
    result = measured(device, tiny, sustain=30.0)
    assert len(result.measurements[0].sustained.windows) == 7
    assert "killed (SIGKILL)" in result.partial


def test_an_emulated_board_has_no_time_to_be_loaded_for(device, script, tiny, tmp_path):
    profile = tmp_path / "board.toml"
    profile.write_text('description = "x"\ntransport = "emulator"\ncpu = "cortex-a72"\n')
    notes = Recorder()
    request = BenchRequest(artefacts=(tiny / "int8.tflite",), device=str(profile), sustain=60.0, threads=(1,))
    result = bench(request, notes, transport=device)
    assert result.measurements[0].sustained is None
    assert any("--sustain is left out" in note for note in notes.notes)


@pytest.mark.parametrize("seconds", [0.0, -1.0, 1e6, float("nan")])
def test_a_load_of_no_sensible_length_is_refused(tiny, seconds):
    with pytest.raises(UsageError, match="Give 1 s to 24 h"):
        BenchRequest(artefacts=(tiny,), sustain=seconds)


def test_every_format_shows_a_load(device, script, tiny):
    script.sustained = throttling
    report = Report((measured(device, tiny, sustain=600.0),))
    head, line = to_csv(report).decode().splitlines()
    shown = dict(zip(head.split(","), line.split(","), strict=True))
    assert float(shown["sustained_slowed_after_seconds"]) == THROTTLE
    drawn = {figure.key: figure for figure in figures(report.sessions[0], PAGE)}["sustained"]
    assert "temperature" in drawn.caption
    assert "1.01 → 1.51 ms" in str(configured(drawn.chart, PAGE))


def test_a_load_of_a_moment_says_little_and_fails_nowhere(device, script, tiny):
    load = row_of(measured(device, tiny, sustain=1.0)).sustained
    assert (load.slowed_after, load.steady, load.seconds) == (None, None, 1.0)


@pytest.mark.parametrize("noise", [0.002, 0.02])
def test_noise_and_hiccups_are_no_throttle(noise):
    random = np.random.default_rng(5)
    for _ in range(20):
        series = 1e7 * random.lognormal(0, noise, 600)
        series[random.random(600) < 0.02] *= 1.5
        windows = (Window(i * 10**9, (i + 1) * 10**9, 90, (int(time),)) for i, time in enumerate(series))
        load = load_of(Sustained(600, tuple(windows)))
        assert load.slowed_after is None
        assert load.steady == pytest.approx(1e7, rel=0.01)
