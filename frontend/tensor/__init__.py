"""Tensor constructors and operators, imported as `import phintys.tensor as T`.

What comes in: Python numbers, arrays and variables. What goes out: variables, each the result of a node of the expression
graph (`ir/graph.py`). Start with `var.py` (what a variable is), `build.py` (how nodes are made), then `elementwise.py`,
`reduction.py`, `shaping.py`, `indexing.py`, `linalg.py`, `nnet.py`: the functions by family. `constructors.py` makes inputs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..types import TensorType

from .var import TensorConstant, TensorVariable, Variable  # isort: skip  (first: the others need it)
from . import nnet
from .build import (
    as_tensor_variable,
    cast,
    constant,
    get_scalar_constant_value,
)
from .constructors import CONSTRUCTORS, SEVERAL, TYPES, tensor
from .elementwise import (
    abs_,
    add,
    and_,
    arctan,
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
from .filling import alloc, arange, fill, ones, ones_like, repeat, zeros, zeros_like
from .indexing import inc_subtensor, index, set_subtensor, take
from .joining import concatenate, horizontal_stack, join, stack, stacklists, vertical_stack
from .linalg import dot, outer, tensordot
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

from ..gradient import grad  # isort: skip  (it uses what stands above)

as_tensor = as_tensor_variable
globals().update(TYPES)
globals().update(CONSTRUCTORS)
globals().update(SEVERAL)

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...
