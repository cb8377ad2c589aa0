"""What the user imports: types, variables, functions, shared state and gradients.

    import phintys
    import phintys.tensor as T

    x = T.dmatrix("x")
    f = phintys.function([x], 1 / (1 + T.exp(-x)))

What comes in: Python expressions. What goes out: a graph of light nodes (`ir/graph.py`), which `function` hands to the
compiler, and callable functions. First file to open: `tensor/__init__.py` for expressions, `function.py` for what
becomes of them. `types.py` and `conversion.py` say which Python values a tensor accepts, `plan.py` what the arguments
of `function` mean, `call.py` what happens around the native entry, `gradient.py` and `shared.py` what their names say,
`flags.py` and `config.py` the configuration, `printing.py`, `debugprint.py` and `names.py` how expressions read.
"""

from __future__ import annotations

from . import tensor

from . import printing, gradient  # isort: skip  (after tensor, which they use)
from .clone import clone
from .config import change_flags, config
from .errors import (
    AsTensorError,
    DisconnectedInputError,
    MissingInputError,
    NotScalarConstantError,
    NullTypeGradError,
    UnusedInputError,
)
from .function import Function, function
from .gradient import grad
from .inputs import In, Out, Param
from .printing import debugprint, pp, pprint
from .shared import shared
from .tensor import TensorConstant, TensorType, TensorVariable, Variable, as_tensor_variable, dot
from .tensor.sharedvar import TensorSharedVariable

__version__ = "0.1.0"

__all__ = [
    "AsTensorError",
    "DisconnectedInputError",
    "Function",
    "In",
    "MissingInputError",
    "NotScalarConstantError",
    "NullTypeGradError",
    "Out",
    "Param",
    "TensorConstant",
    "TensorSharedVariable",
    "TensorType",
    "TensorVariable",
    "UnusedInputError",
    "Variable",
    "as_tensor_variable",
    "change_flags",
    "clone",
    "config",
    "debugprint",
    "dot",
    "function",
    "grad",
    "gradient",
    "pp",
    "pprint",
    "printing",
    "shared",
    "tensor",
]
