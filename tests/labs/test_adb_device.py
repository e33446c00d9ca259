"""The test phone behaves to the real adb as a phone does."""

from __future__ import annotations

import hashlib
import random
import subprocess
from pathlib import Path

import pytest

from labs.adb_fixtures import AdbLab
from labs.board import wait_until

BLOB = random.Random(1).randbytes(3_000_000)
TMP = "/data/local/tmp"


def run(lab: AdbLab, command: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return lab.adb("shell", "-T", command, stdin=stdin)


def start(lab: AdbLab, command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["adb", "shell", "-T", command],
        env=lab.server.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_output_errors_and_status_come_apart(adb_lab: AdbLab) -> None:
    adb_lab.phone()
    done = run(adb_lab, "echo out; echo err >&2; exit 7")
    assert (done.stdout, done.stderr, done.returncode) == (b"out\n", b"err\n", 7)


def test_a_signal_is_a_status_above_128(adb_lab: AdbLab) -> None:
    adb_lab.phone()
    assert run(adb_lab, "kill -9 $$").returncode == 137


def test_commands_are_arm_programs_of_the_shell_user(adb_lab: AdbLab) -> None:
    adb_lab.phone()
    said = run(adb_lab, "uname -m; id -u; echo $HOME $TMPDIR; pwd; getprop ro.product.cpu.abi").stdout
    assert said == b"aarch64\n2000\n/ /data/local/tmp\n/\narm64-v8a\n"


def test_there_is_no_python_and_no_c_library(adb_lab: AdbLab) -> None:
    phone = adb_lab.phone()
    root = phone.board.root
    files = {path for path in root.rglob("*") if path.is_file() and not path.is_symlink()}
    # flock, which Android's toybox has and this busybox lacks, has a C library where nothing else finds it
    names = {path.name for path in files if path.parent != root / "lab"}
    assert names == {"busybox", "sh", "getprop", "cmd", "dumpsys", "build.prop", "passwd", "group", "flock"}
    for program in ("busybox", "sh"):
        # a program header of type PT_INTERP would name the loader of shared libraries
        assert b"/ld-" not in (root / "system/bin" / program).read_bytes()[:4096]


def test_only_the_folders_of_the_shell_user_can_be_written(adb_lab: AdbLab) -> None:
    adb_lab.phone()
    for place in ("/x", "/data/x", "/system/x", "/tmp/x", "/dev/shm/x", "/sdcard/x"):
        assert run(adb_lab, f"echo > {place}").returncode == 1, place
    assert run(adb_lab, f"echo > {TMP}/x").returncode == 0


def test_there_is_no_network(adb_lab: AdbLab) -> None:
    adb_lab.phone()
    done = run(adb_lab, "nc -w 2 192.0.2.1 80")
    assert (done.returncode, b"unreachable" in done.stderr) == (1, True)


def test_three_megabytes_are_pushed_and_pulled_intact(adb_lab: AdbLab, tmp_path: Path) -> None:
    adb_lab.phone()
    sent, back = tmp_path / "sent", tmp_path / "back"
    sent.write_bytes(BLOB)
    adb_lab.adb("push", str(sent), f"{TMP}/new folder/it's", check=True)
    adb_lab.adb("pull", f"{TMP}/new folder/it's", str(back), check=True)
    assert back.read_bytes() == BLOB
    assert adb_lab.adb("pull", f"{TMP}/missing", str(back)).returncode == 1


def test_a_folder_is_pulled_with_its_links(adb_lab: AdbLab, tmp_path: Path) -> None:
    adb_lab.phone()
    run(adb_lab, f"mkdir -p {TMP}/a/b && echo 1 > {TMP}/a/b/c && cd {TMP}/a && ln -s b/c d")
    adb_lab.adb("pull", f"{TMP}/a", str(tmp_path), check=True)
    assert (tmp_path / "a/b/c").read_text() == "1\n"


@pytest.mark.parametrize("words", [("shell", "-T"), ("exec-out",)])
def test_every_byte_passes(adb_lab: AdbLab, words: tuple[str, ...]) -> None:
    phone = adb_lab.phone()
    (phone.board.path(TMP) / "blob").write_bytes(BLOB)
    assert adb_lab.adb(*words, f"cat {TMP}/blob").stdout == BLOB


def test_every_byte_of_standard_input_passes_and_it_ends(adb_lab: AdbLab) -> None:
    adb_lab.phone()
    expected = f"{hashlib.sha256(BLOB).hexdigest()}  -\n3000000\n"
    assert run(adb_lab, "sha256sum; echo 3000000", BLOB).stdout.decode() == expected


def test_a_command_that_does_not_read_does_not_block(adb_lab: AdbLab) -> None:
    adb_lab.phone()
    assert run(adb_lab, "echo done", BLOB).stdout == b"done\n"


def test_output_left_open_by_a_background_process_is_waited_for(adb_lab: AdbLab) -> None:
    adb_lab.phone()
    assert run(adb_lab, "(sleep .3; echo late) & echo early").stdout == b"early\nlate\n"


@pytest.mark.parametrize("end", ["client", "connection"])
def test_a_shell_whose_client_is_gone_gets_a_hangup(adb_lab: AdbLab, end: str) -> None:
    phone = adb_lab.phone()
    client = start(
        adb_lab, f"trap 'echo hung up > {TMP}/said; exit' HUP; echo ready; while :; do sleep .1; done"
    )
    assert client.stdout is not None
    assert client.stdout.readline() == b"ready\n"
    if end == "client":
        client.kill()
    else:
        phone.wire.cut()
    client.communicate()
    wait_until(lambda: not phone.running(), lambda: f"{phone.running()} to end")
    assert (phone.board.path(TMP) / "said").read_text() == "hung up\n"


def test_what_a_shell_started_gets_no_hangup_but_its_input_ends(adb_lab: AdbLab) -> None:
    phone = adb_lab.phone()
    script = (
        f"(cat; echo ended > {TMP}/said) <&0 >/dev/null 2>&1 & sleep 600 >/dev/null 2>&1 & echo ready; wait"
    )
    client = start(adb_lab, script)
    assert client.stdout is not None
    assert client.stdout.readline() == b"ready\n"
    client.kill()
    client.communicate()
    wait_until(
        lambda: [process.argv[-2:] for process in phone.running()] == [("sleep", "600")],
        lambda: f"only sleep to run, not {phone.running()}",
    )
    assert (phone.board.path(TMP) / "said").read_text() == "ended\n"


def test_a_cut_connection_looks_like_success_to_the_client_and_comes_back(adb_lab: AdbLab) -> None:
    phone = adb_lab.phone()
    client = start(adb_lab, "echo ready; sleep 600")
    assert client.stdout is not None
    assert client.stdout.readline() == b"ready\n"
    phone.wire.cut()
    assert client.communicate() == (b"", b"")
    assert client.returncode == 0  # so a status alone proves nothing
    adb_lab.wait_for(phone, "device")
    assert run(adb_lab, "echo back").stdout == b"back\n"


def test_a_connection_can_be_cut_in_the_middle_of_a_push(adb_lab: AdbLab, tmp_path: Path) -> None:
    phone = adb_lab.phone()
    (tmp_path / "blob").write_bytes(BLOB)
    phone.wire.cut_after(1_000_000)
    assert adb_lab.adb("push", str(tmp_path / "blob"), f"{TMP}/blob").returncode == 1
    adb_lab.wait_for(phone, "device")
    adb_lab.adb("push", str(tmp_path / "blob"), f"{TMP}/blob", check=True)


@pytest.mark.parametrize(
    ("state", "said"), [("unauthorized", b"device unauthorized"), ("recovery", b"closed")]
)
def test_a_phone_that_is_not_ready_says_so(adb_lab: AdbLab, state: str, said: bytes) -> None:
    phone = adb_lab.phone()
    phone.be(state)
    adb_lab.attach(phone)
    done = run(adb_lab, "echo hi")
    assert (done.returncode, done.stdout) == (1, b"")
    assert said in done.stderr
    phone.be("device")
    adb_lab.attach(phone)
    assert run(adb_lab, "echo hi").stdout == b"hi\n"


def test_a_phone_out_of_reach_is_offline_until_it_is_back(adb_lab: AdbLab) -> None:
    phone = adb_lab.phone()
    phone.unplug()
    adb_lab.wait_for(phone, "offline")
    assert b"device offline" in run(adb_lab, "echo hi").stderr
    phone.plug()
    adb_lab.wait_for(phone, "device")
    assert run(adb_lab, "echo hi").stdout == b"hi\n"


def test_a_phone_switched_off_and_on_keeps_its_files_and_has_a_new_boot_id(adb_lab: AdbLab) -> None:
    phone = adb_lab.phone()
    boot = "cat /proc/sys/kernel/random/boot_id"
    first = run(adb_lab, f"{boot}; echo kept > {TMP}/x").stdout
    phone.switch_off()
    adb_lab.wait_for(phone, "offline")
    phone.switch_on()
    adb_lab.wait_for(phone, "device")
    assert run(adb_lab, f"cat {TMP}/x").stdout == b"kept\n"
    assert run(adb_lab, boot).stdout not in (b"", first)


def test_a_full_phone_says_so(adb_lab: AdbLab, tmp_path: Path) -> None:
    adb_lab.phone(space=1 << 20)
    (tmp_path / "blob").write_bytes(BLOB)
    assert b"No space left on device" in run(adb_lab, f"cat > {TMP}/x", BLOB).stderr
    assert b"No space left on device" in adb_lab.adb("push", str(tmp_path / "blob"), f"{TMP}/y").stdout


def test_with_two_phones_a_serial_is_needed(adb_lab: AdbLab) -> None:
    _first, second = adb_lab.phone(), adb_lab.phone()
    assert b"more than one device" in run(adb_lab, "echo hi").stderr
    assert adb_lab.adb("-s", second.serial, "shell", "-T", "echo hi").stdout == b"hi\n"


def test_the_fixed_performance_mode_is_remembered(adb_lab: AdbLab) -> None:
    phone = adb_lab.phone()
    assert phone.fixed_performance() == []
    for value in ("true", "false"):
        assert run(adb_lab, f"cmd power set-fixed-performance-mode-enabled {value}").returncode == 0
    assert phone.fixed_performance() == ["true", "false"]
    assert b"Thermal Status: 0\n" in run(adb_lab, "dumpsys thermalservice").stdout
