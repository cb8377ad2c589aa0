"""Where the values of shared variables are: on the host as NumPy arrays, or on a GPU as `DeviceArray`s.

With `config.device = "cuda"` values are put on the GPU when they are set. Functions move what they meet elsewhere: one on the
GPU uploads a value once and leaves it there, one on the CPU brings it back.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .config import config
from .types import Array, TensorType

DEVICE_TARGETS = frozenset(("cuda",))  # targets whose values may lie in the memory of a device


def require_device(target: str) -> None:
    """DeviceError, before any work is done, where a target needs a device that is not there."""
    if target in DEVICE_TARGETS:
        from phintys.codegen.device import current

        current()


def placed(array: Any) -> Any:
    """A new value of a shared variable where the configuration wants it."""
    if config.device not in DEVICE_TARGETS:
        return array
    from phintys.codegen.device import current
    from phintys.codegen.device_array import DeviceArray

    return array if isinstance(array, DeviceArray) else DeviceArray.of(current(), array)


def on_host(value: Any) -> Array:
    """A value as NumPy's array: itself, or a copy of what is on a device."""
    return value if type(value) is np.ndarray else np.asarray(value)


def is_on_device(value: Any) -> bool:
    """Whether a value is in the memory of a device (of this package or of another library)."""
    return type(value) is not np.ndarray and hasattr(value, "__cuda_array_interface__")


def from_device(type: TensorType, value: Any, borrow: bool) -> Any:
    """A value on the device as a value of that type, `None` where it has to go by way of the host: it is of another dtype
    or shape, or functions run on the CPU."""
    if config.device not in DEVICE_TARGETS or not is_on_device(value):
        return None
    from phintys.codegen.device import current
    from phintys.codegen.plan_call import fitting

    with current():
        found = fitting(current(), type, value)
        return found if found is None or borrow else found.copy()
