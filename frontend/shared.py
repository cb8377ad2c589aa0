"""`shared(value)`: a symbolic tensor with a value of its own, kept between calls and shared by functions that use it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from phintys.ir.graph import Value
from phintys.ir.types import DTYPES

from .conversion import exact
from .errors import keywords
from .location import here
from .residence import placed
from .tensor.random_state import RandomStateSharedVariable
from .tensor.sharedvar import Container, TensorSharedVariable
from .types import TensorType, native_name

__all__ = ["Container", "TensorSharedVariable", "shared"]


@keywords
def shared(
    value: Any,
    name: str | None = None,
    strict: bool = False,
    allow_downcast: bool | None = None,
    borrow: bool = False,
    broadcastable: Sequence[bool] | None = None,
) -> TensorSharedVariable:
    """A shared variable that starts with `value`, a number or a NumPy array (or a RandomState, for a random stream).

    Its dtype is NumPy's for the value (`shared(0)` is int64, `shared(0.)` float64, whatever floatX is). No dimension
    broadcasts, even of size 1, unless `broadcastable` says so, since `set_value` may change the sizes. The value is
    copied, unless `borrow`: then the variable uses the array itself, where that is C-contiguous. With
    `config.device = "cuda"` the value is put on the GPU (DeviceError where there is none). `strict` and
    `allow_downcast` are for `set_value`. TypeError for values that are no tensors.
    """
    if isinstance(value, Value):
        raise TypeError("Shared variable constructor needs numeric values and not symbolic variables.")
    if isinstance(value, np.random.RandomState):
        return RandomStateSharedVariable.of_state(value, name)
    if not isinstance(value, np.ndarray | np.generic | bool | int | float | complex):
        raise TypeError(
            "No suitable SharedVariable constructor could be found. Are you sure all kwargs are supported? A shared "
            "variable "
            f'holds a number or a NumPy array: convert the value with numpy.asarray. value="{value!r}"'
        )
    array = np.asarray(value)
    dtype = native_name(array.dtype)
    if dtype not in DTYPES:
        raise TypeError(f"a shared variable holds numbers of one of the dtypes {', '.join(DTYPES)}; got {array.dtype}")
    type = TensorType(dtype, broadcastable if broadcastable is not None else (False,) * array.ndim)
    kept = exact(array) if borrow else np.array(array, dtype=dtype, order="C", copy=True)
    return TensorSharedVariable.of(type, placed(type.filter(kept)), name, strict, allow_downcast, here())
