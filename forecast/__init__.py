"""The domain: frames in, frames out. No database, no web, no scheduler, no settings.

Start reading at `vintage.py`, `models/base.py` and `store/looking_ahead.py`.
"""

import os

# One thread per process: work is shared out over processes, sums keep their order, and the small matrices of these
# models run slower, not faster, on several threads. Takes effect when numpy is not yet imported.
for _pool in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_pool, "1")
