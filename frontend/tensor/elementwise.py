"""Functions of single elements.

Operands broadcast as NumPy's do, but only dimensions known to be of size 1 (Theano's rule).

dtypes: arithmetic gives the promoted dtype; `exp`, `sqrt` and their like make floats of ints (int8 and int16 float32,
wider ones float64); true division of ints gives `floatX`; comparisons give bool. Each function takes numbers, arrays
and variables. Sources: NumPy's reference for the functions of the same names.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

from phintys.ir.types import DTYPES

from ..config import config
from .build import apply, as_tensor_variable, cast
from .var import TensorVariable

__all__ = [
    "abs_",
    "add",
    "and_",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "bitwise_and",
    "bitwise_not",
    "bitwise_or",
    "bitwise_xor",
    "ceil",
    "clip",
    "cos",
    "cosh",
    "deg2rad",
    "eq",
    "exp",
    "exp2",
    "expm1",
    "floor",
    "ge",
    "gt",
    "int_div",
    "inv",
    "invert",
    "isinf",
    "isnan",
    "le",
    "log",
    "log1p",
    "log2",
    "log10",
    "lt",
    "maximum",
    "minimum",
    "mod",
    "mul",
    "neg",
    "neq",
    "or_",
    "pow",
    "power",
    "rad2deg",
    "sgn",
    "sigmoid",
    "sin",
    "sinh",
    "softplus",
    "sqr",
    "sqrt",
    "square",
    "sub",
    "switch",
    "tan",
    "tanh",
    "true_div",
    "where",
    "xor",
]

F = TypeVar("F", bound=Callable[..., TensorVariable])
Unary = Callable[[Any], TensorVariable]
Binary = Callable[[Any, Any], TensorVariable]


def named(function: F, op: str, name: str, doc: str) -> F:
    """A function of one operation, which nodes compare equal to: `x.owner.op == T.exp`."""
    vars(function).update(operation=op)
    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return function


def _unary(op: str, name: str, doc: str) -> Unary:
    def function(x: Any) -> TensorVariable:
        return apply(op, x)

    return named(function, op, name, doc)


def _binary(op: str, name: str, doc: str) -> Binary:
    def function(x: Any, y: Any) -> TensorVariable:
        return apply(op, x, y)

    return named(function, op, name, doc)


def _chain(op: str, name: str, doc: str) -> Callable[..., TensorVariable]:
    def function(*operands: Any) -> TensorVariable:
        if not operands:
            raise TypeError(f"{name} takes at least one operand")
        result = as_tensor_variable(operands[0])
        for operand in operands[1:]:
            result = apply(op, result, operand)
        return result

    return named(function, op, name, doc)


neg = _unary("neg", "neg", "`-x`.")
abs_ = _unary("abs", "abs_", "Absolute value; the modulus of complex numbers.")
sgn = _unary("sign", "sgn", "-1, 0 or 1.")
sqrt = _unary("sqrt", "sqrt", "Square root; nan below zero.")
exp = _unary("exp", "exp", "Exponential.")
expm1 = _unary("expm1", "expm1", "`exp(x) - 1`, precise near zero.")
log = _unary("log", "log", "Natural logarithm; -inf at zero, nan below.")
log1p = _unary("log1p", "log1p", "`log(1 + x)`, precise near zero.")
exp2 = _unary("exp2", "exp2", "`2 ** x`, a float.")
log2 = _unary("log2", "log2", "Logarithm to base 2.")
log10 = _unary("log10", "log10", "Logarithm to base 10.")
sin = _unary("sin", "sin", "Sine.")
cos = _unary("cos", "cos", "Cosine.")
tan = _unary("tan", "tan", "Tangent.")
arcsin = _unary("arcsin", "arcsin", "Inverse sine; nan outside of [-1, 1].")
arccos = _unary("arccos", "arccos", "Inverse cosine; nan outside of [-1, 1].")
arctan = _unary("arctan", "arctan", "Inverse tangent.")
arctan2 = _binary("arctan2", "arctan2", "Angle of the point whose vertical coordinate is the first operand.")
sinh = _unary("sinh", "sinh", "Hyperbolic sine.")
cosh = _unary("cosh", "cosh", "Hyperbolic cosine.")
tanh = _unary("tanh", "tanh", "Hyperbolic tangent.")
arcsinh = _unary("arcsinh", "arcsinh", "Inverse hyperbolic sine.")
arccosh = _unary("arccosh", "arccosh", "Inverse hyperbolic cosine; nan below 1.")
arctanh = _unary("arctanh", "arctanh", "Inverse hyperbolic tangent; nan outside of [-1, 1].")
sigmoid = _unary("sigmoid", "sigmoid", "`1 / (1 + exp(-x))`, without overflow.")
softplus = _unary("softplus", "softplus", "`log(1 + exp(x))`, without overflow.")
floor = _unary("floor", "floor", "Largest integer that is not above, in the operand's dtype.")
ceil = _unary("ceil", "ceil", "Smallest integer that is not below, in the operand's dtype.")
invert = _unary("invert", "invert", "Bitwise complement of ints; negation of truth values.")

add = _chain("add", "add", "Sum of the operands.")
mul = _chain("mul", "mul", "Product of the operands.")
sub = _binary("sub", "sub", "`x - y`.")
int_div = _binary("floordiv", "int_div", "`x // y`, rounded towards minus infinity.")
mod = _binary("mod", "mod", "`x % y`, with the sign of `y`.")
pow = _binary("pow", "pow", "`x ** y`; ints stay ints.")
maximum = _binary("maximum", "maximum", "The larger of two elements; nan where either is.")
minimum = _binary("minimum", "minimum", "The smaller of two elements; nan where either is.")
and_ = _binary("and", "and_", "Bitwise and; logical on truth values.")
or_ = _binary("or", "or_", "Bitwise or; logical on truth values.")
xor = _binary("xor", "xor", "Bitwise exclusive or; logical on truth values.")
eq = _binary("eq", "eq", "`x == y` element by element (the operator compares the variables themselves).")
neq = _binary("ne", "neq", "`x != y` element by element.")
lt = _binary("lt", "lt", "`x < y`.")
le = _binary("le", "le", "`x <= y`.")
gt = _binary("gt", "gt", "`x > y`.")
ge = _binary("ge", "ge", "`x >= y`.")

bitwise_and, bitwise_or, bitwise_xor, bitwise_not = and_, or_, xor, invert
power = pow


def true_div(x: Any, y: Any) -> TensorVariable:
    """`x / y`; two ints give `config.floatX`."""
    x, y = as_tensor_variable(x), as_tensor_variable(y)
    if config.floatX != "float64" and all(DTYPES[value.dtype].kind in "biu" for value in (x, y)):
        x, y = cast(x, config.floatX), cast(y, config.floatX)
    return apply("div", x, y)


def sqr(x: Any) -> TensorVariable:
    """`x * x`, in the operand's dtype."""
    x = as_tensor_variable(x)
    return apply("mul", x, x)


square = sqr


def inv(x: Any) -> TensorVariable:
    """`1 / x`."""
    return true_div(1, x)


def deg2rad(x: Any) -> TensorVariable:
    """Degrees to radians."""
    return _float(x) * _like(math.pi / 180, x)


def rad2deg(x: Any) -> TensorVariable:
    """Radians to degrees."""
    return _float(x) * _like(180 / math.pi, x)


def _float(x: Any) -> TensorVariable:
    """`x` in the dtype that `exp` of it has."""
    from phintys.ir.types import upcast_to_float

    x = as_tensor_variable(x)
    return cast(x, upcast_to_float(x.dtype))


def _like(number: float, x: Any) -> TensorVariable:
    """A number in the dtype that `exp(x)` has."""
    from .build import constant

    return constant(number, dtype=_float(x).dtype)


def isnan(x: Any) -> TensorVariable:
    """Where `x` is not a number."""
    x = as_tensor_variable(x)
    return apply("ne", x, x)


def isinf(x: Any) -> TensorVariable:
    """Where `x` is plus or minus infinity."""
    return apply("eq", abs_(x), float("inf"))


def switch(condition: Any, if_true: Any, if_false: Any) -> TensorVariable:
    """Elements of `if_true` where `condition` is not zero, of `if_false` elsewhere; all three broadcast."""
    condition = as_tensor_variable(condition)
    if condition.dtype != "bool":
        condition = neq(condition, 0)
    return apply("select", condition, if_true, if_false)


where = switch


def clip(x: Any, min: Any, max: Any) -> TensorVariable:
    """`x` with elements below `min` and above `max` replaced by these; the dtype is the promoted one of all three."""
    return minimum(maximum(x, min), max)
