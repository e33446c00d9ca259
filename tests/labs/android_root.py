"""A root file system that looks like Android's to its shell user: no Python, no C library, read-only."""

from __future__ import annotations

import shutil
from pathlib import Path

from labs import flock

NAME = "android"
ARCHITECTURE = "arm64"
PACKAGES = ("busybox-static", "mksh", *flock.PACKAGES)
SHELL = 2000  # AID_SHELL of Android's android_filesystem_config.h: who commands from adb run as
STATE = "/data/system"  # what system services keep: the lab's `cmd` and `dumpsys` use it

FOLDERS = {"/data/local/tmp": SHELL, STATE: SHELL}  # what can be written, and whose it is
"""On a phone `cmd` asks a service of another user to write; here it writes itself."""

# what Android's toybox has, of what busybox has too: no more, so that nothing else is relied on
_TOOLS = """\
[ base64 basename blkdiscard blockdev cal cat chgrp chmod chown chroot clear cmp cp cpio cut date dd
devmem df diff dirname dmesg dos2unix du echo egrep env expand expr fallocate false fgrep find free
freeramdisk fsfreeze getopt grep groups gunzip gzip head hostname hwclock i2cdetect i2cdump i2cget
i2cset id ifconfig insmod ionice kill killall ln logname losetup ls lsmod md5sum microcom mkdir
mkfifo mknod mkswap mktemp modinfo modprobe more mount mv nc netstat nl nproc nsenter od partprobe
paste patch pidof ping pivot_root printf ps pwd readlink realpath renice rev rm rmdir rmmod sed seq
setsid sha1sum sha256sum sha512sum sleep sort stat strings stty swapoff swapon sync sysctl tac tail
tar taskset tee test time timeout top touch tr true truncate tty tunctl umount uname uniq unix2dos
unlink unshare uptime usleep uudecode uuencode vconfig vi watch wc which whoami xargs xxd yes zcat
"""

_PROPERTIES = """\
ro.build.version.release=14
ro.build.version.sdk=34
ro.build.type=user
ro.product.brand=edgekit
ro.product.manufacturer=edgekit
ro.product.model=Lab Phone
ro.product.name=labphone
ro.product.device=labphone
ro.product.cpu.abi=arm64-v8a
ro.product.cpu.abilist=arm64-v8a
ro.soc.manufacturer=edgekit
ro.soc.model=LAB1
ro.board.platform=lab1
ro.serialno=LAB0001
ro.debuggable=0
"""

_SCRIPTS = {
    # `getprop` lists all as `[name]: [value]`; `getprop NAME [DEFAULT]` prints one, an empty line if unknown
    "getprop": """\
if [ $# = 0 ]; then
    while IFS='=' read -r name value; do echo "[$name]: [$value]"; done < /system/build.prop
    exit
fi
while IFS='=' read -r name value; do
    if [ "$name" = "$1" ]; then echo "$value"; exit; fi
done < /system/build.prop
echo "$2"
""",
    # each setting of the fixed-performance mode is one more line of the file
    "cmd": f"""\
if [ "$1" = power ] && [ "$2" = set-fixed-performance-mode-enabled ]; then
    case "$3" in
    true | false) echo "$3" >> {STATE}/fixed-performance; exit ;;
    esac
    echo "Error: Invalid boolean: $3" >&2
    exit 255
fi
echo "cmd: Can't find service: $1" >&2
exit 20
""",
    # the status: 0 none, 1 light, 2 moderate, 3 severe … (Android's Temperature.aidl, ThrottlingSeverity)
    "dumpsys": f"""\
if [ "$1" != thermalservice ]; then
    echo "Can't find service: $1" >&2
    exit
fi
status=0
[ ! -f {STATE}/thermal-status ] || read -r status < {STATE}/thermal-status
cat <<END
IsStatusOverride: false
ThermalEventListeners:
\tcallbacks: 1
\tkilled: false
\tbroadcasts count: -1
ThermalStatusListeners:
\tcallbacks: 1
\tkilled: false
\tbroadcasts count: -1
Thermal Status: $status
Cached temperatures:
\tTemperature{{mValue=38.1, mType=0, mName=CPU0, mStatus=$status}}
\tTemperature{{mValue=31.4, mType=3, mName=skin, mStatus=0}}
HAL Ready: true
HAL connection:
\tThermalHAL 2.0 connected: yes
Current temperatures from HAL:
\tTemperature{{mValue=38.1, mType=0, mName=CPU0, mStatus=$status}}
\tTemperature{{mValue=31.4, mType=3, mName=skin, mStatus=0}}
Current cooling devices from HAL:
Temperature static thresholds from HAL:
END
""",
}


def build_android_root(folder: Path) -> None:
    """Download the packages and make the root; needs Debian's package sources.

    Args:
        folder: Where it is made; not there yet, or empty.
    """
    from edgekit.debian import fetch_packages

    fetch_packages(PACKAGES, ARCHITECTURE, folder)
    finish_android(folder)


def finish_android(root: Path) -> None:
    """Turn the unpacked packages into an Android-like root."""
    tools = {
        "busybox": (root / "bin/busybox").read_bytes(),
        "sh": (root / "usr/lib/aarch64-linux-musl/bin/mksh").read_bytes(),  # of mksh's builds the static one
    }
    locking = flock.take(root)
    for path in root.iterdir():
        shutil.rmtree(path)
    for name in ("system/bin", "system/etc", "dev", "proc", "sys", *FOLDERS):
        (root / name.lstrip("/")).mkdir(parents=True, exist_ok=True)
    binaries = root / "system/bin"
    for name, content in tools.items():
        _executable(binaries / name, content)
    for name in _TOOLS.split():
        (binaries / name).symlink_to("busybox")
    flock.put(root, locking, binaries / "flock", "/system/bin/sh")
    for name, script in _SCRIPTS.items():
        _executable(binaries / name, b"#!/system/bin/sh\n" + script.encode())
    (root / "bin").symlink_to("/system/bin")
    (root / "etc").symlink_to("/system/etc")
    (root / "system/build.prop").write_text(_PROPERTIES)
    # busybox's own look-ups; Android has its users in its C library
    (root / "system/etc/passwd").write_text(
        f"root:x:0:0::/:/system/bin/sh\nshell:x:{SHELL}:{SHELL}::/:/system/bin/sh\n"
    )
    (root / "system/etc/group").write_text(f"root:x:0:\nshell:x:{SHELL}:\n")


def _executable(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o755)
