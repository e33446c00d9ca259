"""Results in the terminal, one or several, at the widths that people have."""

import msgspec
import pytest
from support.simulated import HOT, emulated, judged, on_host, simulate

from edgekit.cli.show_results import show_results

INT8 = ("int8.tflite", "litert", 1)


@pytest.fixture
def shown(monkeypatch, capsys):
    def show(width, *results):
        monkeypatch.setenv("COLUMNS", str(width))
        show_results(results)
        return capsys.readouterr().out

    return show


def lines_of(text, name):
    return [line.split() for line in text.splitlines() if line.strip().startswith(name)]


@pytest.mark.parametrize("width", [80, 160])
def test_two_devices_stand_in_one_table_with_the_ratio(shown, width):
    text = shown(width, on_host(threads=(1,)), judged(simulate(threads=(1,)), 2, "int8.tflite"))
    assert all(len(line) <= width for line in text.splitlines())
    assert "× host" in text
    assert "498/500" in text
    assert "rpi4, same answers as host: 500 of 500 (100 %)" in " ".join(text.split())
    assert text.count("host and rpi4 ·") == 1
    assert "rpi4: governor performance" in text


def test_a_narrow_terminal_stacks_file_and_runtime(shown):
    wide, narrow = (shown(width, on_host(threads=(1,)), simulate(threads=(1,))) for width in (160, 80))
    [first, *_] = lines_of(wide, "int8.tflite")
    assert first[:5] == ["int8.tflite", "litert", "2.3.0", "1", "host"]
    [first, *_] = lines_of(narrow, "int8.tflite")
    assert first[:3] == ["int8.tflite", "1", "host"]
    assert lines_of(narrow, "litert")[0][:3] == ["litert", "2.3.0", "rpi4"]


def test_what_a_line_has_in_common_with_the_one_above_is_not_repeated(shown):
    text = shown(160, on_host(threads=(1, 16)), simulate())
    beginnings = [line.split()[:2] for line in text.splitlines() if line.strip()]
    assert beginnings.count(["4", "rpi4"]) == beginnings.count(["int8.tflite", "litert"]) * 4 == 8


def test_sessions_with_nothing_in_common_are_shown_one_after_the_other(shown):
    text = shown(160, simulate(threads=(1,)), simulate(threads=(1,), set_name="digits"))
    assert "×" not in text.split("•")[0]
    assert "rpi4 · digits · 2026-03-01" in text
    assert "rpi4 · mobilenet_v1_0.5_224_shapes · 2026-03-01" in text


def test_an_emulated_board_is_shown_without_any_time(shown):
    text = shown(80, emulated())
    assert "instr." in text
    assert "not a time" in text
    assert "p50" not in text
    assert not {"ms", "µs"} & set(text.split())


def test_findings_name_their_device(shown):
    hot = simulate(threads=(1,), flawed={INT8: (HOT,)})
    text = shown(160, on_host(threads=(1,)), hot)
    assert "rpi4: invalid: clock-moved" in text
    assert "host: invalid" not in text


def test_one_result_is_shown_as_one(shown):
    text = shown(160, msgspec.structs.replace(simulate(threads=(1,)), command="x"))
    assert "device" not in text.split("•")[0]
    assert "rpi4: governor performance" in text
