"""Devices and artefact sets for the bench."""

import pytest
from support.artefact_sets import make_set
from support.scripted import ScriptedDevice, without_network

from edgekit.device.fake import FakeTransport
from edgekit.progress import Recorder


@pytest.fixture
def script(monkeypatch, tmp_path):
    """The scripted device. Bundles need no network: their folders are empty."""
    without_network(monkeypatch, tmp_path)
    return ScriptedDevice()


@pytest.fixture
def device(script):
    """A transport to the scripted device."""
    return FakeTransport(script.answer)


@pytest.fixture
def tiny(tmp_path):
    """An artefact set of small models."""
    return make_set(tmp_path / "tiny", ("float32.tflite", "int8.tflite", "int8.onnx"))


@pytest.fixture
def notes():
    return Recorder()
