"""The lab itself: a board is what it says it is."""

from __future__ import annotations

import subprocess

from labs.ssh_lab import SshLab


def ssh(host: str, command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["ssh", "-o", "BatchMode=yes", host, command], capture_output=True, text=True, check=False, timeout=60
    )


def test_a_board_is_an_arm_computer_with_its_own_python(ssh_lab: SshLab) -> None:
    ssh_lab.board("pi64")
    ssh_lab.board("pi32")
    say = "import sys, platform as p; print(p.machine(), p.node(), p.python_version(), sys.maxsize)"
    assert ssh("pi64", f"python3 -c '{say}'").stdout == f"aarch64 pi64 3.11.2 {2**63 - 1}\n"
    assert ssh("pi32", f"python3 -c '{say}'").stdout == f"armv7l pi32 3.11.2 {2**31 - 1}\n"


def test_a_bare_board_has_no_python(ssh_lab: SshLab) -> None:
    ssh_lab.board("bare64")
    done = ssh("bare64", "uname -m; id -un; python3")
    assert (done.stdout, done.returncode) == ("aarch64\npi\n", 127)


def test_a_board_reaches_no_network(ssh_lab: SshLab) -> None:
    ssh_lab.board("pi64")
    reach = "import socket; print(socket.if_nameindex()); socket.create_connection(('192.0.2.1', 80), 5)"
    done = ssh("pi64", f'python3 -c "{reach}"')
    assert done.stdout == "[(1, 'lo')]\n"
    assert "Network is unreachable" in done.stderr


def test_a_user_writes_only_where_a_user_can(ssh_lab: SshLab) -> None:
    board = ssh_lab.board("pi64")
    done = ssh("pi64", "touch ~/a /tmp/b /var/tmp/c; touch /d; touch /usr/e; touch /etc/f; touch /sys/g")
    assert done.stderr.count("touch: cannot touch") == 4
    assert board.written() == {"/home/pi/a", "/tmp/b", "/var/tmp/c"}
    board.reboot()
    assert board.written() == {"/home/pi/a"}


def test_what_runs_on_a_board_is_seen_and_ends_with_it(ssh_lab: SshLab) -> None:
    board = ssh_lab.board("pi64")
    assert ssh("pi64", "sleep 1000 >/dev/null 2>&1 & ps").stdout.count("sleep") == 1
    (sleeping,) = board.board.processes()
    assert sleeping.argv[-2:] == ("sleep", "1000")
    board.reboot()
    assert board.board.processes() == []


def test_a_small_disk_is_full_when_it_is_full(ssh_lab: SshLab) -> None:
    ssh_lab.board("pi64", limits={"/home/pi/.cache/edgekit": 1 << 20})
    done = ssh("pi64", "head -c 2000000 /dev/zero > ~/.cache/edgekit/file")
    assert "No space left on device" in done.stderr


def test_another_boot_has_another_id(ssh_lab: SshLab) -> None:
    board = ssh_lab.board("bare64")
    first = ssh("bare64", "cat /proc/sys/kernel/random/boot_id").stdout
    board.reboot()
    second = ssh("bare64", "cat /proc/sys/kernel/random/boot_id").stdout
    assert len(first) == len(second) == 37
    assert first != second


def test_a_wire_can_be_cut(ssh_lab: SshLab) -> None:
    board = ssh_lab.board("bare64")
    board.wire.cut_after(200_000, "down")
    done = ssh("bare64", "cat /dev/zero")
    assert done.returncode == 255
    assert 0 < len(done.stdout) < 200_000
    assert ssh("bare64", "echo again").stdout == "again\n"


def test_a_wire_can_refuse(ssh_lab: SshLab) -> None:
    board = ssh_lab.board("bare64")
    board.wire.refuse(1)
    assert ssh("bare64", "true").returncode == 255
    assert ssh("bare64", "true").returncode == 0


def test_keys_are_checked_both_ways(ssh_lab: SshLab) -> None:
    board = ssh_lab.board("bare64")
    board.new_host_key()
    assert "HOST IDENTIFICATION HAS CHANGED" in ssh("bare64", "true").stderr
    other = ssh_lab.board("pi64")
    other.shut_out()
    assert "Permission denied (publickey)" in ssh("pi64", "true").stderr
