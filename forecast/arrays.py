"""The three kinds of array that travel through the domain."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Ns: TypeAlias = npt.NDArray[np.int64]
"""Whole numbers: moments in nanoseconds since the epoch (UTC), local days, rows."""
Floats: TypeAlias = npt.NDArray[np.float64]
Flags: TypeAlias = npt.NDArray[np.bool_]
