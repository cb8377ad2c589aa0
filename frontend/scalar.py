"""What programs use of `theano.scalar`: rules of dtypes, scalar types, and the classes of scalar operations.

Scalars are tensors without dimensions here. `scalar.exp` and `scalar.Exp` are of `scalar_ops.py`, made when asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from phintys.ir.types import DTYPES, upcast

from .scalar_ops import (
    INSTANCES,
    SCALAR,
    WRITTEN,
    BinaryScalarOp,
    ScalarOp,
    UnaryScalarOp,
    float_out,
    named,
    of_operation,
    same_out,
    upgrade_to_float,
    upgrade_to_float64,
)
from .tensor.build import constant
from .types import TensorType

all_types = tuple(DTYPES)
int_types = tuple(name for name, row in DTYPES.items() if row.kind == "i")
uint_types = tuple(name for name, row in DTYPES.items() if row.kind == "u")
integer_types = int_types + uint_types
float_types = tuple(name for name, row in DTYPES.items() if row.kind == "f")
complex_types = tuple(name for name, row in DTYPES.items() if row.kind == "c")
continuous_dtypes = continuous_types = float_types + complex_types
discrete_dtypes = discrete_types = ("bool", *integer_types)
upgrade_to_float_no_complex, same_out_nocomplex = upgrade_to_float, same_out


def Scalar(dtype: Any) -> TensorType:  # noqa: N802, RUF100  (Theano's name)
    """The type of a scalar: a tensor type without dimensions."""
    return TensorType(dtype, ())


def get_scalar_type(dtype: Any) -> TensorType:
    """The same."""
    return TensorType(dtype, ())


__all__ = [
    "BinaryScalarOp",
    "Scalar",
    "ScalarOp",
    "UnaryScalarOp",
    "all_types",
    "complex_types",
    "constant",
    "continuous_dtypes",
    "continuous_types",
    "discrete_dtypes",
    "discrete_types",
    "float_out",
    "float_types",
    "get_scalar_type",
    "int_types",
    "integer_types",
    "same_out",
    "same_out_nocomplex",
    "uint_types",
    "upcast",
    "upgrade_to_float",
    "upgrade_to_float64",
    "upgrade_to_float_no_complex",
]

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...

else:

    def __getattr__(name: str) -> Any:
        """Operations and their classes, `scalar.add` and `scalar.Add`, and types, `scalar.float64`."""
        if name in SCALAR or name in WRITTEN:
            return named(name)
        if name in INSTANCES and name != "cast":
            return of_operation(INSTANCES[name], {})
        written = {function: cls for cls, function in WRITTEN.items()} | {"identity": "Identity"}
        if name in written:
            return named(written[name])(name=name)
        if name in DTYPES:
            return TensorType(name, ())
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
