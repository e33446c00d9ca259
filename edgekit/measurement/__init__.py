"""Measuring: plan → visit the device → fresh processes, interleaved → Result."""

from edgekit.measurement.request import MODES, BenchRequest, Schedule
from edgekit.measurement.session import bench
from edgekit.measurement.store import Store, result_path, save_result

__all__ = ["MODES", "BenchRequest", "Schedule", "Store", "bench", "result_path", "save_result"]
