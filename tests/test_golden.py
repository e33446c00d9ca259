"""Screens stay as they are: each in `golden/` is what a command prints for a stored record, to the letter.

Where a change is meant: EDGEKIT_UPDATE_GOLDEN=1 python -m pytest tests/test_golden.py, then review the diff.
"""

import os
from pathlib import Path

import pytest
from support.screens import GOLDEN, SCREENS, lay_out, render


@pytest.fixture
def laid_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with the stored records, no configuration, and 120 columns without colour."""
    lay_out(tmp_path / "records")
    monkeypatch.chdir(tmp_path / "records")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("COLUMNS", "120")
    for name in ("FORCE_COLOR", "GITHUB_STEP_SUMMARY", "CLICOLOR_FORCE", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("name", SCREENS)
@pytest.mark.usefixtures("laid_out")
def test_a_command_shows_what_it_showed(name: str) -> None:
    golden = GOLDEN / f"{name}.txt"
    shown = render(SCREENS[name])
    if os.environ.get("EDGEKIT_UPDATE_GOLDEN") == "1":
        golden.write_text(shown, encoding="utf-8")

    assert shown == golden.read_text(encoding="utf-8")


def test_no_screen_is_left_over() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == {*SCREENS}
