"""A device's own noise: measured, stored near its profile, and refreshed when it no longer holds."""

import json

import numpy as np
import pytest
from msgspec.structs import replace
from support.sessions import noise

import edgekit
from edgekit import devices
from edgekit.device import Completed, Profile, find_profile, read_noise, write_noise
from edgekit.errors import InvalidError, RecordError, UsageError
from edgekit.measurement import BenchRequest, Schedule, bench, measure_noise
from edgekit.visit import Fingerprint

SCHEDULE = Schedule(repeats=12, min_runs=64, min_seconds=0)


@pytest.fixture
def scatter(script):
    """Let each process take 1 ms, give or take 4 %."""
    random = np.random.default_rng(2)

    def answer(request):
        if request["pass"] != "latency":
            return None
        samples = [int(1e6 * random.lognormal(0, 0.04))] * 64
        healthy = script.healthy(request) | {"samples_ns": samples}
        return Completed(json.dumps({"schema": "edgekit.guest/1", **healthy}).encode(), "", 0)

    script.faults.append(answer)


@pytest.mark.usefixtures("scatter")
def test_the_spread_of_like_repeats_is_measured_for_each_number_of_threads(device, tiny):
    found = measure_noise(find_profile("host"), (tiny / "int8.tflite",), schedule=SCHEDULE, transport=device)
    assert [(each.model, each.threads, each.repeats) for each in found.measured] == [
        ("tiny", 1, 12),
        ("tiny", 4, 12),
    ]
    assert all(0.015 < each.spread < 0.08 for each in found.measured)
    assert (found.device, found.system) == ("host", "Linux 6.1")


def test_a_measurement_that_cannot_be_trusted_gives_no_noise(device, script, tiny):
    moved = {"frequency_khz": [1_800_000, 600_000]}
    script.faults.append(
        lambda r: (
            Completed(json.dumps({"schema": "edgekit.guest/1", **script.healthy(r), **moved}).encode(), "", 0)
            if r["pass"] == "latency"
            else None
        )
    )
    with pytest.raises(InvalidError, match="clock moved"):
        measure_noise(find_profile("host"), (tiny / "int8.tflite",), schedule=SCHEDULE, transport=device)


def test_an_emulated_device_has_none():
    with pytest.raises(UsageError, match="is emulated"):
        edgekit.devices.noise("rpi4-emulated")
    emulated = Profile(description="", transport="local", name="x", emulated=True)
    with pytest.raises(UsageError, match="is emulated"):
        measure_noise(emulated, ())


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_is_stored_in_the_users_folder_or_with_the_projects_profile(home):
    assert read_noise("rpi4") is None
    path = write_noise(noise(0.02))
    assert path == home / "config" / "edgekit" / "devices" / "rpi4.noise.json"
    assert read_noise("rpi4") == noise(0.02)
    (home / "devices").mkdir()
    (home / "devices" / "rpi4.toml").write_text('description = "x"\ntransport = "local"\n')
    assert write_noise(noise(0.03)) == home / "devices" / "rpi4.noise.json"
    assert read_noise("rpi4") == noise(0.03), "the project's wins"
    assert "rpi4.noise" not in {profile.name for profile in edgekit.devices.list()}


@pytest.mark.usefixtures("home")
def test_a_damaged_one_is_found_out_before_anything_is_measured(device, script, tiny):
    write_noise(noise(0.02, device="host")).write_text('{"schema": "edgekit.noise/1"}')
    with pytest.raises(RecordError, match=r"host\.noise\.json is damaged"):
        bench(BenchRequest(artefacts=(tiny,), mode=SCHEDULE), transport=device)
    assert script.requests == []


@pytest.mark.usefixtures("home")
def test_a_result_carries_what_is_known(device, tiny):
    write_noise(noise(0.02, device="host"))
    request = BenchRequest(artefacts=(tiny / "int8.tflite",), mode=SCHEDULE, runtimes=("litert",))
    assert bench(request, transport=device).noise == noise(0.02, device="host")


@pytest.mark.parametrize(
    ("planted", "again", "measured"),
    [
        ({}, False, False),
        ({}, True, True),
        ({"system": "Linux 5"}, False, True),
        ({"created": "2001-01-01T00:00:00Z"}, False, True),
        (None, False, True),
    ],
)
@pytest.mark.usefixtures("home")
def test_it_is_measured_where_what_is_stored_does_not_hold(monkeypatch, planted, again, measured):
    fresh = noise(0.05, device="host", created=edgekit.schema.now())
    if planted is not None:
        write_noise(noise(0.02, **{"device": "host", "created": edgekit.schema.now(), **planted}))
    here = replace(edgekit.results.Device("host", "x86_64", "Linux 6.6.51"))
    look = edgekit.results.Environment(edgekit.schema.now())
    monkeypatch.setattr(devices, "probe", lambda *_, **__: Fingerprint(here, look, {}))
    monkeypatch.setattr(devices, "_shipped", lambda name, _: name)
    monkeypatch.setattr("edgekit.measurement.measure_noise", lambda *_: fresh)
    assert edgekit.devices.noise("host", again=again).spread() == (0.05 if measured else 0.02)
    assert read_noise("host").spread() == (0.05 if measured else 0.02)
