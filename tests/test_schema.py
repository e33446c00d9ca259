import json

import msgspec
import pytest

from edgekit.artefact import SCHEMA as MANIFEST_SCHEMA
from edgekit.artefact import Manifest, read_set
from edgekit.errors import RecordError
from edgekit.results import read_result
from edgekit.schema import decode_record


def _write(path, **fields):
    path.write_text(json.dumps(fields))
    return path


def test_a_result_of_a_newer_schema_asks_for_an_upgrade(tmp_path):
    path = _write(tmp_path / "result.json", schema="edgekit.result/99", anything=1)
    with pytest.raises(RecordError, match=r"edgekit\.result/99.*Upgrade edgekit") as caught:
        read_result(path)
    assert caught.value.exit_code == 2


def test_a_manifest_of_a_newer_schema_asks_for_an_upgrade(tmp_path):
    _write(tmp_path / "manifest.json", schema="edgekit.manifest/99")
    with pytest.raises(RecordError, match=r"edgekit\.manifest/99.*Upgrade edgekit"):
        read_set(tmp_path)


def test_a_manifest_is_not_taken_for_a_result(tmp_path):
    path = _write(tmp_path / "manifest.json", schema=MANIFEST_SCHEMA)
    with pytest.raises(RecordError, match="is not an edgekit result"):
        read_result(path)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff\xfe", b'{"schema": 1}', b"null", b'{"a": 1}', b"[" * 5000]
)
def test_what_is_not_a_record_is_said_to_be_none(tmp_path, content):
    path = tmp_path / "result.json"
    path.write_bytes(content)
    with pytest.raises(RecordError, match="is not an edgekit result"):
        read_result(path)


def test_a_damaged_record_names_the_field(tmp_path):
    path = _write(tmp_path / "manifest.json", schema=MANIFEST_SCHEMA, created=3)
    with pytest.raises(RecordError, match=r"is damaged.*created"):
        decode_record(path, Manifest, MANIFEST_SCHEMA)


def test_a_version_that_is_no_number_is_unknown(tmp_path):
    path = _write(tmp_path / "result.json", schema="edgekit.result/²")
    with pytest.raises(RecordError, match="unknown schema"):
        read_result(path)


def test_a_missing_file_and_a_folder_are_said_so(tmp_path):
    with pytest.raises(RecordError, match="cannot be read"):
        read_result(tmp_path / "none.json")
    with pytest.raises(RecordError, match="cannot be read"):
        read_result(tmp_path)


def test_a_folder_without_a_manifest_is_not_an_artefact_set(tmp_path):
    with pytest.raises(RecordError, match=r"not an artefact set.*edgekit convert"):
        read_set(tmp_path)


class Thing(msgspec.Struct):
    schema: str
    metres: float
    name: str = ""


def _in_metres(record):
    record["metres"] = record.pop("feet") * 0.3048


def _named(record):
    record["name"] = f"{record['metres']:.0f} m"


@pytest.mark.parametrize(
    ("version", "fields"),
    [(1, {"feet": 10}), (2, {"metres": 3.048}), (3, {"metres": 3.048, "name": "3 m"})],
)
def test_a_record_of_an_older_version_is_upgraded_step_by_step(tmp_path, version, fields):
    path = _write(tmp_path / "thing.json", schema=f"edgekit.thing/{version}", **fields)
    found = decode_record(path, Thing, "edgekit.thing/3", (_in_metres, _named))
    assert (found.schema, round(found.metres, 3), found.name) == ("edgekit.thing/3", 3.048, "3 m")


def test_a_version_without_an_upgrade_is_unknown(tmp_path):
    for version in (0, 1):
        path = _write(tmp_path / "thing.json", schema=f"edgekit.thing/{version}", feet=10)
        with pytest.raises(RecordError, match="unknown schema"):
            decode_record(path, Thing, "edgekit.thing/3", (_named,))


@pytest.mark.parametrize("fields", [{}, {"feet": None}, {"feet": []}])
def test_a_record_that_cannot_be_upgraded_is_damaged(tmp_path, fields):
    path = _write(tmp_path / "thing.json", schema="edgekit.thing/1", **fields)
    with pytest.raises(RecordError, match=r"is damaged.*Make the thing again"):
        decode_record(path, Thing, "edgekit.thing/2", (_in_metres,))
