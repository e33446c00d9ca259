"""What `edgekit inspect` is pointed at."""

import pytest

from edgekit.errors import UsageError
from edgekit.inspection import inspect_target


def test_a_folder_that_holds_no_model_is_refused_with_what_may_be_inspected(tmp_path):
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "0.png").write_bytes(b"x")
    with pytest.raises(UsageError, match=r"without saved_model\.pb or manifest\.json") as error:
        inspect_target(str(tmp_path))
    assert error.value.hint == "edgekit inspect takes a model, an artefact or an artefact set."


def test_a_family_is_inspected_as_in_its_paper():
    found = inspect_target("mobilenet_v1")
    assert found.name == "mobilenet_v1, alpha 1.0, 224 px, 1000 classes"
    assert round(found.cost.multiply_adds / 1e6) == 569, "Howard et al. 2017, table 4"
