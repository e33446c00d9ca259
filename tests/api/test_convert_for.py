"""`edgekit.convert(device=…)`: which processor the int8 files are made for, without asking the device."""

from __future__ import annotations

import pytest

import edgekit
from edgekit.device import Profile
from edgekit.errors import UsageError

LAB = Profile(description="", transport="ssh", name="lab", address="board")


@pytest.fixture
def target(monkeypatch):
    """Return what `convert` would make files for."""
    asked = []
    monkeypatch.setattr("edgekit.conversion.convert", lambda request, progress: asked.append(request))

    def of(**given):
        edgekit.convert(**given)
        return asked[-1].target

    return of


@pytest.mark.parametrize("device", ["rpi4", "rpi-zero2", "rpi5-emulated", "android"])
def test_a_known_arm_device_gets_the_full_range(target, device):
    assert target(device=device) == "arm64"


def test_this_computer_gets_what_its_processor_can(target, monkeypatch):
    monkeypatch.setattr("edgekit.conversion.target.suits_host", lambda target: target == "x86-vnni")
    assert target(device="host") == "x86-vnni"


def test_without_a_device_files_suit_every_processor(target):
    assert target() == "portable"
    assert target(target="x86-avx2") == "x86-avx2"


def test_a_device_of_an_unknown_processor_is_not_guessed_about(target):
    with pytest.raises(UsageError, match=r"profile of lab does not say which processor") as raised:
        target(device=LAB)
    assert "--target arm64" in raised.value.hint


def test_a_target_and_a_device_contradict_each_other(target):
    with pytest.raises(UsageError, match="Both a target and a device"):
        target(device="rpi4", target="portable")


def test_a_device_that_there_is_not_is_named(target):
    with pytest.raises(UsageError, match="no device 'rpi44'"):
        target(device="rpi44")
