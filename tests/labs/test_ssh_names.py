"""Names that mean something to a shell are names, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

from edgekit.device.ssh import SshTransport
from edgekit.device.transport import Payload, connected
from edgekit.files import sha256_file
from labs.payloads import contents_hash
from labs.ssh_lab import HOME, SshLab, profile

# whatever executes one of them leaves a file called `owned`
HOSTILE = (
    "two  words",
    " in front",
    "behind ",
    "it's",
    'a "quote"',
    "'; touch owned; '",
    '"; touch owned; "',
    "$(touch owned)",
    "`touch owned`",
    "$HOME",
    "${IFS}touch${IFS}owned",
    "; touch owned;",
    "& touch owned &",
    "| touch owned",
    "> owned",
    "\ntouch owned\n",
    "line\nbreak",
    "-rf",
    "--",
    "--checkpoint-action=exec=touch owned",
    "*",
    "?[a-z]*",
    "{a,b}",
    "~",
    "~root",
    "back\\slash\\n",
    "\\",
    "tab\there",
    "return\r",
    "#comment",
    "!!",
    "%s%n",
    "a=b",
    "ünïcödé 名 🎛",
    "e\u0301",
    "\x01\x7f",
    "n" * 255,
)


def test_files_and_folders_of_any_name_arrive(ssh_lab: SshLab, tmp_path: Path) -> None:
    board = ssh_lab.board("pi64")
    bundle = tmp_path / "bundle"
    for number, name in enumerate(HOSTILE):
        (bundle / name).mkdir(parents=True)
        (bundle / name / name).write_text(f"{number}")
    single = tmp_path / "$(touch owned) 'x'\n"
    single.write_text("one")
    payloads = [
        Payload(bundle, contents_hash(bundle), len(HOSTILE)),
        Payload(single, sha256_file(single), 3),
    ]
    with connected(SshTransport(profile("pi64"))) as device:
        pushed = device.push(payloads)
        assert contents_hash(board.path(pushed.paths[payloads[0].sha256])) == payloads[0].sha256
        for number, name in list(enumerate(HOSTILE))[::4]:
            path = f"{pushed.paths[payloads[0].sha256]}/{name}/{name}"
            assert device.run(["cat", path], stdin="", deadline=60).stdout.decode() == f"{number}"
        assert device.push(payloads).transfer.bytes == 0
    board.assert_tidy()
    assert not [path for path in board.written() if path.endswith("/owned")]


def test_arguments_of_any_form_arrive(ssh_lab: SshLab) -> None:
    ssh_lab.board("pi64")
    code = "import json, sys; json.dump(sys.argv[1:], sys.stdout)"
    words = [*HOSTILE, "", "\n", "owned\n\n"]
    with connected(SshTransport(profile("pi64"))) as device:
        done = device.run(["python3", "-c", code, *words], stdin="", deadline=60)
    assert json.loads(done.stdout) == words


def test_a_folder_of_any_name_can_be_edgekits(ssh_lab: SshLab, tmp_path: Path) -> None:
    board = ssh_lab.board("bare64")
    file = tmp_path / "file"
    file.write_text("content")
    payload = Payload(file, sha256_file(file), 7)
    for begin in range(5):  # a path of several names each time
        folder = "/".join([HOME, "sub", *HOSTILE[begin::5]])
        with connected(SshTransport(profile("bare64", folder=folder))) as device:
            path = device.push([payload]).paths[payload.sha256]
            assert path.startswith(f"{folder}/")
            assert board.path(path).read_text() == "content"
            done = device.run(["cat", path], stdin="", deadline=60)
            assert (done.stdout, done.code) == (b"content", 0)
            assert device.clean() > 0
        assert not board.path(folder).exists()
        assert not [path for path in board.written() if path.endswith("/owned")]


def test_a_folder_named_relative_to_home_is_there(ssh_lab: SshLab) -> None:
    board = ssh_lab.board("bare64")
    for folder in ("~/$(touch owned)", "$(touch owned)", "-n"):
        with connected(SshTransport(profile("bare64", folder=folder))) as device:
            device.run(["true"], stdin="", deadline=60)
        (made,) = board.path(HOME).iterdir()
        assert made.name == folder.removeprefix("~/")
        with connected(SshTransport(profile("bare64", folder=folder))) as device:
            device.clean()


def test_a_device_of_any_name_is_used(ssh_lab: SshLab) -> None:
    board = ssh_lab.board("bare64")
    for name in HOSTILE[::6]:
        with connected(SshTransport(profile("bare64", name=name))) as device:
            assert device.run(["echo", "yes"], stdin="", deadline=60).stdout == b"yes\n"
    board.assert_tidy()
