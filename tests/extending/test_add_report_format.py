"""A report format of somebody's own: one file and one registration, and `edgekit report` writes it."""

from functools import partial

import pytest
from support.commands import run
from support.sessions import MS, saved, session, timed

SCRIPT = """
import edgekit.cli
from edgekit.reporting import REPORT_FORMATS, ReportFormat


def to_text(report):
    lines = [f"{s.device.profile}: {row.label}" for s in report.sessions for row in s.rows]
    return "\\n".join([*lines, f"side by side: {report.side_by_side.devices}", ""]).encode()


REPORT_FORMATS.add(ReportFormat(".lines.txt", to_text))
edgekit.cli.main()
"""


@pytest.fixture
def report(tmp_path):
    """Run `report` as somebody who has added a format does, on two results."""
    script = tmp_path / "edgekit-mine.py"
    script.write_text(SCRIPT)
    paths = saved(tmp_path, session(timed(MS)), session(timed(2 * MS), device="rpi5"))
    return partial(run, "report", *paths, cwd=tmp_path, program=(script,))


def test_a_file_with_its_ending_is_written(report, tmp_path):
    done = report("-o", "out/a.lines.txt")
    assert (tmp_path / "out" / "a.lines.txt").read_text() == (
        "rpi4: int8.tflite · litert 2.3.0 · 1 thread\n"
        "rpi5: int8.tflite · litert 2.3.0 · 1 thread\n"
        "side by side: ('rpi4', 'rpi5')\n"
    )
    assert "out/a.lines.txt" in done.sentence


def test_the_help_and_the_errors_name_it(report):
    assert ".png, .lines.txt." in " ".join(report("--help").out.split())
    assert ".png, .lines.txt." in report("-o", "a.txt", code=2).sentence
