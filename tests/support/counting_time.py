"""The guest where the CPU offers no counter, as in most virtual machines: nanoseconds are counted instead."""

import os
import runpy
import sys
import time

GUEST, *arguments = sys.argv[1:]
guest = runpy.run_path(GUEST)
guest["main"].__globals__["instruction_counter"] = lambda: time.perf_counter_ns
status = guest["main"]([GUEST, *arguments])
sys.stderr.flush()
os._exit(status)
