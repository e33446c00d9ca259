"""Measuring: plan → bring files to the device → fresh processes, interleaved → Result."""

from edgekit.bench.request import MODES, BenchRequest, Schedule
from edgekit.bench.session import Fingerprint, bench, probe
from edgekit.bench.store import result_path, save_result

__all__ = ["MODES", "BenchRequest", "Fingerprint", "Schedule", "bench", "probe", "result_path", "save_result"]
