"""adb: the right phone is chosen, and what adb says becomes a sentence with what mends it.

The texts are adb 29's; tests/labs has phones for the real one.
"""

import os

import pytest

from edgekit.device import Profile, open_transport
from edgekit.device.adb import AdbTransport
from edgekit.errors import DeviceError, TransientDeviceError

PIXEL = "1A2B3C                 device usb:1-1 product:oriole model:Pixel_6 device:oriole transport_id:1"
GALAXY = "R58M12ABCDE            {state} usb:1-2 product:a52 model:SM_A525F device:a52 transport_id:2"


def profile(**fields):
    return Profile(**{"description": "A phone", "transport": "adb", "name": "android", **fields})


@pytest.fixture
def adb(tmp_path, monkeypatch):
    """Put a program called adb before all others, which lists these devices and runs commands here."""
    monkeypatch.delenv("ANDROID_SERIAL", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    def make(
        *lines, features="shell_v2", connect="failed to connect to '192.168.1.9:5555': Connection refused"
    ):
        (tmp_path / "devices").write_text("List of devices attached\n" + "\n".join(lines) + "\n\n")
        (tmp_path / "adb").write_text(
            "#!/bin/sh\n"
            f'echo "$1 $2 $3 $4" >>{tmp_path}/calls\n'
            'case "$1 $3" in\n'
            f'"devices ") cat {tmp_path}/devices;;\n'
            f'"connect ") echo "{connect}";;\n'
            f'"-s features") echo "{features}";;\n'
            f'"-s shell") shift 4; cd {tmp_path}; exec sh -c "$*";;\n'
            "*) exit 2;; esac\n"
        )
        (tmp_path / "adb").chmod(0o755)
        return tmp_path

    return make


def refusal(**fields):
    with pytest.raises(DeviceError) as caught:
        AdbTransport(profile(**fields)).connect()
    return caught.value


def test_the_only_phone_is_used(adb):
    folder = adb(PIXEL)
    phone = open_transport(profile(folder=str(folder / "edgekit")))
    phone.connect()
    assert phone.python == ""
    assert phone.run(["echo", "a  b"], stdin="", deadline=30).stdout == b"a  b\n"
    phone.close()
    assert "-s 1A2B3C shell -T\n" in (folder / "calls").read_text()


@pytest.mark.parametrize("by", ["profile", "environment"])
def test_the_phone_that_is_asked_for_is_used(adb, monkeypatch, by):
    folder = adb(PIXEL, GALAXY.format(state="device"))
    if by == "environment":
        monkeypatch.setenv("ANDROID_SERIAL", "R58M12ABCDE")
    phone = AdbTransport(profile(folder=str(folder / "x"), address="R58M12ABCDE" if by == "profile" else ""))
    phone.connect()
    phone.close()
    assert "-s R58M12ABCDE shell" in (folder / "calls").read_text()
    assert "-s 1A2B3C" not in (folder / "calls").read_text()


def test_a_named_python_is_used_on_a_phone_too(adb):
    folder = adb(PIXEL)
    phone = AdbTransport(profile(folder=str(folder / "edgekit"), python="python3"))
    phone.connect()
    phone.close()
    assert phone.python == "python3"


def test_several_phones_are_listed_with_their_models(adb):
    adb(PIXEL, GALAXY.format(state="unauthorized"))
    error = refusal()
    assert error.what == (
        "2 Android devices are attached: 1A2B3C (Pixel 6), R58M12ABCDE (SM A525F, unauthorized)."
    )
    assert "--address SERIAL" in error.hint
    assert "edgekit devices add android --adb SERIAL" in error.hint


@pytest.mark.parametrize(
    ("state", "what", "hint", "transient"),
    [
        ("unauthorized", "has not allowed this computer", "Allow USB debugging?", False),
        ("authorizing", "still asking", "Try again", True),
        ("connecting", "still connecting", "Try again", True),
        ("offline", "is offline", "unplug it", True),
        ("recovery", "for maintenance (recovery)", "adb -s R58M12ABCDE reboot", False),
        ("sideload", "for maintenance (sideload)", "adb -s R58M12ABCDE reboot", False),
        ("bootloader", "in its bootloader", "fastboot reboot", False),
        ("host", "adb calls it host", "", False),
        (
            "no permissions (user in plugdev group; are your udev rules wrong?); see [http://developer…]",
            "may not use android (R58M12ABCDE) over USB",
            "plugdev",
            False,
        ),
        ("no permissions; see [http://developer.android.com/tools/device.html]", "over USB", "udev", False),
    ],
)
def test_a_state_in_which_a_phone_cannot_be_used_is_explained(adb, monkeypatch, state, what, hint, transient):
    monkeypatch.setattr("edgekit.device.adb.PATIENCE", 0.0)
    adb(GALAXY.format(state=state))
    error = refusal()
    assert what in error.what
    assert "android (R58M12ABCDE)" in error.what
    assert hint in error.hint
    assert isinstance(error, TransientDeviceError) == transient


def test_a_phone_that_is_about_to_be_ready_is_waited_for(adb):
    folder = adb(GALAXY.format(state="offline"))
    text = (folder / "adb").read_text()
    ready = f'"devices ") cat {folder}/devices; sed -i s/offline/device/ {folder}/devices;;'
    (folder / "adb").write_text(text.replace(f'"devices ") cat {folder}/devices;;', ready))
    phone = AdbTransport(profile(folder=str(folder / "edgekit")))
    phone.connect()
    phone.close()


def test_no_phone_at_all_is_told(adb):
    adb()
    error = refusal()
    assert error.what == "No Android device is attached."
    assert "USB debugging" in error.hint


def test_a_phone_that_is_not_among_the_attached_is_told_with_those_that_are(adb):
    adb(PIXEL)
    error = refusal(address="OTHER")
    assert error.what == "android (OTHER) is not attached."
    assert error.hint == "Attached: 1A2B3C (Pixel 6)."


def test_a_phone_on_the_network_that_does_not_answer_is_told(adb):
    adb(PIXEL)
    error = refusal(address="192.168.1.9:5555")
    assert "cannot be reached over the network: failed to connect to" in error.what
    assert "adb pair" in error.hint


def test_an_android_without_exit_statuses_is_too_old(adb):
    adb(PIXEL, features="cmd")
    assert "too old" in refusal().what


def test_a_computer_without_adb_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    error = refusal()
    assert (error.what, error.hint) == (
        "adb is not installed.",
        "Install Android's platform tools: sudo apt install adb",
    )


@pytest.mark.parametrize(
    ("said", "what", "transient"),
    [
        ("error: device '1A2B3C' not found\n", "is not attached any more", True),
        ("error: no devices/emulators found\n", "is not attached any more", True),
        ("error: device offline\n", "is offline", True),
        ("error: device still authorizing\n", "still asking", True),
        (
            "error: device unauthorized.\nThis adb server's $ADB_VENDOR_KEYS is not set\n"
            "Try 'adb kill-server' if that seems wrong.\n",
            "has not allowed this computer",
            False,
        ),
        ("error: insufficient permissions for device: user in plugdev group\n", "over USB", False),
        ("error: closed\n", "was lost: error: closed.", True),
        ("error: protocol fault (couldn't read status): Connection reset by peer\n", "was lost", True),
        ("* failed to start daemon\nadb: cannot connect to daemon\n", "server cannot be started", False),
        ("", "The connection to android (1A2B3C) was lost.", True),
    ],
)
def test_what_adb_says_of_a_command_becomes_a_sentence(said, what, transient):
    error = AdbTransport(profile(address="1A2B3C"))._error(said)
    assert what in error.what
    assert error.hint
    assert isinstance(error, TransientDeviceError) == transient
    assert "\n" not in error.what


def test_a_second_phone_with_a_space_in_its_serial_is_not_overlooked(adb):
    wireless = "adb-1A2B3C-AbCdEf (2)._adb-tls-connect._tcp"
    adb(PIXEL, f"{wireless} device product:a52 model:SM_A525F device:a52 transport_id:2")
    error = refusal()
    assert error.what == f"2 Android devices are attached: 1A2B3C (Pixel 6), {wireless} (SM A525F)."
    assert not isinstance(error, TransientDeviceError)


def test_a_phone_in_the_network_that_is_named_is_connected(adb):
    wireless = "adb-1A2B3C-AbCdEf (2)._adb-tls-connect._tcp"
    folder = adb(PIXEL, connect=f"connected to {wireless}")
    text = (folder / "adb").read_text()
    line = f"{wireless} device product:a52 model:SM_A525F device:a52"
    (folder / "adb").write_text(
        text.replace('"connect ") ', f'"connect ") echo "{line}" >>{folder}/devices; ')
    )
    phone = AdbTransport(profile(folder=str(folder / "edgekit"), address=wireless))
    phone.connect()
    phone.close()
    assert f"connect {wireless}" in (folder / "calls").read_text()


def test_a_phone_in_the_network_that_is_not_connected_is_named(adb):
    folder = adb()
    listed = r"List of discovered mdns services\nadb-1A2B (2)\t_adb-tls-connect._tcp\t192.168.1.9:37111\n"
    text = (folder / "adb").read_text()
    (folder / "adb").write_text(text.replace("*) exit 2", f"\"mdns \") printf '{listed}';;\n*) exit 2"))
    error = refusal()
    assert error.what == (
        "No Android device is attached; in the network there is adb-1A2B (2)._adb-tls-connect._tcp."
    )
    assert error.hint.endswith("devices add android --adb 'adb-1A2B (2)._adb-tls-connect._tcp'")
