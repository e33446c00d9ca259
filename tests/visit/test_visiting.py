"""A visit to a device that answers from a script: what is brought, what is found, and that it ends."""

import json

import pytest
from support.scripted import PROBE, ScriptedDevice, refused, without_network

from edgekit.device import Completed, Payload, Profile, find_profile
from edgekit.device.fake import FakeTransport
from edgekit.errors import DeviceError, RuntimeMissingError, UsageError
from edgekit.progress import Recorder
from edgekit.runtime import parse_runtime
from edgekit.visit import find_target, probe, profile_of, visiting
from edgekit.visit.guest import GUEST

HOST = find_profile("host")
LITERT = parse_runtime("litert")


@pytest.fixture
def script(monkeypatch, tmp_path):
    without_network(monkeypatch, tmp_path)
    return ScriptedDevice()


@pytest.fixture
def device(script):
    return FakeTransport(script.answer)


def test_a_visit_brings_what_is_needed_once_and_says_where_it_is(device, tmp_path):
    model = tmp_path / "int8.tflite"
    model.write_bytes(b"model")
    file = Payload(model, "a" * 64, 5)
    with visiting(HOST, [file, file], [LITERT], transport=device) as visit:
        bundle = visit.bundles[LITERT]
        fields = visit.running(bundle, file.sha256)
    assert [payload.source for payload in device.pushed] == [GUEST, model, bundle.folder]
    assert (visit.transfer.files, visit.transfer.reused_files) == (3, 0)
    assert fields == {
        "path": [f"/fake/{bundle.record.seal}"],
        "runtime": "litert",
        "model": f"/fake/{file.sha256}",
        "model_sha256": file.sha256,
    }


def test_a_device_is_let_go_of_whatever_happens(device, script):
    with visiting(HOST, transport=device):
        assert device.is_open
    assert not device.is_open
    with pytest.raises(ZeroDivisionError), visiting(HOST, transport=device):
        1 / 0  # noqa: B018
    assert not device.is_open
    script.faults.append(lambda request: refused("internal"))
    with pytest.raises(DeviceError), visiting(HOST, transport=device):
        pass
    assert not device.is_open


def test_what_takes_time_is_shown_from_the_beginning(device):
    notes = Recorder()
    with visiting(HOST, progress=notes, transport=device):
        assert notes.steps == [("Probing host", None)]


def test_a_probe_describes_the_device(device, script):
    found = probe("host", transport=device)
    assert (found.device.profile, found.device.board) == ("host", "Raspberry Pi 4")
    assert found.environment.time == "2026-01-02T03:04:05Z"
    assert found.runtimes["litert"] == ""
    assert [request["pass"] for request in script.requests] == ["python", "probe"]


def test_a_python_that_the_profile_names_must_be_new_enough(device, script):
    answer = json.dumps({"schema": "edgekit.guest/1", **PROBE["python"], "version": "3.7"}).encode()
    script.faults.append(lambda r: Completed(answer, "", 0) if r["pass"] == "python" else None)
    profile = Profile(description="", transport="ssh", name="pi", python="/opt/old/python3")
    with pytest.raises(DeviceError, match=r"is Python 3\.7; 3\.9 or newer is needed") as caught:
        probe(profile, transport=device)
    assert "portable" in caught.value.hint


def test_a_python_of_the_device_that_is_too_old_is_replaced_by_a_portable_one(device, script, monkeypatch):
    from edgekit.visit import interpreter

    def portable(machine, progress):
        raise RuntimeMissingError(f"A portable Python for {machine} was asked for.")

    monkeypatch.setattr(interpreter, "ensure_portable", portable)
    answer = json.dumps({"schema": "edgekit.guest/1", **PROBE["python"], "version": "3.7"}).encode()
    script.faults.append(lambda r: Completed(answer, "", 0) if r["pass"] == "python" else None)
    with pytest.raises(RuntimeMissingError, match="for aarch64 was asked for"):
        probe(Profile(description="", transport="ssh", name="pi"), transport=device)


def test_this_computer_needs_no_visit_to_know_what_its_runtimes_are_built_for():
    assert find_target(HOST).executable


def test_a_device_is_named_or_is_a_profile():
    assert profile_of("host") == profile_of(HOST) == HOST
    with pytest.raises(UsageError, match="There is no device 'hots'"):
        profile_of("hots")
