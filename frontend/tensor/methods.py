"""Methods of symbolic tensors: each calls the function of the same meaning in `phintys.tensor`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import tensor as T  # complete by the time a method runs
from ..errors import with_keyword_methods
from .methods_functions import FunctionMethods

if TYPE_CHECKING:
    from ..types import Array
    from .var import TensorVariable

Axis = int | list[int] | tuple[int, ...] | None


@with_keyword_methods
class TensorMethods(FunctionMethods):
    """What `TensorVariable` can do besides being a variable and taking operators."""

    # --- what it is -----------------------------------------------------------------------------------------

    @property
    def dtype(self) -> str:
        """NumPy name of the element type."""
        return self.type.dtype

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return self.type.ndim

    @property
    def broadcastable(self) -> tuple[bool, ...]:
        """For each dimension whether its size is known to be 1, so that it broadcasts."""
        return self.type.broadcastable

    @property
    def shape(self) -> TensorVariable:
        """The sizes, an int64 vector; `x.shape[0]` is one size."""
        return T.shape(self)

    @property
    def size(self) -> TensorVariable:
        """Number of elements, an int64 scalar."""
        return T.size(self)

    def eval(self, inputs_to_values: dict[Any, Any] | None = None, **options: Any) -> Array:
        """The value, given values of the inputs it depends on; the compiled function is kept for the next time."""
        from ..function import evaluate

        return evaluate(self, inputs_to_values or {}, options)  # type: ignore[arg-type]

    # --- shapes ---------------------------------------------------------------------------------------------

    @property
    def T(self) -> TensorVariable:
        """The transpose: dimensions in reverse order."""
        return T.transpose(self)

    def transpose(self, *axes: Any) -> TensorVariable:
        """Dimensions reordered as `axes` say, reversed without any."""
        return T.transpose(self, axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes or None)

    def dimshuffle(self, *pattern: Any) -> TensorVariable:
        """Dimensions reordered, dropped and added: `x.dimshuffle(1, "x", 0)`; see `phintys.tensor.dimshuffle`."""
        return T.dimshuffle(self, *pattern)

    def reshape(self, shape: Any, ndim: int | None = None) -> TensorVariable:
        """The same elements in another shape; see `phintys.tensor.reshape`."""
        return T.reshape(self, shape, ndim)

    def flatten(self, ndim: int = 1) -> TensorVariable:
        """The first `ndim - 1` dimensions kept, the rest joined to one."""
        return T.flatten(self, ndim)

    def ravel(self) -> TensorVariable:
        """All elements as a vector."""
        return T.flatten(self)

    def squeeze(self) -> TensorVariable:
        """Without the dimensions that are known to be of size 1."""
        return T.squeeze(self)

    def swapaxes(self, axis1: int, axis2: int) -> TensorVariable:
        """Two dimensions exchanged."""
        return T.swapaxes(self, axis1, axis2)

    def astype(self, dtype: Any) -> TensorVariable:
        """With another dtype."""
        return T.cast(self, dtype)

    def copy(self, name: str | None = None) -> TensorVariable:
        """An expression of the same value that is another variable, named `name`."""
        return T.tensor_copy(self, name)

    def fill(self, value: Any) -> TensorVariable:
        """A tensor of this shape, all elements `value`."""
        return T.fill(self, value)

    def zeros_like(self, dtype: Any = None) -> TensorVariable:
        """Zeros of this shape."""
        return T.zeros_like(self, dtype)

    def ones_like(self, dtype: Any = None) -> TensorVariable:
        """Ones of this shape."""
        return T.ones_like(self, dtype)

    def take(self, indices: Any, axis: int | None = None, mode: str = "raise") -> TensorVariable:
        """The elements at `indices` along `axis`, of the flattened tensor without one."""
        return T.take(self, indices, axis, mode)

    # --- reductions -----------------------------------------------------------------------------------------

    def sum(self, axis: Axis = None, dtype: Any = None, keepdims: bool = False, acc_dtype: Any = None) -> TensorVariable:
        """Sum over `axis` (all dimensions without one)."""
        return T.sum(self, axis, dtype, keepdims, acc_dtype)

    def prod(self, axis: Axis = None, dtype: Any = None, keepdims: bool = False, acc_dtype: Any = None) -> TensorVariable:
        """Product over `axis`."""
        return T.prod(self, axis, dtype, keepdims, acc_dtype)

    def mean(self, axis: Axis = None, dtype: Any = None, keepdims: bool = False, acc_dtype: Any = None) -> TensorVariable:
        """Arithmetic mean over `axis`."""
        return T.mean(self, axis, dtype, False, keepdims, acc_dtype)

    def var(self, axis: Axis = None, ddof: int = 0, keepdims: bool = False, corrected: bool = False) -> TensorVariable:
        """Variance over `axis`."""
        return T.var(self, axis, ddof, keepdims, corrected)

    def std(self, axis: Axis = None, ddof: int = 0, keepdims: bool = False, corrected: bool = False) -> TensorVariable:
        """Standard deviation over `axis`."""
        return T.std(self, axis, ddof, keepdims, corrected)

    def max(self, axis: Axis = None, keepdims: bool = False) -> TensorVariable:
        """Maximum over `axis`."""
        return T.max(self, axis, keepdims)

    def min(self, axis: Axis = None, keepdims: bool = False) -> TensorVariable:
        """Minimum over `axis`."""
        return T.min(self, axis, keepdims)

    def ptp(self, axis: Axis = None) -> TensorVariable:
        """Maximum minus minimum over `axis`."""
        return T.ptp(self, axis)

    def argmax(self, axis: Axis = None, keepdims: bool = False) -> TensorVariable:
        """Position of the maximum along `axis` (in the flattened tensor without one)."""
        return T.argmax(self, axis, keepdims)

    def argmin(self, axis: Axis = None, keepdims: bool = False) -> TensorVariable:
        """Position of the minimum along `axis`."""
        return T.argmin(self, axis, keepdims)

    def any(self, axis: Axis = None, keepdims: bool = False) -> TensorVariable:
        """Whether any element along `axis` is not zero."""
        return T.any(self, axis, keepdims)

    def all(self, axis: Axis = None, keepdims: bool = False) -> TensorVariable:
        """Whether all elements along `axis` are not zero."""
        return T.all(self, axis, keepdims)

    def norm(self, L: float | str | None, axis: Axis = None, keepdims: bool = False) -> TensorVariable:
        """The norm of order `L` over `axis`: `sum(abs(x) ** L) ** (1 / L)`."""
        return T.norm(self, L, axis, keepdims)

    # --- functions ------------------------------------------------------------------------------------------

    def dot(self, other: Any) -> TensorVariable:
        """Matrix and vector product, see `phintys.tensor.dot`."""
        return T.dot(self, other)

    __dot__ = dot

    def __rdot__(self, other: Any) -> TensorVariable:
        return T.dot(other, self)

    def clip(self, a_min: Any, a_max: Any) -> TensorVariable:
        """Values below `a_min` and above `a_max` replaced by these."""
        return T.clip(self, a_min, a_max)

    def sqrt(self) -> TensorVariable:
        """Square root."""
        return T.sqrt(self)

    def exp(self) -> TensorVariable:
        """Exponential."""
        return T.exp(self)

    def expm1(self) -> TensorVariable:
        """`exp(x) - 1`, precise near zero."""
        return T.expm1(self)

    def exp2(self) -> TensorVariable:
        """Power of two."""
        return T.exp2(self)

    def log(self) -> TensorVariable:
        """Natural logarithm."""
        return T.log(self)

    def log1p(self) -> TensorVariable:
        """`log(1 + x)`, precise near zero."""
        return T.log1p(self)

    def log2(self) -> TensorVariable:
        """Logarithm to base 2."""
        return T.log2(self)

    def log10(self) -> TensorVariable:
        """Logarithm to base 10."""
        return T.log10(self)

    def sin(self) -> TensorVariable:
        """Sine."""
        return T.sin(self)

    def cos(self) -> TensorVariable:
        """Cosine."""
        return T.cos(self)

    def tan(self) -> TensorVariable:
        """Tangent."""
        return T.tan(self)

    def arctan(self) -> TensorVariable:
        """Inverse tangent."""
        return T.arctan(self)

    def sinh(self) -> TensorVariable:
        """Hyperbolic sine."""
        return T.sinh(self)

    def cosh(self) -> TensorVariable:
        """Hyperbolic cosine."""
        return T.cosh(self)

    def tanh(self) -> TensorVariable:
        """Hyperbolic tangent."""
        return T.tanh(self)

    def floor(self) -> TensorVariable:
        """Largest integer below."""
        return T.floor(self)

    def ceil(self) -> TensorVariable:
        """Smallest integer above."""
        return T.ceil(self)

    def deg2rad(self) -> TensorVariable:
        """Degrees to radians."""
        return T.deg2rad(self)

    def rad2deg(self) -> TensorVariable:
        """Radians to degrees."""
        return T.rad2deg(self)
