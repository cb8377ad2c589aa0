"""Tensor types as programs see them: `TensorType("float64", (False, True))` makes variables and checks Python values.

`broadcastable` is Theano's pattern (True: a dimension of size 1 that broadcasts); `shape` says more where more is
known: `TensorType("float64", shape=(None, 784))`. Two types are equal when dtype and shape are.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

import phintys.ir.types as core

from .config import config
from .errors import keywords

if TYPE_CHECKING:
    from .tensor.var import TensorConstant, TensorVariable

_NAMES = {
    (): "scalar",
    (False,): "vector",
    (False, True): "col",
    (True, False): "row",
    (False, False): "matrix",
}
Array = np.ndarray[Any, Any]


def check_dtype(dtype: Any) -> str:
    """NumPy name of a dtype; `floatX` is the configured one. TypeError for a dtype that tensors cannot have."""
    name = config.floatX if dtype == "floatX" else dtype if isinstance(dtype, str) else np.dtype(dtype).name
    if name in core.DTYPES:
        return str(name)
    with contextlib.suppress(TypeError):
        name = np.dtype(name).name
    if name not in core.DTYPES:
        raise TypeError(f"Unsupported dtype for TensorType: {name}; expected one of {', '.join(core.DTYPES)}")
    return str(name)


class TensorType(core.TensorType):
    """dtype, broadcast pattern and known sizes of a tensor; calling it makes a variable.

    `dtype`: a NumPy dtype or its name (`"floatX"` is the configured one). `broadcastable`: one truth value per
    dimension. `shape`: instead of it, one size per dimension, `None` where it is not known. `name` is what `str`
    prints. TypeError for an unknown dtype, ValueError for more than 32 dimensions, where parts of NumPy end.
    """

    name: str | None

    def __init__(
        self,
        dtype: Any,
        broadcastable: Sequence[bool] | None = None,
        name: str | None = None,
        *,
        shape: Sequence[int | None] | None = None,
        sparse_grad: bool = False,
    ) -> None:
        if shape is None:
            shape = [1 if flag else None for flag in broadcastable or ()]
        elif broadcastable is not None and [bool(flag) for flag in broadcastable] != [size == 1 for size in shape]:
            raise ValueError(f"broadcastable={tuple(broadcastable)} contradicts shape={tuple(shape)}")
        sizes = tuple(None if size is None else int(size) for size in shape)
        if len(sizes) > 32:
            raise ValueError(f"a tensor of {len(sizes)} dimensions; there are at most 32")
        super().__init__(check_dtype(dtype), sizes)
        object.__setattr__(self, "name", name)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, core.TensorType):
            return NotImplemented
        return self.dtype == other.dtype and self.shape == other.shape

    def __hash__(self) -> int:
        return hash((self.dtype, self.shape))

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self.dtype, self.shape, self.name)

    @property
    def broadcastable(self) -> tuple[bool, ...]:
        """For each dimension whether its size is known to be 1."""
        return tuple(size == 1 for size in self.shape)

    @property
    def numpy_dtype(self) -> np.dtype[Any]:
        """The dtype as NumPy's object."""
        return np.dtype(self.dtype)

    @keywords
    def __call__(self, name: str | None = None) -> TensorVariable:
        """A new variable of this type."""
        from .location import here
        from .tensor.var import TensorVariable

        return TensorVariable(self, name, loc=here())

    make_variable = __call__

    def __str__(self) -> str:
        if self.name:
            return self.name
        if any(size not in (None, 1) for size in self.shape):
            sizes = ", ".join("?" if size is None else str(size) for size in self.shape)
            return f"TensorType({self.dtype}, ({sizes}{',' if self.ndim == 1 else ''}))"
        pattern = self.broadcastable
        kind = _NAMES.get(pattern) or (str(pattern) if any(pattern) else f"{self.ndim}D")
        return f"TensorType({self.dtype}, {kind})"

    __repr__ = __str__

    def clone(self, dtype: Any = None, broadcastable: Sequence[bool] | None = None) -> TensorType:
        """The same type with another dtype or broadcast pattern."""
        shape = self.shape if broadcastable is None else [1 if flag else None for flag in broadcastable]
        return TensorType(dtype or self.dtype, name=self.name, shape=shape)

    def accepts(self, other: core.TensorType) -> bool:
        """Whether a value of type `other` is also one of this type: same dtype and rank, known sizes agree."""
        return (
            self.dtype == other.dtype
            and self.ndim == other.ndim
            and all(mine in (None, theirs) for mine, theirs in zip(self.shape, other.shape, strict=True))
        )

    def filter_variable(self, other: Any, allow_convert: bool = True) -> TensorVariable | TensorConstant:
        """`other` as a variable of this type: itself if its type fits, a constant if it is a Python value.

        TypeError when it does not fit. (`allow_convert` is Theano's; known sizes are never forgotten, so there is
        nothing to convert.)
        """
        from .tensor.var import TensorConstant, TensorVariable

        if not isinstance(other, TensorVariable):
            return TensorConstant.of(self.filter(other))
        if isinstance(other, TensorConstant) and not self.accepts(other.type) and other.ndim == self.ndim:
            return TensorConstant.of(self.filter(other.data), other.name)
        if not self.accepts(other.type):
            raise TypeError(
                f"Cannot convert Type {other.type} (of Variable {other}) into Type {self}. "
                f"You can try to manually convert {other} into a {self}."
            )
        return other

    def filter(self, value: Any, strict: bool = False, allow_downcast: bool | None = None) -> Array:
        """A Python value as a C-contiguous, aligned array of exactly this type (the value itself when it is one).

        Arrays are converted when no precision can be lost; lists and numbers when none is. `strict` refuses all but
        arrays of the right dtype; `allow_downcast=True` converts whatever it costs; the default `None` lets a Python
        float into a floatX scalar. TypeError otherwise, and for a wrong rank or a size that contradicts a known one.
        """
        from .conversion import convert

        return convert(self, value, strict, allow_downcast)


def _restore(dtype: str, shape: tuple[int | None, ...], name: str | None) -> TensorType:
    return TensorType(dtype, name=name, shape=shape)


@lru_cache(4096)
def _of_core(dtype: str, shape: tuple[int | None, ...]) -> TensorType:
    return TensorType(dtype, shape=shape)


@cache
def native_name(dtype: np.dtype[Any]) -> str:
    """NumPy's name of a dtype, whatever its byte order (kept, since NumPy takes microseconds for it)."""
    return dtype.newbyteorder("=").name


def frontend_type(type: core.TensorType) -> TensorType:
    """The type that programs see for a type that inference gave."""
    if isinstance(type, TensorType):
        return type
    if not isinstance(type, core.TensorType):
        raise TypeError(f"a variable has a TensorType; got {type!r:.80}")
    return _of_core(type.dtype, type.shape)
