"""Arrays from `.npy` files, for the commands that take them as arguments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np


def load_array(path: str) -> np.ndarray[Any, Any]:
    """The array of numbers in a `.npy` file; ValueError, which says why, when there is none."""
    try:
        found = np.load(Path(path), allow_pickle=False)
    except OSError as failure:
        raise ValueError(failure.strerror or str(failure)) from None
    except Exception as failure:  # a damaged header raises almost anything
        raise ValueError(f"not an array as numpy.save writes it: {failure or type(failure).__name__}") from None
    if not isinstance(found, np.ndarray):
        raise ValueError("several arrays or none; expected what numpy.save writes")
    if found.dtype.kind not in "biufc":
        raise ValueError(f"an array of {found.dtype}, which are no numbers")
    return found
