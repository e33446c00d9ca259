"""What `edgekit inspect` is pointed at."""

import pytest
from rich.console import Console

from edgekit.cli import console
from edgekit.cli.inspecting import inspect_target
from edgekit.errors import UsageError


def test_a_folder_that_holds_no_model_is_refused_with_what_may_be_inspected(tmp_path, monkeypatch):
    # the console of a command has a descriptor of its own, which nobody closes in a process that goes on
    monkeypatch.setattr(console, "stderr_console", lambda: Console(stderr=True, soft_wrap=True))
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "0.png").write_bytes(b"x")
    with pytest.raises(UsageError, match=r"without saved_model\.pb or manifest\.json") as error:
        inspect_target(str(tmp_path), alpha=None, resolution=None, classes=None)
    assert error.value.hint == "edgekit inspect takes a model, an artefact or an artefact set."
