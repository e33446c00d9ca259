"""Linear algebra on one thread, whichever library brings it."""

import subprocess
import sys


def test_every_library_is_limited_also_one_that_was_not_loaded_yet():
    code = (
        "import numpy\n"
        "from threadpoolctl import threadpool_info\n"
        "from edgekit.quantization.threads import one_thread\n"
        "with one_thread():\n"
        "    from scipy.linalg.lapack import dtrtri\n"
        "    print(*(each['num_threads'] for each in threadpool_info() if each['user_api'] == 'blas'))\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert len(said.split()) >= 1
    assert set(said.split()) == {"1"}
