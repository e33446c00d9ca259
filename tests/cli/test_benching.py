"""One bench on several devices: whose result is kept, and what the command ends with."""

import msgspec
import pytest
from rich.console import Console
from support.sessions import MS, session, timed

import edgekit.measurement
from edgekit.cli import console
from edgekit.cli.benching import measure_each, profiles
from edgekit.device import Profile
from edgekit.errors import DeviceError, UsageError
from edgekit.measurement import BenchRequest

DEVICES = [Profile(description="", transport="local", name=name) for name in ("first", "second")]
REQUEST = BenchRequest(artefacts=("set",))


@pytest.fixture
def devices(monkeypatch, tmp_path):
    """What each device gives, by name: a result, or an error that is raised."""
    gives = {name: session(timed(2 * MS), device=name) for name in ("first", "second")}

    def bench(request, progress):
        given = gives[request.device.name]
        if isinstance(given, BaseException):
            raise given
        return given

    monkeypatch.setattr(edgekit.measurement, "bench", bench)
    # the console of a command has a descriptor of its own, which nobody closes in a process that goes on
    monkeypatch.setattr(console, "stderr_console", lambda: Console(stderr=True, soft_wrap=True))
    monkeypatch.chdir(tmp_path)
    return gives


def test_each_device_has_a_result_of_its_own(devices, tmp_path):
    measured, code = measure_each(REQUEST, DEVICES, None)
    assert (len(measured), code) == (2, 0)
    assert len(list((tmp_path / "results").glob("*.json"))) == 2


def test_a_device_that_is_not_there_takes_no_results_away(devices, capsys):
    devices["first"] = DeviceError("It is not there.", "Switch it on.")
    measured, code = measure_each(REQUEST, DEVICES, None)
    assert (len(measured), code) == (1, 3)
    assert capsys.readouterr().err.count("first: It is not there.") == 1


def test_where_every_device_fails_each_is_named_once(devices, capsys):
    devices["first"], devices["second"] = DeviceError("Gone."), UsageError("No address.")
    assert measure_each(REQUEST, DEVICES, None) == ([], 3)
    said = capsys.readouterr().err
    assert (said.count("first: Gone."), said.count("second: No address.")) == (1, 1)


def test_an_interruption_before_the_second_device_keeps_the_first_and_says_so(devices, capsys):
    devices["second"] = KeyboardInterrupt()
    measured, code = measure_each(REQUEST, DEVICES, None)
    assert (len(measured), code) == (1, 130)
    assert capsys.readouterr().err == "Interrupted.\n"


def test_an_interrupted_device_is_the_last(devices):
    devices["first"] = msgspec.structs.replace(devices["first"], ended="interrupted", partial="Interrupted.")
    measured, code = measure_each(REQUEST, DEVICES, None)
    assert (len(measured), code) == (1, 130)


def test_what_is_missing_counts_more_than_what_is_invalid(devices):
    devices["first"] = msgspec.structs.replace(devices["first"], ended="failed", partial="One failed.")
    assert measure_each(REQUEST, DEVICES, None)[1] == 3


def test_an_address_is_for_one_device(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="for one device"):
        profiles(["rpi4", "rpi5"], "10.0.0.2", "", None)
    found = profiles(["rpi4", "host"], "10.0.0.2", "pi", None)
    assert [(profile.name, profile.address) for profile in found] == [("rpi4", "10.0.0.2"), ("host", "")]
    with pytest.raises(UsageError, match="host has no address"):
        profiles(["host"], "10.0.0.2", "", None)


def test_one_file_cannot_hold_two_devices(tmp_path):
    with pytest.raises(UsageError, match="--output"):
        profiles(["rpi4", "host"], "", "", tmp_path / "out.json")
