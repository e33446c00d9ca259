"""Measuring: plan → visit the device → fresh processes, interleaved → Result."""

from edgekit.measurement.noise import measure_noise
from edgekit.measurement.request import MODES, BenchRequest, Schedule
from edgekit.measurement.session import bench
from edgekit.measurement.store import COMPARED, Store, result_path, save_result
from edgekit.measurement.together import Both, Rules, bench_together

__all__ = [
    "COMPARED",
    "MODES",
    "BenchRequest",
    "Both",
    "Rules",
    "Schedule",
    "Store",
    "bench",
    "bench_together",
    "measure_noise",
    "result_path",
    "save_result",
]
