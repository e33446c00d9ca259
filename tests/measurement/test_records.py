"""Sets and results that were changed by hand are refused, whatever was changed."""

import json

import pytest
from support.artefact_sets import edit_manifest

from edgekit.artefact import MANIFEST, check_files, read_set
from edgekit.errors import RecordError
from edgekit.measurement import BenchRequest, Schedule, bench, save_result
from edgekit.results import read_result


@pytest.fixture
def saved(device, tiny, tmp_path):
    """A saved result."""
    schedule = Schedule(repeats=1, min_runs=4, min_seconds=0)
    request = BenchRequest(artefacts=(tiny / "int8.onnx",), mode=schedule, threads=(1,))
    return save_result(bench(request, transport=device), tmp_path / "results")


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        ("accuracy", "n", -1),
        ("accuracy", "correct", -1),
        ("accuracy", "correct", 41),
        ("memory", "peak", -1),
        ("repeat", "samples_ns", [1, -1]),
        ("repeat", "samples_ns", []),
        ("repeat", "first_ns", -5),
        ("repeat", "every", 0),
        ("measurement", "threads", 0),
    ],
)
def test_a_result_with_an_impossible_number_is_damaged(saved, part, field, value):
    fields = json.loads(saved.read_text())
    (measured,) = fields["measurements"]
    parts = {"repeat": measured["repeats"][0], "measurement": measured}
    changed = parts[part] if part in parts else measured[part]
    assert field in changed
    read_result(saved)
    changed[field] = value
    saved.write_text(json.dumps(fields))
    with pytest.raises(RecordError, match="is damaged"):
        read_result(saved)


def test_another_preprocessing_than_the_one_hashed_is_refused(tiny):
    check_files(read_set(tiny))
    edit_manifest(tiny, preprocessing_sha256="0" * 64)
    with pytest.raises(RecordError, match="its preprocessing has the SHA-256"):
        check_files(read_set(tiny))


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../tiny/int8.onnx", "/int8.onnx", "a/../int8.onnx", "./int8.onnx"]
)
@pytest.mark.parametrize("where", ["evaluation_file", "name"])
def test_a_set_that_names_a_file_elsewhere_is_refused(tiny, where, name):
    fields = json.loads((tiny / MANIFEST).read_text())
    changed = fields if where == "evaluation_file" else fields["files"][0]
    changed[where] = name
    (tiny / MANIFEST).write_text(json.dumps(fields))
    with pytest.raises(RecordError, match="which is not in its folder"):
        check_files(read_set(tiny))
