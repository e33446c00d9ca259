"""benchmarks/families.py on the families that are cheap; the large ones are for the command."""

import pytest
from support.benchmarks import script


@pytest.fixture(scope="module")
def families():
    return script("families")


@pytest.fixture(scope="module")
def folder(families, tmp_path_factory):
    made = tmp_path_factory.mktemp("families")
    families.write_images(made / "five", 100)
    return made


@pytest.mark.parametrize(
    ("name", "alpha", "parameters"),
    [
        ("mobilenet_v1_standard", 0.25, 29_306_056),
        ("mobilenet_v1_shallow", 0.25, 2_899_624),
    ],
)
def test_a_family_becomes_four_files_that_are_int8_throughout(families, folder, name, alpha, parameters):
    row = families.taken_through(name, folder, smallest=True, alpha=alpha, train=False, measure=False)
    assert row.faults == ()
    assert row.parameters == parameters
    assert row.parity <= families.PARITY


def test_a_family_is_trained_converted_and_measured_on_a_folder_of_five_classes(families, folder):
    row = families.taken_through("mobilenet_v3_small_minimalistic", folder, smallest=True, alpha=0.35)
    assert row.faults == ()
    assert (row.parameters, row.trained, row.measured) == (2_056_848, 32, 4)
