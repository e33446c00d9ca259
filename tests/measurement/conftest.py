"""Devices and artefact sets for the bench."""

import pytest
from support.artefact_sets import make_set
from support.scripted import ScriptedDevice

from edgekit.device.fake import FakeTransport
from edgekit.progress import Recorder
from edgekit.runtime import Bundle
from edgekit.runtime.store import BundleRecord
from edgekit.visit import runtimes


@pytest.fixture
def script(monkeypatch, tmp_path):
    """The scripted device. Bundles need no network: their folders are empty."""

    def bundle(spec, target, progress):
        version = spec.version or "1.0"
        name = f"{spec.kind.name}-{version}"
        (tmp_path / name).mkdir(exist_ok=True)
        record = BundleRecord("edgekit.bundle/1", spec.kind.name, version, (), target, 0, name, name)
        return Bundle(tmp_path / name, record)

    monkeypatch.setattr(runtimes, "ensure_bundle", bundle)
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
