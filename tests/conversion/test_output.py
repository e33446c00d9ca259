"""All or nothing: full disks, places that cannot be written, and a kill in the middle of writing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edgekit.artefact import check_files, read_set
from edgekit.conversion.output import check_output
from edgekit.errors import RecordError, StorageError, UsageError

CONVERT = """
import os, signal, sys
from pathlib import Path
from edgekit.conversion import ConvertRequest, convert, output
from edgekit.errors import EdgekitError

if sys.argv[2] == "kill":  # when the model files are written and the manifest is not
    output.Packing.save = lambda *arguments: os.kill(os.getpid(), signal.SIGKILL)
try:
    convert(ConvertRequest(alpha=0.5, resolution=32, output=Path(sys.argv[1]), int8=False, formats=("onnx",)))
except EdgekitError as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""


def _convert(folder: Path, how: str = "whole") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", CONVERT, str(folder), how],
        capture_output=True,
        text=True,
        check=False,
    )


def _skip_without_the_right_to_mount(said):
    """In CI such a test must run."""
    if "CI" not in os.environ and ("unshare" in said or "mount" in said):
        pytest.skip(f"needs the right to mount, as root has: {said.strip()}")


def test_a_kill_while_writing_leaves_no_set_and_the_next_run_makes_the_very_same_files(converted, tmp_path):
    killed = _convert(tmp_path / "set", "kill")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    (left,) = tmp_path.iterdir()
    assert (left / "float32.onnx").is_file(), "the kill came in the middle of writing"
    assert left.name != "set"
    with pytest.raises(RecordError, match="is not an artefact set"):
        read_set(left)

    again = _convert(tmp_path / "set")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert [path.name for path in tmp_path.iterdir()] == ["set"]
    made = read_set(tmp_path / "set")
    check_files(made)
    _assert_same_files(made, converted)


def test_another_process_with_another_seed_of_hashes_makes_the_very_same_files(converted, artefacts):
    made = read_set(artefacts)
    assert {"float32.tflite", "int8.tflite", "float32.onnx", "int8.onnx"} == _hashes(made).keys()
    _assert_same_files(made, converted)


def _hashes(found):
    return {file.name: file.sha256 for file in found.manifest.files}


def _assert_same_files(made, converted):
    before, after = _hashes(converted), _hashes(made)
    assert after == {name: before[name] for name in after}
    assert made.manifest.evaluation_sha256 == converted.manifest.evaluation_sha256


def test_a_full_disk_under_temporary_files_is_named_and_nothing_is_written(tmp_path):
    """A file system of 2 MB, seen by this one process. tests/e2e fills the one under the set itself."""
    small = tmp_path / "small"
    small.mkdir()
    script = f'mount -t tmpfs -o size=2m none {small} && {sys.executable} -c "$CODE" {tmp_path}/set x'
    done = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", script],
        capture_output=True,
        text=True,
        env={**os.environ, "CODE": CONVERT, "TMPDIR": str(small)},
        check=False,
    )
    _skip_without_the_right_to_mount(done.stderr)
    assert "StorageError: The disk is full: no space for temporary files" in done.stderr
    assert "TMPDIR" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["small"]


@pytest.mark.parametrize("beside", [(), ("manifest.json", "int8.onnx")])
def test_other_files_beside_a_set_are_never_replaced(tmp_path, beside):
    for name in (*beside, "result.json"):
        (tmp_path / name).write_text("x")
    with pytest.raises(UsageError, match=r"holds result\.json"):
        check_output(tmp_path)


def test_a_set_may_be_replaced_and_an_unfinished_one_or_a_file_may_not(tmp_path):
    (tmp_path / "int8.onnx").write_text("x")
    with pytest.raises(UsageError, match="holds no artefact set"):
        check_output(tmp_path)
    (tmp_path / "manifest.json").write_text("x")
    check_output(tmp_path)
    with pytest.raises(UsageError, match="is a file"):
        check_output(tmp_path / "manifest.json")


@pytest.mark.parametrize("name", [".", "../set", ""])
def test_the_current_folder_is_refused_before_any_work(tmp_path, monkeypatch, name):
    folder = tmp_path / "set"
    folder.mkdir()
    monkeypatch.chdir(folder)
    with pytest.raises(UsageError, match="is the current folder") as raised:
        check_output(Path(name) if name else folder)
    assert "another folder" in raised.value.hint


def test_checking_a_place_leaves_nothing_there(tmp_path):
    check_output(tmp_path / "artefacts" / "name")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_below_a_file_is_refused_before_any_work(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StorageError, match="file"):
        check_output(tmp_path / "file" / "set")


def test_a_read_only_place_is_refused_before_any_work(tmp_path):
    code = (
        "import sys; from pathlib import Path; from edgekit.conversion.output import check_output\n"
        "from edgekit.errors import StorageError\n"
        "try: check_output(Path(sys.argv[1]))\n"
        "except StorageError as error: print(error)"
    )
    script = f'mount -t tmpfs -o ro none {tmp_path} && {sys.executable} -c "$CODE" {tmp_path}/set'
    done = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", script],
        capture_output=True,
        text=True,
        env={**os.environ, "CODE": code},
        check=False,
    )
    _skip_without_the_right_to_mount(done.stderr)
    assert "No permission to write" in done.stdout
