"""Runtimes to put before the guest."""

import pytest
from support.asking import MISBEHAVING, SHORT, bundle_path


@pytest.fixture(scope="session")
def numpy_path():
    """A folder that numpy can be imported from."""
    return bundle_path("litert")


@pytest.fixture
def misbehaving(tmp_path, numpy_path):
    """Return a request for a model that makes the runtime misbehave."""

    def request(fault, **fields):
        model = tmp_path / fault
        model.write_text(fault)
        defaults = {"pass": "latency", "runtime": "litert", "path": [str(MISBEHAVING), numpy_path]}
        return {**defaults, **SHORT, "model": str(model), "output_shape": [1, 3], **fields}

    return request
