"""The benchmark of what a conversion costs, on a few small images."""

import sys

import pytest
from support.benchmarks import script


@pytest.fixture(scope="module")
def speed():
    return script("convert_speed")


def test_both_are_run_in_turn_and_compared(speed, monkeypatch, capsys):
    monkeypatch.setattr(speed, "LIMIT", 1000)
    given = ["--size", "32", "--images", "18", "--repeats", "1"]
    monkeypatch.setattr(sys, "argv", ["convert_speed.py", *given])
    assert speed.main() == 0
    stock, edgekit, ratios = capsys.readouterr().out.splitlines()
    assert stock.startswith("stock ") and edgekit.startswith("edgekit ")
    assert ratios.startswith("ratios of the medians: wall ")


def test_a_command_that_fails_is_shown(speed):
    with pytest.raises(SystemExit, match="no such thing"):
        speed.cost([sys.executable, "-c", "raise SystemExit('no such thing')"])


def test_what_a_process_took_is_counted(speed):
    took = speed.cost([sys.executable, "-c", "x = bytearray(200_000_000); sum(range(3_000_000))"])
    assert took.memory > 200
    assert 0 < took.cpu < 20
    assert took.wall > 0
