"""The benchmark of what a conversion costs: what it counts, and what it says of that."""

import sys

import pytest
from support.benchmarks import script


@pytest.fixture(scope="module")
def speed():
    return script("convert_speed")


@pytest.mark.parametrize(("ours", "code"), [(14.0, 0), (16.0, 1)])
def test_both_are_run_in_turn_and_compared(speed, monkeypatch, capsys, ours, code):
    def cost(command):
        return speed.Cost(20.0, ours, 900.0) if "convert" in command else speed.Cost(10.0, 10.0, 1000.0)

    monkeypatch.setattr(speed, "cost", cost)
    given = ["--size", "32", "--images", "9", "--repeats", "2"]
    monkeypatch.setattr(sys, "argv", ["convert_speed.py", *given])
    assert speed.main() == code
    *rows, ratios = capsys.readouterr().out.splitlines()
    assert [row.split()[0] for row in rows] == ["stock", "edgekit"] * 2
    said = f"ratios of the medians: wall 2.00, CPU {ours / 10:.2f} (limit 1.5), memory 0.90"
    assert ratios == said


def test_the_stock_converters_make_both_files(speed, tmp_path):
    speed.prepare(tmp_path, 32, 4)
    speed.cost([sys.executable, speed.__file__, "--images", "4", "--stock", str(tmp_path)])
    assert (tmp_path / "stock.tflite").read_bytes()[4:8] == b"TFL3"
    assert (tmp_path / "stock.onnx").stat().st_size > 200_000


def test_a_command_that_fails_is_shown(speed):
    with pytest.raises(SystemExit, match="no such thing"):
        speed.cost([sys.executable, "-c", "raise SystemExit('no such thing')"])


def test_what_a_process_took_is_counted(speed):
    took = speed.cost([sys.executable, "-c", "x = bytearray(200_000_000); sum(range(3_000_000))"])
    assert took.memory > 200
    assert 0 < took.cpu < 20
    assert took.wall > 0
