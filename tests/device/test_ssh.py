"""OpenSSH: reached with the user's own settings, in one connection; what it says becomes a sentence."""

import getpass
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from edgekit.device import Profile, open_transport
from edgekit.device.scripts import MARKER
from edgekit.device.ssh import SshTransport
from edgekit.device.transport import connected
from edgekit.errors import DeviceError, TransientDeviceError, UsageError


def profile(**fields):
    return Profile(
        **{"description": "A board", "transport": "ssh", "name": "rpi4", "address": "pi", **fields}
    )


class Server:
    """A real sshd on this computer, and the ssh that knows it as `pi`."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("host", "client", "other"):
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
            subprocess.run(command, check=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        (folder / "sshd_config").write_text(
            f"ListenAddress 127.0.0.1:{self.port}\nHostKey {folder}/host\n"
            f"AuthorizedKeysFile {folder}/client.pub\nPidFile none\nUsePAM no\nStrictModes no\n"
            "PasswordAuthentication no\nKbdInteractiveAuthentication no\nMaxStartups 100\n"
        )
        self.config = folder / "config"
        self.config.write_text(
            f"Host pi\n  HostName 127.0.0.1\n  Port {self.port}\n  User {getpass.getuser()}\n"
            f"  IdentityFile {folder}/client\n  IdentitiesOnly yes\n"
            f"  UserKnownHostsFile {folder}/known\n  GlobalKnownHostsFile none\n"
        )
        key = (folder / "host.pub").read_text()
        (folder / "known").write_text(f"[127.0.0.1]:{self.port} {key}")
        programs = folder / "programs"
        programs.mkdir()
        # OpenSSH takes its user's home from the system, not from the environment
        (programs / "ssh").write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {self.config} "$@"\n')
        (programs / "ssh").chmod(0o755)
        self.programs = programs
        self.place = str(folder / "edgekit")
        self.log = folder / "log"
        self._process = self._start()

    def _start(self):
        sshd = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)  # where it drops its privileges, unless a service made it
        with self.log.open("wb") as log:
            process = subprocess.Popen([sshd, "-D", "-e", "-f", self.folder / "sshd_config"], stderr=log)
        for _ in range(600):
            if "listening" in self.log.read_text():
                return process
            time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def settings(self, text):
        """Add to the user's configuration; the first word on anything wins."""
        self.config.write_text(f"{text}\n{self.config.read_text()}")

    def logins(self):
        return self.log.read_text().count("Accepted publickey")

    def close(self):
        self._process.kill()
        self._process.wait()


@pytest.fixture
def server(tmp_path, monkeypatch):
    if shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin") is None:
        pytest.skip("needs sshd: apt-get install openssh-server")
    found = Server(tmp_path)
    monkeypatch.setenv("PATH", str(found.programs), prepend=os.pathsep)
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    yield found
    found.close()


def processes(word):
    """Return the processes that have a word in their command line."""
    done = subprocess.run(["pgrep", "-f", "--", word], capture_output=True, text=True, check=False)
    return [int(pid) for pid in done.stdout.split()]


def test_everything_goes_through_one_connection(server, payload):
    with connected(open_transport(profile(folder=server.place))) as board:
        sent = payload("model", os.urandom(300_000))
        pushed = board.push([sent])
        done = board.run(["cat", pushed.paths[sent.sha256]], stdin="", deadline=60)
        assert done.stdout == sent.source.read_bytes()
    assert server.logins() == 1


@pytest.mark.parametrize(
    "setting",
    [
        "RemoteCommand echo hello",
        "RequestTTY force",
        "LogLevel QUIET",
        "ControlMaster auto\nControlPath {folder}/mine\nControlPersist yes",
        "LocalForward {port} 127.0.0.1:1\nExitOnForwardFailure yes",
        "PermitLocalCommand yes\nLocalCommand echo hello",
        "ForwardX11 yes",
        "BatchMode yes",
        "StdinNull yes",
        "SessionType none",
        "ForkAfterAuthentication yes",
        "Tunnel yes",
        "IgnoreUnknown UseKeychain\nUseKeychain yes",
    ],
)
def test_the_users_settings_do_not_get_in_the_way(server, setting):
    server.settings(setting.format(folder=server.folder, port=server.port))
    with connected(SshTransport(profile(folder=server.place))) as board:
        done = board.run(["printf", "%s", "a  b\0c"[:4]], stdin="", deadline=60)
    assert (done.stdout, done.stderr, done.code) == (b"a  b", "", 0)
    assert not (server.folder / "mine").exists()


def test_what_a_command_says_is_heard_while_it_runs(server, tmp_path):
    heard, seen = [], tmp_path / "seen"

    def listen(piece):
        heard.append(piece)
        seen.touch()

    waits = 'echo one; until [ -e "$0" ]; do sleep 0.05; done; echo two; echo no >&2'
    with connected(open_transport(profile(folder=str(tmp_path / "board")))) as board:
        done = board.run(["sh", "-c", waits, str(seen)], stdin="", deadline=60, heard=listen)
    assert b"".join(heard) == done.stdout == b"one\ntwo\n"
    assert heard[0] == b"one\n"


def test_user_and_port_of_the_profile_are_used(server):
    server.config.write_text(
        f"IdentityFile {server.folder}/client\nUserKnownHostsFile {server.folder}/known\n"
    )
    fields = {"address": "127.0.0.1", "user": getpass.getuser(), "port": server.port}
    with connected(SshTransport(profile(folder=server.place, **fields))) as board:
        assert board.run(["true"], stdin="", deadline=60).code == 0


@pytest.mark.parametrize("name", ["with space", "with%percent", 'with"quote'])
def test_the_folder_for_temporary_files_may_have_any_name(server, tmp_path, monkeypatch, name):
    (tmp_path / name).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", f"/tmp/edgekit-test-{os.getpid()}-{name}")
    Path(tempfile.gettempdir()).mkdir()
    try:
        with connected(SshTransport(profile(folder=server.place))) as board:
            assert board.run(["echo", "1"], stdin="", deadline=60).stdout == b"1\n"
            assert len(list(Path(tempfile.gettempdir()).iterdir())) == 1
        assert list(Path(tempfile.gettempdir()).iterdir()) == []
        assert server.logins() == 1
    finally:
        Path(tempfile.gettempdir()).rmdir()


def test_a_command_whose_connection_is_cut_is_gone_before_the_next_begins(server, tmp_path, is_alive):
    """It does not watch its input, so that it outlives the connection."""
    pids = tmp_path / "pids"
    board = SshTransport(profile(folder=server.place))
    board.connect()
    # the server's process for this connection is the nearest of the command's ancestors that is an sshd
    script = (
        'echo $$ >"$1"; p=$PPID\n'
        'while ! grep -q "^Name:.*sshd" /proc/$p/status\n'
        'do p=$(sed -n "s/^PPid:.//p" /proc/$p/status); done\n'
        "kill -KILL $p; exec sleep 600"
    )
    with pytest.raises(TransientDeviceError, match=r"The connection to rpi4 \(pi\) was lost"):
        board.run(["sh", "-c", script, "sh", str(pids)], stdin="", deadline=60)
    assert board.run(["echo", "on"], stdin="", deadline=60).stdout == b"on\n"
    assert not is_alive(int(pids.read_text()))
    board.close()


def test_nothing_is_run_beside_the_lock(server):
    """Where the first connection is gone, a command does not make one of its own."""
    board = SshTransport(profile(folder=server.place))
    board.connect()
    subprocess.run(["ssh", "-S", f"{board._sockets}/s", "-O", "exit", "pi"], check=True, capture_output=True)
    board._holder._process.wait(30)
    command = board._command("echo ran")
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (255, "")
    assert isinstance(board._error(done.stderr), TransientDeviceError)
    board.close()


def test_no_ssh_outlives_an_edgekit_that_was_killed(server, tmp_path, wait_until):
    script = (
        "import sys\n"
        "from edgekit.device import Profile, open_transport\n"
        "board = open_transport(Profile(description='', transport='ssh', name='b', address='pi',"
        " folder=sys.argv[1]))\n"
        "board.connect()\n"
        "print(board._sockets, flush=True)\n"
        "board.run(['cat'], stdin='', deadline=600)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, server.place], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    )
    sockets = process.stdout.readline().decode().strip()
    wait_until(lambda: len(processes(sockets)) == 2)
    process.kill()
    process.communicate()
    wait_until(lambda: processes(sockets) == [])
    wait_until(lambda: Path(server.place, MARKER).read_text() == "")
    shutil.rmtree(sockets)


def test_ctrl_c_on_a_terminal_ends_the_command_and_restores_the_device(server, tmp_path, wait_until):
    """On a terminal ssh shares it, to be able to ask for a password; Ctrl-C is still edgekit's alone."""
    script = tmp_path / "script.py"
    script.write_text(
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from edgekit.device import Profile, open_transport\n"
        "from edgekit.device.transport import connected\n"
        "board = open_transport(Profile(description='', transport='ssh', name='b', address='pi',"
        f" folder={server.place!r}))\n"
        "assert board.interactive\n"
        "try:\n"
        "    with connected(board):\n"
        "        board.run(['sh', '-c', f'echo $$ >{sys.argv[1]}; trap \"\" HUP; sleep 600; sleep 600'],"
        " stdin='', deadline=600)\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted')\n"
    )
    pid = tmp_path / "pid"
    command = shlex.join([sys.executable, str(script), str(pid)])
    terminal = subprocess.Popen(
        ["script", "-qec", command, str(tmp_path / "typescript")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    wait_until(lambda: pid.exists() and pid.read_text().strip())
    terminal.stdin.write(b"\x03")
    terminal.stdin.flush()
    said, _ = terminal.communicate(timeout=60)
    assert b"interrupted" in said
    assert not Path(f"/proc/{pid.read_text().strip()}").exists()
    assert Path(server.place, MARKER).read_text() == ""


@pytest.mark.parametrize("address", ["-oProxyCommand=touch pwned", "a\nb"])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(UsageError, match="is not an address"):
        SshTransport(profile(address=address))


def test_a_profile_without_an_address_names_the_command_that_adds_one():
    with pytest.raises(UsageError) as caught:
        open_transport(profile(address=""))
    assert caught.value.what == "rpi4 has no address."
    assert "edgekit devices add rpi4 --ssh USER@HOST" in caught.value.hint


def test_a_computer_without_ssh_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeviceError, match="ssh is not installed") as caught:
        SshTransport(profile()).connect()
    assert "apt install openssh-client" in caught.value.hint


@pytest.fixture
def said(server):
    """Say what goes wrong with the real client."""

    def fail(**fields):
        with pytest.raises(DeviceError) as caught:
            SshTransport(profile(folder=server.place, **fields)).connect()
        return caught.value

    return fail


def test_an_unknown_host_key_is_for_the_user_to_compare(server, said):
    (server.folder / "known").write_text("")
    error = said()
    assert error.what == "The host key of rpi4 (pi) is not known yet."
    assert "ssh pi" in error.hint
    assert not isinstance(error, TransientDeviceError)
    assert (server.folder / "known").read_text() == ""


def test_a_changed_host_key_is_never_accepted(server, said):
    key = (server.folder / "other.pub").read_text()
    (server.folder / "known").write_text(f"[127.0.0.1]:{server.port} {key}")
    error = said()
    assert "has changed" in error.what
    assert "ssh-keygen -R" in error.hint
    assert not isinstance(error, TransientDeviceError)


def test_a_key_that_is_not_accepted_is_told_with_how_to_give_it(server, said):
    server.settings(f"IdentityFile {server.folder}/other\nIdentitiesOnly yes")
    server.config.write_text(server.config.read_text().replace(f"IdentityFile {server.folder}/client", ""))
    error = said()
    assert error.what.startswith("rpi4 (pi) refused the login: ")
    assert "Permission denied (publickey)" in error.what
    assert error.hint.endswith("ssh-copy-id pi")


def test_a_board_without_an_ssh_server_is_told(server, said):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    error = said(port=port)
    assert error.what == "rpi4 (pi) is there, but no SSH server answers."
    assert isinstance(error, TransientDeviceError)


def test_a_name_that_nobody_has_is_told(said):
    assert said(address="nobody.invalid").what == "There is no computer called nobody.invalid."


def test_a_configuration_with_an_error_is_told(server, said):
    server.settings("NoSuchOption yes")
    assert "ssh's own configuration cannot be used: " in said().what


# what OpenSSH 9.2 wrote; the lines above come from the real one
@pytest.mark.parametrize(
    ("text", "what", "hint", "transient"),
    [
        (
            "Connection timed out during banner exchange\nConnection to 10.255.255.1 port 22 timed out\n",
            "rpi4 (pi@10.0.0.1) did not answer.",
            "ssh -p 2222 pi@10.0.0.1",
            True,
        ),
        ("ssh: connect to host 10.0.0.1 port 22: Connection timed out\n", "did not answer", "ssh -p", True),
        ("ssh: connect to host x port 22: No route to host\n", "cannot be reached", "same network", True),
        ("ssh: connect to host x port 22: Network is unreachable\n", "cannot be reached", "", True),
        ("client_loop: send disconnect: Broken pipe\n", "was lost", "network steady", True),
        ("Timeout, server 10.0.0.1 not responding.\n", "was lost", "", True),
        ("Connection closed by 10.0.0.1 port 22\n", "was lost", "", True),
        ("kex_exchange_identification: read: Connection reset by peer\n", "was lost", "", True),
        ("Connection to 10.0.0.1 closed by remote host.\n", "was lost", "", True),
        (
            "Control socket connect(/tmp/x): Connection refused\nConnection closed by UNKNOWN port 65535\n",
            "was lost",
            "",
            True,
        ),
        (
            "mux_client_request_session: session request failed: Session open refused by peer\n",
            "permits too few sessions",
            "MaxSessions",
            False,
        ),
        (
            "Unable to negotiate with 10.0.0.1 port 22: no matching host key type. Their offer: ssh-rsa\n",
            "no algorithm in common: Unable to negotiate with 10.0.0.1 port 22: no matching host key type",
            "Update the device",
            False,
        ),
        (
            "@@@@\n@ WARNING: UNPROTECTED PRIVATE KEY FILE! @\n@@@@\npi@x: Permission denied (publickey).\n",
            "does not use a private key that others may read",
            "chmod 600",
            False,
        ),
        (
            "Received disconnect from x port 22:2: Too many authentication failures\nDisconnected from x\n",
            "after too many keys were offered",
            "IdentitiesOnly yes",
            False,
        ),
        (
            "** WARNING: connection is not using a post-quantum key exchange algorithm.\n"
            "This account is currently not available.\n",
            "The connection to rpi4 (pi@10.0.0.1) was lost: This account is currently not available.",
            "",
            True,
        ),
        (
            "No user exists for uid 12345\n",
            "does not start for a user without a name: No user exists for uid 12345.",
            "/etc/passwd",
            False,
        ),
        ("", "The connection to rpi4 (pi@10.0.0.1) was lost.", "", True),
    ],
)
def test_what_ssh_says_becomes_one_sentence_and_a_command(text, what, hint, transient):
    error = SshTransport(profile(address="10.0.0.1", user="pi", port=2222))._error(text)
    assert what in error.what
    assert hint in error.hint
    assert isinstance(error, TransientDeviceError) == transient
    assert "\n" not in error.what


def test_the_commands_that_mend_name_user_and_port():
    board = SshTransport(profile(address="10.0.0.1", user="pi", port=2222))
    changed = board._error(
        "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed."
    )
    assert changed.hint.endswith("ssh-keygen -R '[10.0.0.1]:2222'")
    denied = board._error("pi@10.0.0.1: Permission denied (publickey,password).")
    assert denied.hint.endswith("ssh-copy-id -p 2222 pi@10.0.0.1")


def test_an_older_ssh_is_not_given_options_that_it_does_not_know(server):
    program = server.programs / "ssh"
    refuse = (
        'case "$*" in *SessionType*|*ChannelTimeout*) echo "Bad configuration option" >&2; exit 255;; esac'
    )
    program.write_text(program.read_text().replace("#!/bin/sh", f"#!/bin/sh\n{refuse}"))
    server.settings("StdinNull yes")
    with connected(SshTransport(profile(folder=server.place))) as board:
        assert board.run(["echo", "on"], stdin="", deadline=60).stdout == b"on\n"
