"""One bench on several devices: whose result is kept, and what the command exits with."""

import msgspec
import pytest
from support.sessions import MS, session, timed

from edgekit import DeviceError, Profile, UsageError, devices
from edgekit.api.bench import bench_each
from edgekit.progress import SILENT, Recorder

DEVICES = [Profile(description="", transport="local", name=name) for name in ("first", "second")]


class Gives(dict):
    """What each device gives, by name: a result, or an error that is raised."""

    def __call__(self, profile):
        given = self[profile.name]
        if isinstance(given, BaseException):
            raise given
        return given


@pytest.fixture
def gives():
    return Gives({name: session(timed(2 * MS), device=name) for name in ("first", "second")})


def test_each_device_gives_a_result(gives):
    found = bench_each(DEVICES, gives, SILENT)
    assert [result.device.profile for result in found.results] == ["first", "second"]
    assert (found.failures, found.exit_code) == ((), 0)


def test_a_device_that_is_not_there_takes_no_results_away_and_says_so_at_once(gives):
    gives["first"] = DeviceError("It is not there.", "Switch it on.")
    told = Recorder()
    found = bench_each(DEVICES, gives, told)
    assert (len(found.results), found.exit_code) == (1, 3)
    assert told.notes == ["Error: first: It is not there. Switch it on."]


def test_where_every_device_fails_each_is_named_and_the_first_decides(gives):
    gives["first"], gives["second"] = UsageError("No address."), DeviceError("Gone.")
    found = bench_each(DEVICES, gives, SILENT)
    assert [failure.what for failure in found.failures] == ["first: No address.", "second: Gone."]
    assert (found.results, found.exit_code) == ((), 2)


def test_the_failure_of_the_only_device_is_raised(gives):
    gives["first"] = DeviceError("Gone.")
    with pytest.raises(DeviceError, match=r"^Gone\.$"):
        bench_each(DEVICES[:1], gives, SILENT)


def test_an_interruption_before_the_second_device_keeps_the_first(gives):
    gives["second"] = KeyboardInterrupt()
    found = bench_each(DEVICES, gives, SILENT)
    assert (len(found.results), found.interrupted, found.exit_code) == (1, True, 130)


def test_an_interruption_before_anything_was_measured_is_one(gives):
    gives["first"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        bench_each(DEVICES, gives, SILENT)


def test_an_interrupted_device_is_the_last(gives):
    gives["first"] = msgspec.structs.replace(gives["first"], ended="interrupted", partial="Interrupted.")
    found = bench_each(DEVICES, gives, SILENT)
    assert (len(found.results), found.exit_code) == (1, 130)


def test_what_is_missing_counts_more_than_what_is_invalid(gives):
    gives["first"] = msgspec.structs.replace(gives["first"], ended="failed", partial="One failed.")
    assert bench_each(DEVICES, gives, SILENT).exit_code == 3


def test_an_address_is_for_one_device(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="for one device"):
        devices.find_each(["rpi4", "rpi5"], address="10.0.0.2")
    found = devices.find_each(["rpi4", "host", "rpi4"], address="10.0.0.2", user="pi")
    assert [(profile.name, profile.address) for profile in found] == [("rpi4", "10.0.0.2"), ("host", "")]
    with pytest.raises(UsageError, match="host has no address"):
        devices.find_each(["host"], address="10.0.0.2")
