"""A transport to nowhere, for tests: it keeps what it is given and answers as the test has prepared."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edgekit.device.transport import Completed, Payload, Pushed
from edgekit.progress import SILENT, Progress
from edgekit.results import Transfer


class FakeTransport:
    """Records every call; `answer` is asked what a command would have said (it may raise)."""

    def __init__(self, answer: Callable[[Sequence[str], str], Completed], python: str = "python3") -> None:
        self.python = python
        self.machine = "aarch64"
        self.is_open = False
        self.pushed: list[Payload] = []
        self.runs: list[tuple[tuple[str, ...], str, float]] = []  # argv, stdin, deadline
        self._answer = answer

    def connect(self, progress: Progress = SILENT) -> None:
        """Note that someone is there."""
        self.is_open = True

    def close(self) -> None:
        """Note that nobody is there any more."""
        self.is_open = False

    def clean(self) -> int:
        """Forget what was pushed."""
        freed = sum(payload.bytes for payload in self.pushed)
        self.pushed.clear()
        return freed

    def push(self, payloads: Sequence[Payload], progress: Progress = SILENT) -> Pushed:
        """Pretend that everything was sent, except what was sent before."""
        new = [payload for payload in payloads if payload not in self.pushed]
        self.pushed += new
        size = sum(payload.bytes for payload in new)
        transfer = Transfer(bytes=size, files=len(new), reused_files=len(payloads) - len(new))
        return Pushed({payload.sha256: f"/fake/{payload.sha256}" for payload in payloads}, transfer)

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: str,
        deadline: float,
        heard: Callable[[bytes], None] | None = None,
    ) -> Completed:
        """Return the answer that the test prepared."""
        self.runs.append((tuple(argv), stdin, deadline))
        done = self._answer(argv, stdin)
        if heard:
            for line in done.stdout.splitlines(keepends=True):
                heard(line)
        return done
