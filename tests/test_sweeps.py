"""The record of a sweep."""

import pytest
from support.sessions import timed
from support.sweeps import planted, sized, swept

from edgekit.errors import RecordError
from edgekit.sweeps import Failed, read_sweep, write_sweep


def test_a_sweep_is_read_as_it_was_written_from_its_file_or_folder(tmp_path):
    sweep = planted({(0.5, 192): (12, 50), (0.25, 128): (3, 90)})
    assert sweep.path is None
    write_sweep(tmp_path / "sweep.json", sweep)
    assert read_sweep(tmp_path / "sweep.json") == sweep
    assert read_sweep(tmp_path).path == tmp_path / "sweep.json"
    assert sweep.trained
    assert not swept(dataset=None).trained


def test_a_cell_is_whole_where_nothing_failed(tmp_path):
    cell = sized(0.5, 192, timed(1e6))
    assert cell.whole
    assert not sized(0.5, 192, failed=(Failed("converting", "No.", device="rpi4"),)).whole


def test_what_is_no_sweep_is_named(tmp_path):
    file = tmp_path / "sweep.json"
    with pytest.raises(RecordError, match=r"sweep\.json"):
        read_sweep(tmp_path)
    file.write_text('{"schema": "edgekit.result/2"}')
    with pytest.raises(RecordError, match="not an edgekit sweep"):
        read_sweep(file)
    file.write_text('{"schema": "edgekit.sweep/1", "cells": 3}')
    with pytest.raises(RecordError, match="damaged"):
        read_sweep(file)
