"""Tensor constructors and operators, imported as `import phintys.tensor as T`.

What comes in: Python numbers, arrays and variables. What goes out: variables, each the result of a node of the
expression graph (`ir/graph.py`). Start with `var.py` (what a variable is), `build.py` (how nodes are made), then
`elementwise.py`, `reduction.py`, `shaping.py`, `indexing.py`, `linalg.py`, `nnet.py`: the functions by family.
`constructors.py` makes inputs.
"""

from __future__ import annotations

from ..aliases import names
from ..errors import with_keywords
from ..types import TensorType
from ..variable import Variable

from .var import TensorConstant, TensorVariable  # isort: skip  (first: the others need it)
from . import extra_ops, nlinalg, nnet, slinalg
from .arranging import *  # noqa: F403  (their `__all__`)
from .arranging import __all__ as _arranging
from .assignment import *  # noqa: F403
from .assignment import __all__ as _assignment
from .build import *  # noqa: F403
from .build import __all__ as _build
from .complex_numbers import *  # noqa: F403
from .complex_numbers import __all__ as _complex_numbers
from .constructors import CONSTRUCTORS, SEVERAL, TYPES, tensor
from .diagonals import *  # noqa: F403
from .diagonals import __all__ as _diagonals
from .elementwise import *  # noqa: F403
from .elementwise import __all__ as _elementwise
from .extra_ops import *  # noqa: F403
from .extra_ops import __all__ as _extra_ops
from .facts import *  # noqa: F403
from .facts import __all__ as _facts
from .filling import *  # noqa: F403
from .filling import __all__ as _filling
from .indexing import *  # noqa: F403
from .indexing import __all__ as _indexing
from .joining import *  # noqa: F403
from .joining import __all__ as _joining
from .linalg import *  # noqa: F403
from .linalg import __all__ as _linalg
from .products import *  # noqa: F403
from .products import __all__ as _products
from .reduction import *  # noqa: F403
from .reduction import __all__ as _reduction
from .shaping import *  # noqa: F403
from .shaping import __all__ as _shaping
from .sort import *  # noqa: F403
from .sort import __all__ as _sort
from .special import *  # noqa: F403
from .special import __all__ as _special

from ..gradient import (  # isort: skip  (it uses what stands above)
    Lop,
    Rop,
    consider_constant,
    grad,
    grad_not_implemented,
    grad_undefined,
    hessian,
    jacobian,
    numeric_grad,
    verify_grad,
)

as_tensor = as_tensor_variable  # noqa: F405
globals().update(TYPES | CONSTRUCTORS | SEVERAL)

__getattr__ = names(__name__)  # what few programs need: `T.shared_randomstreams`, `T.Elemwise`

__all__ = [
    "Lop",
    "Rop",
    "TensorConstant",
    "TensorType",
    "TensorVariable",
    "Variable",
    "as_tensor",
    "consider_constant",
    "extra_ops",
    "grad",
    "grad_not_implemented",
    "grad_undefined",
    "hessian",
    "jacobian",
    "nlinalg",
    "nnet",
    "numeric_grad",
    "slinalg",
    "tensor",
    "verify_grad",
]
__all__ += [*TYPES, *CONSTRUCTORS, *SEVERAL]
__all__ += [
    *_arranging,
    *_assignment,
    *_build,
    *_complex_numbers,
    *_diagonals,
    *_elementwise,
    *_extra_ops,
    *_facts,
    *_filling,
    *_indexing,
    *_joining,
    *_linalg,
    *_products,
    *_reduction,
    *_shaping,
    *_sort,
    *_special,
]

with_keywords(globals(), __all__)
for _module in (extra_ops, nlinalg, slinalg):
    with_keywords(vars(_module), _module.__all__)
