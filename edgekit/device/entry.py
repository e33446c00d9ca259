"""How a script gets past a device's login shell, whichever that is.

The login shell is given plain words only, which mean the same to all of them: `sh -s edgekit-MARK`. Then
`sh` has one harmless line to read, the knock, and nothing else until its answer is heard: whatever a start-up
file prints, reads or starts instead, it never gets a part of a script. The script itself follows as one line,
quoted for `sh` and so not touched by the login shell, and then the data that it reads.
"""

from __future__ import annotations

import re
import secrets
import shlex
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Entry:
    """One script with its arguments, on its way to a device."""

    script: str
    arguments: tuple[str, ...] = ()
    mark: str = field(default_factory=lambda: secrets.token_hex(16))  # the process there is known by it
    _first: str = field(default_factory=lambda: secrets.token_hex(8))
    _second: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def words(self) -> str:
        """What the login shell is given."""
        return f"sh -s edgekit-{self.mark}"

    @property
    def knock(self) -> bytes:
        """What `sh` reads first. It does nothing in another program, nor in a shell that was started anew.

        The answer is not part of it, so that an echo is not mistaken for an answer.
        """
        answer = f'echo {self._first}""{self._second}'
        read = 'IFS= read -r edgekit_script && eval "$(printf "$edgekit_script")"'
        return f'[ "$1" = edgekit-{self.mark} ] && {answer} && {answer} >&2 && {read}; exit\n'.encode()

    @property
    def answer(self) -> bytes:
        """What is heard on standard output and standard error before all that the script says."""
        return f"{self._first}{self._second}\n".encode()

    @property
    def line(self) -> bytes:
        """The script, as `printf` takes it: one line of printable ASCII."""
        text = f"set -- {shlex.join(self.arguments)}\n{self.script}"
        return re.sub(rb"[^ !#-$&(-\[\]-~]", _escaped, text.encode("utf-8", "surrogateescape")) + b"\n"


def _escaped(found: re.Match[bytes]) -> bytes:
    return b"\\%03o" % found[0][0]
