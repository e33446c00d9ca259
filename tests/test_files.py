import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from edgekit.errors import StorageError
from edgekit.files import OUTPUT, new_folder, sha256_bytes, sha256_file, storage_errors, write_atomic


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "deep" / "result.json"
    write_atomic(path, b"one")
    write_atomic(path, b"two")
    assert path.read_bytes() == b"two"
    assert [p.name for p in path.parent.iterdir()] == ["result.json"]


def test_a_hash_of_a_file_is_that_of_its_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"edge" * 400_000)
    assert sha256_file(tmp_path / "a") == sha256_bytes(b"edge" * 400_000)


def test_a_failed_folder_leaves_the_old_one_and_no_trace(tmp_path):
    target = tmp_path / "set"
    with new_folder(target) as folder:
        (folder / "manifest.json").write_text("old")
    with pytest.raises(RuntimeError), new_folder(target) as folder:
        (folder / "manifest.json").write_text("new")
        raise RuntimeError
    assert (target / "manifest.json").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["set"]


def test_a_killed_writer_leaves_nothing_that_looks_whole_and_the_next_one_cleans_up(tmp_path):
    script = textwrap.dedent(
        f"""
        import os, pathlib, signal
        from edgekit.files import new_folder
        with new_folder(pathlib.Path({str(tmp_path)!r}) / "set") as folder:
            (folder / "manifest.json").write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    killed = subprocess.run([sys.executable, "-c", script], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "set").exists()
    assert len(list(tmp_path.iterdir())) == 1
    with new_folder(tmp_path / "set") as folder:
        (folder / "manifest.json").write_text("whole")
    assert [p.name for p in tmp_path.iterdir()] == ["set"]


def test_a_full_disk_is_said_and_leaves_no_trace(tmp_path):
    """The process's own limit on file size stands in for a full disk: the kernel refuses the write."""
    script = textwrap.dedent(
        f"""
        import errno, os, pathlib, resource, signal
        from edgekit import files
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            files.write_atomic(pathlib.Path({str(tmp_path)!r}) / "big", b"x" * 5000)
        except OSError as error:
            assert error.errno == errno.EFBIG
        """
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    assert list(tmp_path.iterdir()) == []


def test_no_space_left_names_the_file_and_what_to_do():
    # /dev/full answers every write with ENOSPC
    said = r"disk is full.*report\.html.*Free some space, or name another place with --output\."
    with pytest.raises(StorageError, match=said) as caught, storage_errors(Path("report.html"), OUTPUT):
        Path("/dev/full").write_bytes(b"x")
    assert caught.value.exit_code == 3


def test_an_error_without_a_remedy_receives_that_of_whoever_has_one(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError) as caught, storage_errors(tmp_path, "set EDGEKIT_CACHE"):
        write_atomic(tmp_path / "file" / "record.json", b"{}")
    assert caught.value.hint == "Set EDGEKIT_CACHE."

    with pytest.raises(StorageError) as caught, storage_errors(tmp_path, "set EDGEKIT_CACHE"):
        write_atomic(tmp_path / "file" / "record.json", b"{}", OUTPUT)
    assert caught.value.hint == "Name another place with --output."


def test_a_failed_folder_is_named_as_it_would_be_called(tmp_path):
    with pytest.raises(StorageError) as caught, new_folder(tmp_path / "set", OUTPUT) as staging:
        (staging / "file").write_text("")
        write_atomic(staging / "file" / "int8.tflite", b"x")
    assert str(tmp_path / "set" / "file") in caught.value.what
    assert ".partial-" not in caught.value.what
    assert caught.value.hint == "Name another place with --output."


def test_a_file_where_a_folder_is_needed_is_named(tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(StorageError, match="is a file, not a folder"):
        write_atomic(tmp_path / "out" / "result.json", b"{}")


def renamed(folder, process):
    """What another process would call its folder; other parts of a name may have an id's digits too."""
    before, after = folder.name.split(f"-{os.getpid()}-", 1)
    return f"{before}-{process}-{after}"


def test_a_live_process_keeps_what_it_is_writing(tmp_path):
    with new_folder(tmp_path / "set") as mine:
        other = tmp_path / renamed(mine, os.getppid())
    other.mkdir()
    with new_folder(tmp_path / "set"):
        pass
    assert other.is_dir()


def test_a_set_whose_name_begins_like_another_is_left_alone(tmp_path):
    with new_folder(tmp_path / "digits-v2") as mine:
        stale = tmp_path / renamed(mine, 4194305)  # above the largest process id
    stale.mkdir()
    with new_folder(tmp_path / "digits"):
        pass
    assert stale.is_dir()
    with new_folder(tmp_path / "digits-v2"):
        pass
    assert not stale.exists()


def test_what_is_no_regular_file_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StorageError, match="not a regular file"):
        write_atomic(tmp_path / "pipe", b"x")
    with pytest.raises(StorageError, match="is a folder"):
        write_atomic(tmp_path, b"x")
    assert (tmp_path / "pipe").is_fifo()


def test_a_link_is_followed(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    write_atomic(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_a_very_long_name_can_be_written(tmp_path):
    write_atomic(tmp_path / ("n" * 250 + ".json"), b"x")
    assert len(list(tmp_path.iterdir())) == 1
