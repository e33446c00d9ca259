"""An app with MediaPipe's ImageClassifier, as its guide for Python has it, in packages of its own.

MediaPipe brings OpenCV and more: 600 MB, which edgekit's own environment is spared. So this file is also run
as a script, by a Python that has nothing but those packages: `mediapipe_app.py MODEL IMAGE…` prints a JSON
list with the name, number and score of each image's class.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PACKAGE = "mediapipe==1.2.3"


def packages_folder(labs: Path) -> Path:
    """Return where the packages are kept: for this Python, and that version."""
    return labs / f"{PACKAGE.replace('==', '-')}-cp{sys.version_info.major}{sys.version_info.minor}"


def install(folder: Path) -> None:
    """Fetch the packages into a folder."""
    import uv

    command = [uv.find_uv_bin(), "pip", "install", "--quiet", "--only-binary", ":all:"]
    subprocess.run([*command, "--python", sys.executable, "--target", folder, PACKAGE], check=True)


def run(packages: Path, arguments: Sequence[str | Path], cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a Python that has the packages and no others."""
    with tempfile.TemporaryDirectory() as fonts:  # what matplotlib finds out about them
        environment = {**os.environ, "PYTHONPATH": str(packages), "MPLCONFIGDIR": fonts}
        command = [sys.executable, "-S", *arguments]
        done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done


def classify(packages: Path, model: Path, images: Sequence[Path]) -> list[dict[str, Any]]:
    """Have the app classify images."""
    done = run(packages, [__file__, model, *images], cwd=model.parent)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def _app(model: str, images: Sequence[str]) -> None:
    import mediapipe
    from mediapipe.tasks import python as tasks
    from mediapipe.tasks.python import vision

    options = vision.ImageClassifierOptions(
        base_options=tasks.BaseOptions(model_asset_path=model), max_results=1
    )
    with vision.ImageClassifier.create_from_options(options) as classifier:
        found = []
        for image in images:
            answer = classifier.classify(mediapipe.Image.create_from_file(image))
            best = answer.classifications[0].categories[0]
            found.append({"name": best.category_name, "number": best.index, "score": best.score})
    print(json.dumps(found))


if __name__ == "__main__":
    _app(sys.argv[1], sys.argv[2:])
