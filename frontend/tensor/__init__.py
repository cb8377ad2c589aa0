"""Tensor constructors and operators, imported as `import phintys.tensor as T`.

What comes in: Python numbers, arrays and variables. What goes out: variables, each the result of a node of the
expression graph (`ir/graph.py`). Start with `var.py` (what a variable is), `build.py` (how nodes are made), then
`elementwise.py`, `reduction.py`, `shaping.py`, `indexing.py`, `linalg.py`, `nnet.py`: the functions by family.
`constructors.py` makes inputs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..types import TensorType
from ..variable import Variable

from .var import TensorConstant, TensorVariable  # isort: skip  (first: the others need it)
from . import extra_ops, nnet
from .arranging import *  # noqa: F403  (their `__all__`)
from .arranging import __all__ as _arranging
from .assignment import flatnonzero, inc_subtensor, nonzero, nonzero_values, set_subtensor
from .build import (
    as_tensor_variable,
    cast,
    constant,
    get_scalar_constant_value,
)
from .constructors import CONSTRUCTORS, SEVERAL, TYPES, tensor
from .diagonals import *  # noqa: F403
from .diagonals import __all__ as _diagonals
from .elementwise import (
    abs_,
    add,
    and_,
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctan2,
    arctanh,
    bitwise_and,
    bitwise_not,
    bitwise_or,
    bitwise_xor,
    ceil,
    clip,
    cos,
    cosh,
    deg2rad,
    eq,
    exp,
    exp2,
    expm1,
    floor,
    ge,
    gt,
    int_div,
    inv,
    invert,
    isinf,
    isnan,
    le,
    log,
    log1p,
    log2,
    log10,
    lt,
    maximum,
    minimum,
    mod,
    mul,
    neg,
    neq,
    or_,
    pow,
    power,
    rad2deg,
    sgn,
    sigmoid,
    sin,
    sinh,
    softplus,
    sqr,
    sqrt,
    square,
    sub,
    switch,
    tan,
    tanh,
    true_div,
    where,
    xor,
)
from .extra_ops import *  # noqa: F403
from .extra_ops import __all__ as _extra_ops
from .filling import alloc, arange, fill, ones, ones_like, repeat, zeros, zeros_like
from .indexing import index, take
from .joining import concatenate, horizontal_stack, join, stack, stacklists, vertical_stack
from .linalg import dot, outer, tensordot
from .products import *  # noqa: F403
from .products import __all__ as _products
from .reduction import (
    all,
    any,
    argmax,
    argmin,
    max,
    max_and_argmax,
    mean,
    min,
    norm,
    prod,
    ptp,
    std,
    sum,
    var,
)
from .shaping import (
    addbroadcast,
    dimshuffle,
    flatten,
    patternbroadcast,
    reshape,
    shape,
    shape_padaxis,
    shape_padleft,
    shape_padright,
    size,
    squeeze,
    swapaxes,
    tensor_copy,
    transpose,
    unbroadcast,
)
from .sort import *  # noqa: F403
from .sort import __all__ as _sort
from .special import *  # noqa: F403
from .special import __all__ as _special

from ..gradient import (  # isort: skip  (it uses what stands above)
    Lop,
    Rop,
    consider_constant,
    grad,
    hessian,
    jacobian,
    numeric_grad,
    verify_grad,
)

as_tensor = as_tensor_variable
globals().update(TYPES | CONSTRUCTORS | SEVERAL)

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...


__all__ = [
    "Lop",
    "Rop",
    "TensorConstant",
    "TensorType",
    "TensorVariable",
    "Variable",
    "abs_",
    "add",
    "addbroadcast",
    "all",
    "alloc",
    "and_",
    "any",
    "arange",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "argmax",
    "argmin",
    "as_tensor",
    "as_tensor_variable",
    "bitwise_and",
    "bitwise_not",
    "bitwise_or",
    "bitwise_xor",
    "cast",
    "ceil",
    "clip",
    "concatenate",
    "consider_constant",
    "constant",
    "cos",
    "cosh",
    "deg2rad",
    "dimshuffle",
    "dot",
    "eq",
    "exp",
    "exp2",
    "expm1",
    "extra_ops",
    "fill",
    "flatnonzero",
    "flatten",
    "floor",
    "ge",
    "get_scalar_constant_value",
    "grad",
    "gt",
    "hessian",
    "horizontal_stack",
    "inc_subtensor",
    "index",
    "int_div",
    "inv",
    "invert",
    "isinf",
    "isnan",
    "jacobian",
    "join",
    "le",
    "log",
    "log1p",
    "log2",
    "log10",
    "lt",
    "max",
    "max_and_argmax",
    "maximum",
    "mean",
    "min",
    "minimum",
    "mod",
    "mul",
    "neg",
    "neq",
    "nnet",
    "nonzero",
    "nonzero_values",
    "norm",
    "numeric_grad",
    "ones",
    "ones_like",
    "or_",
    "outer",
    "patternbroadcast",
    "pow",
    "power",
    "prod",
    "ptp",
    "rad2deg",
    "repeat",
    "reshape",
    "set_subtensor",
    "sgn",
    "shape",
    "shape_padaxis",
    "shape_padleft",
    "shape_padright",
    "sigmoid",
    "sin",
    "sinh",
    "size",
    "softplus",
    "sqr",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "stacklists",
    "std",
    "sub",
    "sum",
    "swapaxes",
    "switch",
    "take",
    "tan",
    "tanh",
    "tensor",
    "tensor_copy",
    "tensordot",
    "transpose",
    "true_div",
    "unbroadcast",
    "var",
    "verify_grad",
    "vertical_stack",
    "where",
    "xor",
    "zeros",
    "zeros_like",
]
__all__ += [*TYPES, *CONSTRUCTORS, *SEVERAL]
__all__ += [*_arranging, *_diagonals, *_extra_ops, *_products, *_sort, *_special]
