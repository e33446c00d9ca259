"""What the transport to emulated boards does before anything is emulated."""

import pytest

from edgekit.device import Profile, find_profile, open_transport
from edgekit.device.emulator import EmulatorTransport, image
from edgekit.errors import DeviceError, RecordError, RuntimeMissingError
from edgekit.results import Transfer

BOARD = Profile(description="", transport="emulator", name="board", cpu="cortex-a72", emulated=True)


@pytest.mark.parametrize(
    ("name", "cpu"),
    [
        ("rpi3-emulated", "cortex-a53"),
        ("rpi-zero2-emulated", "cortex-a53"),
        ("rpi4-emulated", "cortex-a72"),
        ("rpi5-emulated", "cortex-a76"),
    ],
)
def test_the_shipped_boards_have_their_cores(name, cpu):
    profile = find_profile(name)
    assert (profile.cpu, profile.core.lower(), profile.timed) == (cpu, cpu, False)
    transport = open_transport(profile)
    assert isinstance(transport, EmulatorTransport)
    assert (transport.machine, transport.python) == ("aarch64", "")


def test_without_qemu_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeviceError, match="qemu-system-aarch64 is not installed") as caught:
        EmulatorTransport(BOARD).connect()
    assert caught.value.exit_code == 3
    assert caught.value.hint == "Install it: apt install qemu-system-arm"


def test_a_profile_must_name_a_cpu():
    with pytest.raises(RecordError, match="does not say which `cpu`"):
        EmulatorTransport(Profile(description="", transport="emulator", name="board"))


def test_what_is_pushed_lies_at_its_hash_and_nothing_is_said_to_be_sent(payload):
    transport = EmulatorTransport(BOARD)
    first, second = payload("a", b"12345"), payload("b", b"123")
    pushed = transport.push([first])
    assert pushed.paths == {first.sha256: f"/edgekit/blobs/{first.sha256}"}
    assert transport.push([first, second]).transfer == Transfer()


def test_a_payload_that_is_not_there_is_named(payload):
    missing = payload("a", b"12345")
    missing.source.unlink()
    with pytest.raises(DeviceError, match=f"{missing.source} is missing"):
        EmulatorTransport(BOARD).push([missing])


def test_what_does_not_fit_into_its_memory_is_not_booted(payload, monkeypatch, tmp_path):
    monkeypatch.setenv("EDGEKIT_CACHE", str(tmp_path / "cache"))
    transport = EmulatorTransport(
        Profile(description="", transport="emulator", name="board", cpu="x", memory_mib=256)
    )
    transport.push([payload("a", bytes(50 << 20))])
    with pytest.raises(DeviceError, match=r"has 256 MiB of memory; this needs 260 MiB") as caught:
        transport.run(["true"], stdin="", deadline=1)
    assert "memory_mib to at least 260" in caught.value.hint
    assert not (tmp_path / "cache").exists()


def test_without_package_sources_it_says_what_they_lack(monkeypatch, tmp_path, recorder):
    sources = tmp_path / "apt.conf"
    sources.write_text('Dir::Etc::sourcelist "/dev/null"; Dir::Etc::sourceparts "/dev/null";')
    monkeypatch.setenv("APT_CONFIG", str(sources))
    monkeypatch.setenv("EDGEKIT_CACHE", str(tmp_path / "cache"))
    with pytest.raises(RuntimeMissingError, match=r"have no .*linux-image-cloud-arm64.* for arm64") as caught:
        image.ensure_image(recorder)
    assert caught.value.exit_code == 3
    assert caught.value.hint
    assert [path.name for path in image.emulator_cache().iterdir() if not path.name.startswith(".")] == []


def test_cleaning_where_nothing_is_frees_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("EDGEKIT_CACHE", str(tmp_path))
    assert EmulatorTransport(BOARD).clean() == 0
