"""What edgekit and the board's agent (init.sh) say to each other, checked by hashes.

They have a serial line of their own, so that the kernel's messages do not come between.

    run NUMBER SHA256 BYTES              then that many bytes: COMMAND and INPUT, a line each
    done NUMBER STATUS =OUTPUT SHA256 =ERRORS SHA256

COMMAND (a line for the shell, every word quoted), INPUT, OUTPUT and ERRORS are base64.
"""

from __future__ import annotations

import base64
import binascii
import shlex
from collections.abc import Sequence

from edgekit.device.transport import Completed
from edgekit.errors import TransientDeviceError
from edgekit.files import sha256_bytes

READY = b"ready"  # the agent, once everything is unpacked


def request(number: int, argv: Sequence[str], stdin: str) -> bytes:
    """Return what asks for a command."""
    command = shlex.join(argv).encode("utf-8", "surrogateescape")
    body = b"%s\n%s\n" % (base64.b64encode(command), base64.b64encode(stdin.encode()))
    return b"run %d %s %d\n%s" % (number, sha256_bytes(body).encode(), len(body), body)


def answer(number: int, line: bytes) -> Completed | None:
    """Read a line from the agent; None: it is not the answer to this request.

    Raises:
        TransientDeviceError: It is, or says that the request was, damaged on its way.
    """
    verb, _, rest = line.strip().partition(b" ")
    fields = rest.split()
    if verb not in (b"done", b"garbled") or fields[:1] != [b"%d" % number]:
        return None
    try:
        if verb == b"garbled":
            raise ValueError("the request")
        _, status, output, output_hash, errors, errors_hash = fields
        stdout, stderr = _checked(output, output_hash), _checked(errors, errors_hash)
        code = int(status)
    except (ValueError, binascii.Error) as error:
        raise TransientDeviceError(
            "What the emulated board said was damaged on its serial line.", "Run the command again."
        ) from error
    return Completed.of_shell(stdout, stderr.decode("utf-8", "replace"), code)


def _checked(content: bytes, digest: bytes) -> bytes:
    data = base64.b64decode(content[1:], validate=True)
    if sha256_bytes(data).encode() != digest:
        raise ValueError("its hash differs")
    return data
