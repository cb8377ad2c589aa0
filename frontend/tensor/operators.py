"""Operators of symbolic tensors: each calls the function of the same meaning in `phintys.tensor`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from .. import tensor as T  # complete by the time a method runs
from ..errors import AsTensorError
from .methods import TensorMethods

if TYPE_CHECKING:
    from .var import TensorVariable


def _try(function: Callable[..., TensorVariable], *operands: Any) -> TensorVariable:
    """The result, or NotImplemented for an operand that is no tensor, so that Python asks it or raises its TypeError."""
    try:
        return function(*operands)
    except AsTensorError:
        return NotImplemented  # type: ignore[no-any-return]


def _comparison(function: Callable[..., TensorVariable], *operands: Any) -> TensorVariable:
    """A comparison written with an operator: its truth value must not be taken (`a < b < c`, `if a < b`)."""
    result = _try(function, *operands)
    if result is not NotImplemented:
        result._is_nonzero = False
    return result


class TensorOperators(TensorMethods):
    """Arithmetic, comparisons and indexing."""

    # NumPy's operators leave `array + variable` to us.
    __array_priority__ = 1000

    # As in Theano, a variable is true (`if mask: ...` asks whether there is one), but `if x < y:` is a mistake.
    _is_nonzero = True

    def __bool__(self) -> bool:
        if self._is_nonzero:
            return True
        raise TypeError("Variables do not support boolean operations.")

    # --- arithmetic -----------------------------------------------------------------------------------------

    def __neg__(self) -> TensorVariable:
        return T.neg(self)

    def __pos__(self) -> TensorVariable:
        return T.as_tensor_variable(self)

    def __abs__(self) -> TensorVariable:
        return T.abs_(self)

    def __add__(self, other: Any) -> TensorVariable:
        return _try(T.add, self, other)

    def __radd__(self, other: Any) -> TensorVariable:
        return _try(T.add, other, self)

    def __sub__(self, other: Any) -> TensorVariable:
        return _try(T.sub, self, other)

    def __rsub__(self, other: Any) -> TensorVariable:
        return _try(T.sub, other, self)

    def __mul__(self, other: Any) -> TensorVariable:
        return _try(T.mul, self, other)

    def __rmul__(self, other: Any) -> TensorVariable:
        return _try(T.mul, other, self)

    def __truediv__(self, other: Any) -> TensorVariable:
        return _try(T.true_div, self, other)

    def __rtruediv__(self, other: Any) -> TensorVariable:
        return _try(T.true_div, other, self)

    def __floordiv__(self, other: Any) -> TensorVariable:
        return _try(T.int_div, self, other)

    def __rfloordiv__(self, other: Any) -> TensorVariable:
        return _try(T.int_div, other, self)

    def __mod__(self, other: Any) -> TensorVariable:
        return _try(T.mod, self, other)

    def __rmod__(self, other: Any) -> TensorVariable:
        return _try(T.mod, other, self)

    def __divmod__(self, other: Any) -> tuple[TensorVariable, TensorVariable]:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> tuple[TensorVariable, TensorVariable]:
        return other // self, other % self

    def __pow__(self, other: Any) -> TensorVariable:
        return _try(T.pow, self, other)

    def __rpow__(self, other: Any) -> TensorVariable:
        return _try(T.pow, other, self)

    def __matmul__(self, other: Any) -> TensorVariable:
        return _try(T.dot, self, other)

    def __rmatmul__(self, other: Any) -> TensorVariable:
        return _try(T.dot, other, self)

    # --- bits and comparisons -------------------------------------------------------------------------------

    def __invert__(self) -> TensorVariable:
        return T.invert(self)

    def __and__(self, other: Any) -> TensorVariable:
        return _try(T.and_, self, other)

    def __rand__(self, other: Any) -> TensorVariable:
        return _try(T.and_, other, self)

    def __or__(self, other: Any) -> TensorVariable:
        return _try(T.or_, self, other)

    def __ror__(self, other: Any) -> TensorVariable:
        return _try(T.or_, other, self)

    def __xor__(self, other: Any) -> TensorVariable:
        return _try(T.xor, self, other)

    def __rxor__(self, other: Any) -> TensorVariable:
        return _try(T.xor, other, self)

    def __lt__(self, other: Any) -> TensorVariable:
        return _comparison(T.lt, self, other)

    def __le__(self, other: Any) -> TensorVariable:
        return _comparison(T.le, self, other)

    def __gt__(self, other: Any) -> TensorVariable:
        return _comparison(T.gt, self, other)

    def __ge__(self, other: Any) -> TensorVariable:
        return _comparison(T.ge, self, other)

    # --- being a sequence -----------------------------------------------------------------------------------

    def __getitem__(self, key: Any) -> TensorVariable:
        return T.index(T.as_tensor_variable(self), key)

    def __iter__(self) -> Iterator[TensorVariable]:
        size = self.type.shape[0] if self.type.ndim else None
        if size is None:
            raise TypeError(
                "TensorType does not support iteration. Maybe you are using builtin.sum instead of theano.tensor.sum? "
                "(Maybe .max?)"
            )
        return iter([self[position] for position in range(size)])

    def __contains__(self, value: Any) -> bool:
        raise TypeError("a symbolic tensor has no elements to look among yet: use any(eq(x, value))")
