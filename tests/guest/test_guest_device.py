"""How the guest reads a device, shown system files of boards that are not here."""

import importlib.util
import os
import struct
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.asking import GUEST, ask, real

PI4 = """processor\t: 0
BogoMIPS\t: 108.00
Features\t: fp asimd evtstrm crc32 cpuid
CPU implementer\t: 0x41
CPU architecture: 8
CPU part\t: 0xd08

Hardware\t: BCM2835
Model\t\t: Raspberry Pi 4 Model B Rev 1.4
"""
X86 = """processor\t: 0
model name\t: AMD EPYC 9965
flags\t\t: fpu avx avx2 fma avx512_vnni
"""


@pytest.fixture
def guest():
    """The guest's functions."""
    spec = importlib.util.spec_from_file_location("guest_under_test", GUEST)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def files(guest, monkeypatch):
    """Show the guest these files and no others."""

    def show(**contents):
        monkeypatch.setattr(guest, "read_text", {k.replace("_", "/"): v for k, v in contents.items()}.get)

    return show


def test_an_arm_core_is_named_by_its_part_number(guest, files):
    files(_proc_cpuinfo=PI4)
    assert guest.cpu_model() == "Cortex-A72"
    assert guest.cpu_features() == ["asimd"]


def test_an_x86_cpu_is_named_by_itself(guest, files):
    files(_proc_cpuinfo=X86)
    assert guest.cpu_model() == "AMD EPYC 9965"
    assert guest.cpu_features() == ["avx", "avx2", "fma", "avx512_vnni"]


@pytest.mark.parametrize(
    ("contents", "cpus"),
    [
        ({}, float("inf")),
        ({"cpu.max": "max 100000"}, float("inf")),
        ({"cpu.max": "150000 100000"}, 1.5),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, float("inf")),
        ({"cpu/cpu.cfs_quota_us": "50000", "cpu/cpu.cfs_period_us": "100000"}, 0.5),
    ],
)
def test_a_containers_share_of_the_cpus_is_read(guest, monkeypatch, contents, cpus):
    monkeypatch.setattr(guest, "read_text", {f"/sys/fs/cgroup/{k}": v for k, v in contents.items()}.get)
    assert guest.cpu_quota() == cpus


def test_the_smallest_of_nested_groups_limits(guest, monkeypatch):
    shown = {
        "/proc/self/cgroup": "0::/ci.slice/job",
        "/sys/fs/cgroup/ci.slice/job/cpu.max": "max 100000",
        "/sys/fs/cgroup/ci.slice/cpu.max": "20000 100000",
    }
    monkeypatch.setattr(guest, "read_text", shown.get)
    assert guest.cpu_quota() == 0.2


@pytest.mark.parametrize(
    ("group", "folder", "stopped"),
    [
        ("0::/", "/sys/fs/cgroup", "throttled_usec {}"),
        ("0::/ci.slice/job", "/sys/fs/cgroup/ci.slice", "throttled_usec {}"),
        ("3:cpu,cpuacct:/docker/1f\n0::/", "/sys/fs/cgroup/cpu", "throttled_time {}000"),
    ],
    ids=["container", "nested", "version 1"],
)
def test_what_a_quota_stopped_is_read(guest, monkeypatch, group, folder, stopped):
    shown = {"/proc/self/cgroup": group}
    monkeypatch.setattr(guest, "read_text", shown.get)
    readings = []
    for count, microseconds in ((2, 100), (7, 400_100)):
        shown[f"{folder}/cpu.stat"] = f"nr_periods 9\nnr_throttled {count}\n{stopped.format(microseconds)}"
        readings.append(guest.quota_stops())
    assert guest.stopped_between(*readings) == (5, 400_000_000)
    assert guest.stopped_between(readings[0], readings[0]) is None


if os.access("/sys/fs/cgroup/cpu/cgroup.procs", os.W_OK):

    def test_a_real_quota_is_seen_to_stop_the_guest():
        group = Path(f"/sys/fs/cgroup/cpu/edgekit-test-{os.getpid()}")
        group.mkdir()
        try:
            (group / "cpu.cfs_quota_us").write_text("20000")  # of the usual period of 100 ms
            request = real("litert", "int8.tflite", min_seconds=0.5)
            enter = (
                f"import os, runpy, sys; open('{group}/cgroup.procs', 'w').write(str(os.getpid())); "
                "del sys.argv[0]; runpy.run_path(sys.argv[0], run_name='__main__')"
            )
            answer = ask(request, before=("-c", enter))
        finally:
            group.rmdir()
        count, nanoseconds = answer["quota_stops"]
        assert count >= 1
        assert 0 < nanoseconds <= count * 100e6


@pytest.mark.parametrize(("quota", "cpus"), [(0.5, 1), (2.7, 2), (float("inf"), 4)])
def test_a_device_has_no_more_cpus_than_its_container_may_take(guest, monkeypatch, quota, cpus):
    monkeypatch.setattr(guest, "usable_cpus", lambda: [0, 1, 2, 3])
    monkeypatch.setattr(guest, "cpu_quota", lambda: quota)
    assert guest.probe({})["device"]["cpus"] == cpus


def test_throttle_bits_are_read_from_the_firmware(guest, monkeypatch):
    monkeypatch.setattr(guest, "read_text", lambda path: "50005" if path.endswith("get_throttled") else None)
    assert guest.throttle_bits() == 0x50005


def test_a_board_without_the_firmware_has_no_throttle_bits(guest, files):
    files()
    assert guest.throttle_bits() is None


def test_work_of_others_is_all_work_less_our_own(guest):
    before, after = (100.0, 5.0, 1000.0), (102.0, 6.5, 1003.0)  # seconds: clock, own, everyone's
    assert guest.other_cpus(before, after) == pytest.approx(0.75)


def test_our_own_work_never_counts_as_a_negative_amount_of_others(guest):
    assert guest.other_cpus((0.0, 0.0, 0.0), (1.0, 1.0, 0.9)) == 0.0


def test_time_taken_by_the_hypervisor_counts_as_work_of_others(guest, files):
    files(_proc_stat="cpu  100 0 100 9999 50 0 0 300 0 0\ncpu0 1 2")
    assert guest.work()[2] == 500 / os.sysconf("SC_CLK_TCK")


def test_a_hidden_proc_stat_is_no_reading(guest, files):
    files()
    assert guest.work() is None
    assert guest.other_cpus(None, None) is None


def test_memory_fields_are_bytes(guest, files):
    files(_proc_meminfo="MemTotal:        1024 kB\nMemAvailable:     512 kB")
    assert guest.proc_field("/proc/meminfo", "MemAvailable") == 512 * 1024


@pytest.fixture
def counted(guest):
    """Return what is read where the kernel says: a count, time wanted, time counted."""

    def read(*values):
        reading, writing = os.pipe()
        try:
            os.write(writing, struct.pack("3Q", *values))
            return guest.read_counter(reading)
        finally:
            os.close(reading)
            os.close(writing)

    return read


def test_a_counter_that_ran_all_the_time_is_read(counted):
    assert counted(12_345, 700, 700) == 12_345


def test_a_counter_that_stood_still_meanwhile_is_not_believed(guest, counted):
    with pytest.raises(guest.GuestError, match=r"ran only for 25% of the time.*--affinity"):
        counted(12_345, 800, 200)


@pytest.mark.parametrize(
    ("machine", "bits", "number"),
    [
        ("aarch64", 64, 241),
        ("aarch64", 32, 364),
        ("armv7l", 32, 364),
        ("x86_64", 64, 298),
        ("x86_64", 32, 336),
    ],
)
def test_the_kernel_is_asked_by_the_number_that_processes_of_this_size_have(
    guest, monkeypatch, machine, bits, number
):
    asked = []
    library = SimpleNamespace(syscall=lambda *arguments: asked.append(arguments[0]) or 7)
    monkeypatch.setattr(guest.platform, "machine", lambda: machine)
    monkeypatch.setattr(guest, "interpreter_bits", lambda: bits)
    monkeypatch.setattr(guest.ctypes, "CDLL", lambda *_, **__: library)
    guest.instruction_counter()
    assert asked == [number]


@pytest.mark.parametrize(
    ("fastest_ns", "every"), [(10**6, 1), (122_071, 1), (10**5, 2), (10**4, 13), (1000, 123)]
)
def test_the_stride_bounds_the_samples(guest, fastest_ns, every):
    request = {**guest.DEFAULTS, "min_seconds": 2.0}
    assert guest.stride(fastest_ns, request) == every


def test_fewer_runs_than_asked_for_are_never_timed(guest):
    request = {**guest.DEFAULTS, "min_runs": 50000, "min_seconds": 0.0}
    assert guest.stride(1000, request) == 1


def test_a_repeat_waits_until_the_cpu_is_cool(guest, monkeypatch):
    readings = iter([81.0, 75.0, 69.0])
    monkeypatch.setattr(guest, "cpu_temperature", lambda: next(readings))
    monkeypatch.setattr(guest.time, "sleep", lambda seconds: None)
    waited, celsius = guest.cool_down({**guest.DEFAULTS, "max_celsius": 70.0, "cool_seconds": 60.0})
    assert celsius == 69.0
    assert waited >= 0


def test_a_repeat_does_not_wait_for_ever(guest, monkeypatch):
    monkeypatch.setattr(guest, "cpu_temperature", lambda: 90.0)
    clock = iter(range(0, 1000, 10))
    monkeypatch.setattr(guest.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(guest.time, "sleep", lambda seconds: None)
    assert guest.cool_down({**guest.DEFAULTS, "max_celsius": 70.0, "cool_seconds": 30.0}) == (30, 90.0)


def test_where_no_temperature_is_asked_for_nothing_waits(guest, monkeypatch):
    monkeypatch.setattr(guest, "cpu_temperature", lambda: 90.0)
    assert guest.cool_down(guest.DEFAULTS) == (0.0, 90.0)


def test_the_cpu_s_sensor_is_told_from_the_others(guest, monkeypatch):
    monkeypatch.setattr(guest, "temperatures", lambda: {"battery": 90.0, "cpu-thermal": 51.5, "nvme": 70.0})
    assert guest.cpu_temperature() == 51.5
    monkeypatch.setattr(guest, "temperatures", dict)
    assert guest.cpu_temperature() is None


def test_the_cores_of_a_phone_are_counted_by_kind(guest, files):
    parts = ["0xd05"] * 4 + ["0xd0d"] * 3 + ["0xd44"]
    files(_proc_cpuinfo="\n".join(f"CPU implementer\t: 0x41\nCPU part\t: {part}" for part in parts))
    assert guest.cpu_cores() == [("Cortex-A55", 4), ("Cortex-A77", 3), ("Cortex-X1", 1)]
