import numpy as np
import pytest
from PIL import Image

from edgekit.progress import Recorder


@pytest.fixture
def progress():
    return Recorder()


@pytest.fixture
def image():
    """Make a small RGB image, different for each seed."""

    def make(seed=0, width=12, height=10):
        pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
        return Image.fromarray(pixels)

    return make


@pytest.fixture
def folder(tmp_path, image):
    """A folder of two classes with ten different images each."""
    root = tmp_path / "pets"
    for label, name in enumerate(("cat", "dog")):
        (root / name).mkdir(parents=True)
        for i in range(10):
            image(100 * label + i).save(root / name / f"{i}.png")
    return root
