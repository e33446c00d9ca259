"""What is said about a device before it is measured."""

import shlex

import msgspec
import pytest
from support.sessions import noise

from edgekit.advice import advise
from edgekit.device import Profile
from edgekit.results import Device, Environment

PI = Profile(
    description="",
    transport="ssh",
    name="rpi4",
    address="10.0.0.2",
    user="pi",
    core="Cortex-A72",
    max_celsius=70,
)
HEALTHY = {"profile": "rpi4", "machine": "aarch64", "system": "Linux 6.6", "cores": (("Cortex-A72", 4),)}
CALM = {"time": "2026-01-02T03:04:05Z", "governor": "performance", "other_cpus": 0.0, "throttled": 0}


def said(profile=PI, runtimes=None, environment=None, noise=None, **device):
    found = advise(
        profile,
        Device(**{**HEALTHY, **device}),
        Environment(**{**CALM, **(environment or {})}),
        runtimes or {},
        noise,
    )
    return [f"{item.problem} → {item.remedy}" for item in found]


def test_a_healthy_board_needs_nothing():
    assert said(runtimes={"litert": ""}, bits=64, free_bytes=10**10) == []


@pytest.mark.parametrize(
    ("planted", "words"),
    [
        ({"created": "2025-12-10T00:00:00Z", "system": "Linux 6.6"}, ""),
        ({"created": "2025-11-10T00:00:00Z", "system": "Linux 6.6"}, "is 53 days old"),
        ({"created": "2026-01-01T00:00:00Z", "system": "Linux 6.1"}, "with the kernel Linux 6.1"),
    ],
)
def test_noise_that_no_longer_holds_is_to_be_measured_again(planted, words):
    lines = said(noise=noise(0.02, **planted))
    assert [words in line and "edgekit devices noise rpi4" in line for line in lines] == [True] * bool(words)


def test_another_board_under_a_known_name_is_noticed():
    (line,) = said(cores=(("Cortex-A76", 4),))
    assert "rpi4 should have Cortex-A72 cores; this device has Cortex-A76." in line
    assert "edgekit devices add OTHER-NAME --ssh pi@10.0.0.2" in line


def test_a_governor_that_follows_the_load_comes_with_the_command_that_stops_it():
    (line,) = said(environment={"governor": "ondemand"})
    assert "'ondemand'" in line
    assert "ssh -l pi 10.0.0.2 'echo performance | sudo tee" in line


def test_what_is_to_be_pasted_into_a_shell_is_quoted():
    odd = msgspec.structs.replace(PI, name="h$(id)", address="a'b$(id)", user="u;id", port=2222)
    said_of = said(odd, environment={"governor": "ondemand"}, free_bytes=1000, cores=(("Cortex-A76", 4),))
    commands = " ".join(line.partition("→")[2] for line in said_of)
    assert "edgekit devices clean 'h$(id)'" in commands
    assert shlex.join(["ssh", "-l", "u;id", "-p", "2222", "a'b$(id)"]) in commands
    assert shlex.join(["u;id@a'b$(id)", "--port", "2222"]) in commands


def test_a_phone_in_fixed_performance_mode_needs_no_governor():
    phone = Profile(description="", transport="adb", name="android", fixed_performance=True)
    assert said(phone, environment={"governor": "schedutil"}) == []


def test_a_runtime_that_cannot_be_had_comes_with_what_works():
    (line,) = said(runtimes={"litert": "", "tflite-runtime": "It has no wheels for Python 3.13. Use litert."})
    assert line == "tflite-runtime cannot be provided: It has no wheels for Python 3.13. → Use litert."


@pytest.mark.parametrize(
    ("device", "environment", "words"),
    [
        ({"free_bytes": 12_000_000}, {}, "12 MB are free"),
        ({"bits": 32}, {}, "Python is 32-bit"),
        ({}, {"memory_available_bytes": 90_000_000}, "90 MB of memory"),
        ({}, {"throttled": 0x50005}, "bits 0x50005"),
        ({}, {"power": "battery"}, "battery"),
        ({}, {"temperature_celsius": {"cpu-thermal": 78.2}}, "78 °C"),
        ({}, {"other_cpus": 1.3}, "1.3 CPUs busy"),
    ],
)
def test_each_problem_is_named_with_its_figure(device, environment, words):
    (line,) = said(environment=environment, **device)
    assert words in line


def test_a_share_of_a_cpu_comes_with_what_raises_it():
    (line,) = said(environment={"cpu_quota": 0.2})
    assert "0.2 of a CPU" in line
    assert "--cpus" in line.partition("→")[2]
    assert said(environment={"cpu_quota": 1.5}) == []


def test_a_folder_where_nothing_may_be_executed_comes_with_the_way_out():
    (board,) = said(environment={"noexec": True})
    assert "noexec" in board
    assert "`folder` in the profile of rpi4" in board
    (host,) = said(Profile(description="", transport="local", name="host"), environment={"noexec": True})
    assert host.endswith("Keep the cache elsewhere: set EDGEKIT_CACHE.")
