"""Methods of symbolic tensors, continued: inverse functions, rounding, sorting, running sums, choices, diagonals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import tensor as T  # complete by the time a method runs
from ..errors import with_keyword_methods
from ..variable import Variable

if TYPE_CHECKING:
    from ..types import Array
    from .var import TensorVariable


@with_keyword_methods
class FunctionMethods(Variable):
    """Each method calls the function of the same name in `phintys.tensor`."""

    # --- functions of elements ------------------------------------------------------------------------------

    @property
    def real(self) -> TensorVariable:
        """The real part of complex numbers."""
        return T.real(self)

    @property
    def imag(self) -> TensorVariable:
        """The imaginary part of complex numbers."""
        return T.imag(self)

    def conj(self) -> TensorVariable:
        """The conjugate of complex numbers."""
        return T.conj(self)

    conjugate = conj

    def arcsin(self) -> TensorVariable:
        """Inverse sine."""
        return T.arcsin(self)

    def arccos(self) -> TensorVariable:
        """Inverse cosine."""
        return T.arccos(self)

    def arcsinh(self) -> TensorVariable:
        """Inverse hyperbolic sine."""
        return T.arcsinh(self)

    def arccosh(self) -> TensorVariable:
        """Inverse hyperbolic cosine."""
        return T.arccosh(self)

    def arctanh(self) -> TensorVariable:
        """Inverse hyperbolic tangent."""
        return T.arctanh(self)

    def trunc(self) -> TensorVariable:
        """The integer part."""
        return T.trunc(self)

    def round(self, mode: str | None = None) -> TensorVariable:
        """Nearest integer; see `phintys.tensor.round`."""
        return T.round(self, mode)

    # --- order ----------------------------------------------------------------------------------------------

    def sort(self, axis: int | None = -1, kind: str = "quicksort", order: Any = None) -> TensorVariable:
        """The elements sorted along `axis`."""
        return T.sort(self, axis, kind, order)

    def argsort(self, axis: int | None = -1, kind: str = "quicksort", order: Any = None) -> TensorVariable:
        """Positions that sort along `axis`."""
        return T.argsort(self, axis, kind, order)

    def searchsorted(self, v: Any, side: str = "left", sorter: Any = None) -> TensorVariable:
        """Where the elements of `v` would be put in this sorted vector."""
        return T.searchsorted(self, v, side, sorter)

    def cumsum(self, axis: int | None = None) -> TensorVariable:
        """Sums of the first elements along `axis`."""
        return T.cumsum(self, axis)

    def cumprod(self, axis: int | None = None) -> TensorVariable:
        """Products of the first elements along `axis`."""
        return T.cumprod(self, axis)

    # --- choice and arrangement -----------------------------------------------------------------------------

    def nonzero(self, return_matrix: bool = False) -> Any:
        """The positions of the elements that are not zero."""
        return T.nonzero(self, return_matrix)

    def nonzero_values(self) -> TensorVariable:
        """The elements that are not zero."""
        return T.nonzero_values(self)

    def choose(self, choices: Any, out: Any = None, mode: str = "raise") -> TensorVariable:
        """Elements of the tensors `choices`, which the elements of this one number."""
        return T.choose(self, choices, out, mode)

    def compress(self, a: Any, axis: int | None = None) -> TensorVariable:
        """The slices of `a` along `axis` at which this vector is true."""
        return T.compress(self, a, axis)

    def repeat(self, repeats: Any, axis: int | None = None) -> TensorVariable:
        """Each element `repeats` times along `axis`."""
        return T.repeat(self, repeats, axis)

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> TensorVariable:
        """The diagonal `offset`."""
        return T.diagonal(self, offset, axis1, axis2)

    def trace(self) -> TensorVariable:
        """Sum of the diagonal of a matrix."""
        return T.trace(self)

    def get_scalar_constant_value(self) -> Array:
        """The number that this is known to be; see `phintys.tensor.get_scalar_constant_value`."""
        return T.get_scalar_constant_value(self)

    def transfer(self, target: str) -> TensorVariable:
        """This tensor, wanted on the device `target`: `"cpu"`, `"cuda"` (the first GPU, Theano's `"gpu"`), `"cuda1"`, ...

        An output of a function is given there, on a GPU as an array that other libraries take without a copy (see
        `Out`); in the middle of an expression it changes nothing, since a function runs on one device as a whole.
        ValueError for any other name.
        """
        from ..residence import is_device
        from .build import apply

        named = {"gpu": "cuda", "gpu0": "cuda", "cuda0": "cuda"}.get(target, target)
        if named != "cpu" and not is_device(named):
            raise ValueError(f"Can't transfer to target {target}")
        return apply("transfer", self, target=named)
