"""Bad input ends with what was received, the right exit code, and nothing half-written."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from support.commands import run

SHIPPED = Path(__file__).resolve().parents[2] / "models"
MODEL = "mobilenet_v1_0.5_32_digits"
CHECKPOINT = SHIPPED / f"{MODEL}.keras"


def _nothing_left(folder: Path) -> None:
    """Neither an output nor the staging folder of one."""
    assert not (folder / "artefacts").exists()
    assert not [p for p in folder.rglob("*") if ".partial-" in p.name]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--alpha", "0"], "alpha.*0"),
        (["--alpha", "-1"], "alpha.*-1"),
        (["--alpha", "nan"], "alpha.*nan"),
        (["--alpha", "abc"], "alpha.*abc"),
        (["--alpha", "0.33", "--weights", "imagenet", "--resolution", "224"], "alpha.*0.33"),
        (["--resolution", "31"], "resolution.*31"),
        (["--resolution", "31.5"], "resolution.*31.5"),
        (["missing.keras"], "missing.keras"),
        (["no_such_family"], "no_such_family.*mobilenet_v1"),
        (["--alpha", "0.33"], "0.33.*edgekit train"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_request_that_cannot_be_met_is_refused(tmp_path, arguments, sentence):
    done = run("convert", *arguments, cwd=tmp_path, code=2)

    assert re.search(sentence, done.sentence), done.sentence
    _nothing_left(tmp_path)


def test_a_text_file_named_keras_is_refused(tmp_path):
    (tmp_path / "model.keras").write_text("this is not a model")
    done = run("convert", "model.keras", "--dataset", "digits", cwd=tmp_path, code=2)
    assert "model.keras is not a Keras file" in done.sentence
    _nothing_left(tmp_path)


def test_a_truncated_keras_file_is_refused(tmp_path):
    whole = CHECKPOINT.read_bytes()
    (tmp_path / "model.keras").write_bytes(whole[: len(whole) // 2])
    done = run("convert", "model.keras", "--dataset", "digits", cwd=tmp_path, code=2)
    assert "model.keras is not a whole Keras file" in done.sentence
    _nothing_left(tmp_path)


def test_a_lambda_layer_is_refused_and_its_code_never_runs(tmp_path):
    script = (
        "import keras\n"
        "m = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten(),"
        " keras.layers.Lambda(lambda x: (open('pwned', 'w'), x)[1]), keras.layers.Dense(10)])\n"
        "m.save('model.keras')\n"
    )
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True, env=quiet, capture_output=True)
    (tmp_path / "pwned").unlink(missing_ok=True)
    done = run("convert", "model.keras", "--dataset", "digits", cwd=tmp_path, code=2)
    assert "Lambda" in done.sentence
    assert not (tmp_path / "pwned").exists()
    _nothing_left(tmp_path)


def test_an_empty_image_folder_is_refused(tmp_path):
    (tmp_path / "images").mkdir()
    done = run("convert", "mobilenet_v1_0.5_32_digits", "--dataset", "images", cwd=tmp_path, code=2)
    assert "images" in done.sentence
    _nothing_left(tmp_path)


def test_one_broken_image_among_good_ones_is_named_counted_and_skipped(tmp_path):
    from PIL import Image

    rng = np.random.default_rng(0)
    for digit in range(10):
        folder = tmp_path / "images" / str(digit)
        folder.mkdir(parents=True)
        for i in range(12):
            pixels = rng.integers(0, 255, (40, 40, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"{i}.png")
    broken = tmp_path / "images" / "3" / "broken one.png"
    broken.write_bytes((tmp_path / "images" / "3" / "0.png").read_bytes()[:300])
    one = ("--no-int8", "--format", "tflite")
    done = run("convert", MODEL, "--dataset", "images", *one, cwd=tmp_path, code=None)
    assert "broken one.png" in done.sentence
    assert "1 " in done.sentence
    assert done.code in (0, 4)


def test_an_output_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    done = run("convert", "--alpha", "0.5", "--output", "file/set", cwd=tmp_path, code=3)
    assert "file" in done.sentence
    assert "--output" in done.sentence


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path):
    """A file system of 200 kB, mounted for this command alone."""
    small = tmp_path / "small"
    small.mkdir()
    script = (
        "mount -t tmpfs -o size=200k none small && "
        f"{shlex.quote(sys.executable)} -m edgekit convert --alpha 0.5 --no-int8 --format tflite --output "
        "small/set; "
        "code=$?; ls -A small; exit $code"
    )
    done = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    assert "disk is full" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert done.stdout.strip() == "", "nothing stays on the full disk"


def test_an_unknown_device_is_refused_with_the_known_ones(tmp_path, artefacts):
    done = run("bench", artefacts, "--device", "hosst", cwd=tmp_path, code=2)
    assert "hosst" in done.sentence
    assert "host" in done.sentence


def test_an_unknown_runtime_is_refused_with_the_nearest_known_one(tmp_path, artefacts):
    done = run("bench", artefacts, "--runtime", "onnxruntim", cwd=tmp_path, code=2)
    assert "onnxruntim" in done.sentence
    assert "onnxruntime" in done.sentence


def test_a_runtime_version_that_does_not_exist_is_unavailable(tmp_path, artefacts):
    done = run(
        "bench",
        artefacts,
        "--runtime",
        "litert==0.0.1",
        cwd=tmp_path,
        code=3,
        EDGEKIT_CACHE=str(tmp_path / "cache"),
    )
    assert "0.0.1" in done.sentence


def test_no_network_on_the_first_bundle_is_unavailable(tmp_path, artefacts):
    done = run(
        "bench",
        artefacts,
        "--runtime",
        "litert",
        cwd=tmp_path,
        code=3,
        EDGEKIT_CACHE=str(tmp_path / "cache"),
        UV_CACHE_DIR=str(tmp_path / "uv"),
        UV_OFFLINE="1",
    )
    assert "litert" in done.sentence
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("name", ["manifest.json"])
def test_a_manifest_of_a_newer_schema_asks_for_an_upgrade(tmp_path, artefacts, name):
    copy = shutil.copytree(artefacts, tmp_path / "set")
    record = json.loads((copy / name).read_text())
    record["schema"] = "edgekit.manifest/99"
    (copy / name).write_text(json.dumps(record))
    for command in ("bench", "inspect"):
        done = run(command, copy, cwd=tmp_path, code=2)
        assert "edgekit.manifest/99" in done.sentence
        assert "Upgrade edgekit" in done.sentence


def test_a_result_of_a_newer_schema_asks_for_an_upgrade(tmp_path, result):
    record = json.loads(result.read_text())
    record["schema"] = "edgekit.result/99"
    (tmp_path / "result.json").write_text(json.dumps(record))
    for command in ("report", "inspect"):
        done = run(command, "result.json", cwd=tmp_path, code=2)
        assert "edgekit.result/99" in done.sentence


def test_an_artefact_whose_bytes_changed_is_not_measured(tmp_path, artefacts):
    copy = shutil.copytree(artefacts, tmp_path / "set")
    model = copy / "int8.tflite"
    data = bytearray(model.read_bytes())
    data[len(data) // 2] ^= 1
    model.write_bytes(data)
    done = run("bench", copy, cwd=tmp_path, code=2)
    assert "int8.tflite" in done.sentence
    assert "SHA-256" in done.sentence
    assert not (tmp_path / "results").exists()


def test_a_keras_archive_that_leaves_its_folder_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        archive.writestr("../escaped.txt", "x")
        archive.writestr("config.json", "{}")
    run("convert", "model.keras", "--dataset", "digits", cwd=tmp_path, code=2)
    assert not (tmp_path.parent / "escaped.txt").exists()


@pytest.mark.parametrize(
    "name", ["a b", "$(touch pwned)", "-dash", "ünïcode", "new\nline", "quote'\"", "`touch pwned`"]
)
def test_hostile_names_are_only_names(tmp_path, artefacts, name):
    folder = tmp_path / name
    shutil.copytree(artefacts, folder)
    run("inspect", "--", folder, cwd=tmp_path)
    assert not list(tmp_path.rglob("pwned"))
