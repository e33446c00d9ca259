"""An interpreter of 'models' that hold one word: what goes wrong."""

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

print("a banner on the standard output, from Python")
os.write(1, b"and one from compiled code\n")


class Interpreter:
    def __init__(self, model_path, num_threads):
        self.fault = Path(model_path).read_text().strip()
        if self.fault == "out-of-memory":
            raise MemoryError
        self.shape = (1, 4) if self.fault == "wrong-shape" else (1, 3)

    def allocate_tensors(self):
        if self.fault == "unreadable":
            raise ValueError("Model provided has model identifier 'text'\nand more")

    def get_input_details(self):
        return [self._details("input", 0, (1, 8, 8, 3))]

    @staticmethod
    def _details(name, index, shape):
        shape = np.array(shape)
        return {"name": name, "index": index, "shape": shape, "dtype": np.float32, "quantization": (0.0, 0)}

    def get_output_details(self):
        return [self._details("output", 1, self.shape)]

    def _get_ops_details(self):
        return [{"op_name": "CONV_2D"}]

    def set_tensor(self, index, values):
        assert values.shape == (1, 8, 8, 3) and values.dtype == np.float32

    def get_tensor(self, index):
        return np.full(self.shape, np.nan if self.fault == "nan" else 0.5, np.float32)

    def invoke(self):
        print("chatter")
        if self.fault == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        if self.fault == "exit":
            os._exit(7)
        if self.fault == "affinity":
            raise RuntimeError(f"running on {sorted(os.sched_getaffinity(0))}")
        if self.fault == "hang":
            sys.stderr.write("hanging\n")
            sys.stderr.flush()
            time.sleep(600)
