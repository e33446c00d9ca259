"""What `edgekit inspect` is pointed at."""

import pytest

from edgekit.cli.inspecting import inspect_target
from edgekit.errors import UsageError


def test_a_folder_that_holds_no_model_is_refused_with_what_may_be_inspected(tmp_path):
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "0.png").write_bytes(b"x")
    with pytest.raises(UsageError, match=r"without saved_model\.pb or manifest\.json") as error:
        inspect_target(str(tmp_path), alpha=None, resolution=None, classes=None)
    assert error.value.hint == "edgekit inspect takes a model, an artefact or an artefact set."
