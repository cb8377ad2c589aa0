"""Where the values of shared variables are: on the host as NumPy arrays, or on a GPU as `DeviceArray`s.

With `config.device = "cuda"` values are put on the GPU when they are set. Functions move what they meet elsewhere: one on the
GPU uploads a value once and leaves it there, one on the CPU brings it back.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .config import config
from .types import Array, TensorType


def is_device(target: str) -> bool:
    """Whether values of functions of a target may lie in the memory of a device: `cuda` (the first GPU), `cuda1`, ..."""
    return target == "cuda" or (isinstance(target, str) and target.startswith("cuda") and target[4:].isdecimal())


def require_device(target: str) -> None:
    """DeviceError, before any work is done, where a target needs a device that is not there."""
    if is_device(target):
        from phintys.codegen.device import current

        current(target)


def placed(array: Any) -> Any:
    """A new value of a shared variable where the configuration wants it."""
    return moved(array, config.device) if is_device(config.device) else array


def moved(array: Any, target: str) -> Any:
    """An array on the device that a target means, or on the host for `cpu`: itself where it is there."""
    if not is_device(target):
        return on_host(array)
    from phintys.codegen.device import current
    from phintys.codegen.device_array import DeviceArray

    driver = current(target)
    there = isinstance(array, DeviceArray) and array.driver is driver
    return array if there else DeviceArray.of(driver, array if isinstance(array, DeviceArray) else on_host(array))


def on_host(value: Any) -> Array:
    """A value as NumPy's array: itself, or a copy of what is on a device."""
    return value if type(value) is np.ndarray else np.asarray(value)


def is_on_device(value: Any) -> bool:
    """Whether a value is in the memory of a device (of this package or of another library)."""
    if type(value) is np.ndarray or not (hasattr(value, "__cuda_array_interface__") or hasattr(value, "__dlpack_device__")):
        return False
    from phintys.codegen.plan_call import is_on_device as found

    return found(value)


def from_device(type: TensorType, value: Any, borrow: bool) -> Any:
    """A value on the device as a value of that type, `None` where it has to go by way of the host: it is of another dtype
    or shape, or functions run on the CPU."""
    if not is_device(config.device) or not is_on_device(value):
        return None
    from phintys.codegen.device import current
    from phintys.codegen.plan_call import fitting

    driver = current(config.device)
    with driver:
        found = fitting(driver, type, value)
        return found if found is None or borrow else found.copy()
