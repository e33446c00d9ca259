"""`adb devices -l` is read as adb writes it, whatever a phone is called."""

import pytest

from edgekit.device.adb import Attached, attached

D, TLS = "device", "._adb-tls-connect._tcp"
USB = "usb:1-1 product:oriole model:Pixel_6 device:oriole transport_id:1"
NET = "product:oriole model:Pixel_6 device:oriole transport_id:2"
HELP = "see [http://developer.android.com/tools/device.html]"

# a line, and its serial, state and model; None: no phone is in it
LINES = [
    (f"1A2B3C                 device {USB}", ("1A2B3C", D, "Pixel 6")),
    (f"R58M12ABCDE            device {USB}", ("R58M12ABCDE", D, "Pixel 6")),
    ("1A2B3C\tdevice", ("1A2B3C", D, "")),
    ("1A2B3C                 device", ("1A2B3C", D, "")),
    ("1A2B3C                 device  ", ("1A2B3C", D, "")),
    (f"0123456789ABCDEF0123456 device {USB}", ("0123456789ABCDEF0123456", D, "Pixel 6")),
    ("emulator-5554          device product:sdk_gphone64_x86_64 model:sdk_gphone64_x86_64 device:emu64xa",
     ("emulator-5554", D, "sdk gphone64 x86 64")),
    ("emulator-5554          offline transport_id:3", ("emulator-5554", "offline", "")),
    (f"192.168.1.9:5555       device {NET}", ("192.168.1.9:5555", D, "Pixel 6")),
    ("192.168.1.9:5555       offline product:x", ("192.168.1.9:5555", "offline", "")),
    (f"[fe80::1%wlan0]:5555   device {NET}", ("[fe80::1%wlan0]:5555", D, "Pixel 6")),
    (f"localhost:5555         device {NET}", ("localhost:5555", D, "Pixel 6")),
    (f"my-phone.local:5555    device {NET}", ("my-phone.local:5555", D, "Pixel 6")),
    (f"adb-1A2B3C-AbCdEf{TLS} device {NET}", (f"adb-1A2B3C-AbCdEf{TLS}", D, "Pixel 6")),
    (f"adb-1A2B3C-AbCdEf{TLS}. device {NET}", (f"adb-1A2B3C-AbCdEf{TLS}.", D, "Pixel 6")),
    (f"adb-1A2B3C-AbCdEf (2){TLS} device {NET}", (f"adb-1A2B3C-AbCdEf (2){TLS}", D, "Pixel 6")),
    (f"adb-1A2B3C-AbCdEf (2){TLS} offline", (f"adb-1A2B3C-AbCdEf (2){TLS}", "offline", "")),
    (f"adb-1A2B3C-AbCdEf (12){TLS}\tdevice", (f"adb-1A2B3C-AbCdEf (12){TLS}", D, "")),
    (f"adb-1A2B3C (2){TLS}    unauthorized transport_id:4", (f"adb-1A2B3C (2){TLS}", "unauthorized", "")),
    (f"my device (2){TLS}     device {NET}", (f"my device (2){TLS}", D, "Pixel 6")),
    ("host device            device usb:1-2 product:x model:X device:x", ("host device", D, "X")),
    ("unknown                device usb:1-2", ("unknown", D, "")),
    ("device                 device usb:1-2 model:A", ("device", D, "A")),
    ("????????????           no permissions", ("????????????", "no permissions", "")),
    (f"????????????           no permissions; {HELP}", ("????????????", "no permissions", "")),
    (f"1A2B3C                 no permissions; {HELP} usb:1-2", ("1A2B3C", "no permissions", "")),
    (f"1A2B3C                 no permissions (user in plugdev group; are your udev rules wrong?); {HELP}",
     ("1A2B3C", "no permissions", "")),
    (f"1A2B3C                 no permissions (missing udev rules? user is in the plugdev group); {HELP}",
     ("1A2B3C", "no permissions", "")),
    ("1A2B3C                 unauthorized usb:1-1 transport_id:9", ("1A2B3C", "unauthorized", "")),
    ("1A2B3C                 authorizing transport_id:9", ("1A2B3C", "authorizing", "")),
    ("192.168.1.9:5555       connecting transport_id:9", ("192.168.1.9:5555", "connecting", "")),
    ("1A2B3C                 recovery usb:1-1 product:x", ("1A2B3C", "recovery", "")),
    ("1A2B3C                 sideload usb:1-1", ("1A2B3C", "sideload", "")),
    ("1A2B3C                 rescue", ("1A2B3C", "rescue", "")),
    ("1A2B3C                 bootloader", ("1A2B3C", "bootloader", "")),
    ("1A2B3C                 host usb:1-1", ("1A2B3C", "host", "")),
    ("1A2B3C                 device 3-1.4 product:x model:Y device:z", ("1A2B3C", D, "Y")),
    ("1A2B3C                 device usb:336592896X product:x model:Y", ("1A2B3C", D, "Y")),
    (f"1A2B3C                 device {USB}\r", ("1A2B3C", D, "Pixel 6")),
    ("List of devices attached", None),
    ("", None),
    ("* daemon not running; starting now at tcp:5037", None),
    ("* daemon started successfully", None),
    ("* daemon not running. starting it now on port 5037 *", None),
    ("adb server version (39) doesn't match this client (41); killing...", None),
    ("adb server is out of date.  killing...", None),
]  # fmt: skip


@pytest.mark.parametrize(("line", "phone"), LINES)
def test_a_line_of_adb_is_read_as_it_is_meant(line, phone):
    assert attached(line) == ([Attached(*phone)] if phone else [])


def test_all_lines_at_once_are_as_many_phones():
    listed = "".join(f"{line}\n" for line, _ in LINES)
    assert attached(listed) == [Attached(*phone) for _, phone in LINES if phone]
