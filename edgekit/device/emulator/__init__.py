"""Boards emulated by QEMU: one nanosecond on their clock is one instruction."""

from edgekit.device.emulator.transport import EmulatorTransport

__all__ = ["EmulatorTransport"]
