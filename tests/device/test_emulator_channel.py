"""What edgekit and an emulated board's agent say to each other."""

import base64
import hashlib

import pytest

from edgekit.device.emulator import channel
from edgekit.errors import TransientDeviceError


def field(data):
    return b"=" + base64.b64encode(data) + b" " + hashlib.sha256(data).hexdigest().encode()


def done(number, status, stdout=b"", stderr=b""):
    return b"done %d %d %s %s\r\n" % (number, status, field(stdout), field(stderr))


def test_a_request_says_how_long_it_is_and_what_it_hashes_to():
    head, _, body = channel.request(7, ["echo", "a b", "$(x)\n"], "input").partition(b"\n")
    assert head == b"run 7 %s %d" % (hashlib.sha256(body).hexdigest().encode(), len(body))
    command, given = (base64.b64decode(line) for line in body.splitlines())
    assert (command, given) == (b"echo 'a b' '$(x)\n'", b"input")


def test_an_answer_is_what_the_command_said():
    found = channel.answer(3, done(3, 5, b"\x00\xffout", b"err\xff"))
    assert (found.stdout, found.stderr, found.code) == (b"\x00\xffout", "err�", 5)


def test_a_command_may_say_nothing():
    found = channel.answer(1, done(1, 0))
    assert (found.stdout, found.stderr, found.code) == (b"", "", 0)


@pytest.mark.parametrize(("status", "code"), [(0, 0), (1, 1), (128, 128), (137, -9), (139, -11)])
def test_a_signal_is_told_from_a_status(status, code):
    assert channel.answer(1, done(1, status)).code == code


@pytest.mark.parametrize(
    "line", [b"", b"ready\n", b"[ 1.0] a message\n", b"done\n", b"done 2 0\n", b"done x\n"]
)
def test_other_lines_are_not_the_answer(line):
    assert channel.answer(1, line) is None


@pytest.mark.parametrize(
    "line",
    [
        b"garbled 1\n",
        b"done 1 0\n",
        done(1, 0, b"output").replace(b"=b3", b"=b4"),
        done(1, 0, b"output").replace(b"=", b"=!", 1),
        done(1, 0, b"output")[:-20],
        done(1, 0).replace(b" 0 ", b" zero "),
    ],
)
def test_a_damaged_answer_may_be_asked_for_again(line):
    with pytest.raises(TransientDeviceError, match="damaged on its serial line"):
        channel.answer(1, line)
