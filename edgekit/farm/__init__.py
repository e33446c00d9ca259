"""Running a sweep's steps on the workers of a Dask scheduler, and being such a worker.

Dask distributed keeps the queue, knows who is there and sends a lost worker's job elsewhere. What is here
says which job needs what, carries artefacts to and fro, and keeps the results in the sweep's store: a
scheduler that is started again knows nothing, and receives what the store still lacks.
"""

from edgekit.farm.run import run_steps
from edgekit.farm.worker import work

__all__ = ["run_steps", "work"]
