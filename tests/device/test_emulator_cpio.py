"""The archives that an emulated board starts with."""

import io
import os
import stat

import pytest

from edgekit.device.emulator.cpio import Archive


def written(fill):
    file = io.BytesIO()
    archive = Archive(file)
    fill(archive)
    archive.end()
    return file.getvalue()


def entries(data):
    """Read an archive as the format's definition says; return (name, mode, inode, content) of each entry."""
    found, at = [], 0
    while True:
        assert data[at : at + 6] == b"070701"
        inode, mode, _, _, _, _, size, _, _, _, _, length, _ = (
            int(data[at + 6 + 8 * n : at + 14 + 8 * n], 16) for n in range(13)
        )
        name = data[at + 110 : at + 110 + length]
        assert name.endswith(b"\0")
        at = -(-(at + 110 + length) // 4) * 4
        content, at = data[at : at + size], -(-(at + size) // 4) * 4
        if name == b"TRAILER!!!\0":
            assert at == len(data)
            return found
        found.append((os.fsdecode(name[:-1]), mode, inode, content))


def test_files_folders_and_links_are_all_there(tmp_path):
    folder = tmp_path / "folder"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "program").write_bytes(b"#!/bin/sh\n")
    (folder / "inner" / "program").chmod(0o700)
    (folder / "empty").write_bytes(b"")
    (folder / "link").symlink_to("inner/program")
    found = entries(written(lambda archive: archive.copy(folder, "place")))
    assert [(name, mode, content) for name, mode, _, content in found] == [
        ("place", stat.S_IFDIR | 0o755, b""),
        ("place/empty", stat.S_IFREG | 0o644, b""),
        ("place/inner", stat.S_IFDIR | 0o755, b""),
        ("place/inner/program", stat.S_IFREG | 0o755, b"#!/bin/sh\n"),
        ("place/link", stat.S_IFLNK | 0o777, b"inner/program"),
    ]


def test_no_two_entries_are_taken_for_one_file(tmp_path):
    for name in "abc":
        (tmp_path / name).write_text(name)
    inodes = [inode for _, _, inode, _ in entries(written(lambda archive: archive.copy(tmp_path, "x")))]
    assert len(set(inodes)) == len(inodes) == 4


def test_a_link_to_a_folder_is_not_followed(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "back").symlink_to(tmp_path)
    names = [name for name, *_ in entries(written(lambda archive: archive.copy(tmp_path, "x")))]
    assert names == ["x", "x/there", "x/there/back"]


@pytest.mark.parametrize("name", ["a b", "$(x)", "new\nline", "ü", "-rf", "a'b\"c", os.fsdecode(b"\xff")])
def test_a_name_is_kept_byte_by_byte(tmp_path, name):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / name).write_text("content")
    found = entries(written(lambda archive: archive.copy(tmp_path / "x", "place")))
    assert [(entry[0], entry[3]) for entry in found] == [("place", b""), (f"place/{name}", b"content")]


def test_the_same_content_gives_the_same_bytes_whenever_and_in_whatever_order_it_was_written(tmp_path):
    for place, names, when in (("one", "abc", 0), ("two", "cab", 1e9)):
        (tmp_path / place).mkdir()
        for name in names:
            (tmp_path / place / name).write_text(name)
            os.utime(tmp_path / place / name, (when, when))
    one, two = (written(lambda archive, p=p: archive.copy(tmp_path / p, "x")) for p in ("one", "two"))
    assert one == two


def test_what_is_no_file_is_named(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match=r"not a file that an archive can hold.*pipe"):
        written(lambda archive: archive.copy(tmp_path, "x"))
