"""The fake transport behaves like one that keeps what it was sent."""

from edgekit.device import Completed, Payload
from edgekit.device.fake import FakeTransport
from edgekit.device.transport import connected


def test_what_was_pushed_is_not_sent_again(tmp_path):
    path = tmp_path / "model"
    path.write_text("abc")
    fake = FakeTransport(lambda argv, stdin: Completed(b"", "", 0))
    first, second = fake.push([Payload(path, "a", 3)]), fake.push([Payload(path, "a", 3)])
    assert (first.transfer.bytes, first.transfer.files) == (3, 1)
    assert (second.transfer.bytes, second.transfer.reused_files) == (0, 1)
    assert first.paths == second.paths


def test_a_transport_is_closed_on_every_way_out():
    fake = FakeTransport(lambda argv, stdin: Completed(b"", "", 0))
    try:
        with connected(fake):
            assert fake.is_open
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        assert not fake.is_open
