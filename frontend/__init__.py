"""What the user imports: types, variables, functions, shared state and gradients.

    import phintys
    import phintys.tensor as T

    x = T.dmatrix("x")
    f = phintys.function([x], 1 / (1 + T.exp(-x)))

What comes in: Python expressions. What goes out: a graph of light nodes (`ir/graph.py`), which `function` hands to the
compiler, and callable functions. First file to open: `tensor/__init__.py` for expressions, `function.py` for what
becomes of them. `types.py` and `conversion.py` say which Python values a tensor accepts, `plan.py` what the arguments
of `function` mean, `call.py` what happens around the native entry, `gradient/` and `shared.py` what their names say,
`flags.py` and `config.py` the configuration. `printing.py`, `debugprint.py`, `drawing.py` and `names.py` say how
expressions read, `display.py` and `derivatives.py` which graph is shown; `graph_text.py` and `dump.py` are functions from
and as text. `as_theano.py`, `gof/`, `compile/`, `scalar.py` and `apply.py` are for programs that say `import theano`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import tensor

from . import printing, gradient, scalar  # isort: skip  (after tensor, which they use)
from . import compile as compile, d3viz, gof, ifelse, sparse  # isort: skip
from . import config as configparser  # isort: skip  (the module; the name `config` below is what it holds)
from .aliases import names
from .apply import Apply
from .as_theano import install_as_theano, load_ipython_extension
from .clone import clone
from .compile.ops import as_op
from .config import change_flags, config
from .conversion import asarray as _asarray  # noqa: F401  (Theano's name, which programs use)
from .dump import dump
from .errors import (
    AsTensorError,
    DisconnectedInputError,
    MissingInputError,
    NotScalarConstantError,
    NullTypeGradError,
    OutputKeyError,
    UnusedInputError,
)
from .function import Function, function
from .gradient import grad
from .graph_text import compile_file, compile_text, parse_graph
from .inputs import In, Out, Param
from .later import foldl, foldr, reduce, scan, scan_checkpoints
from .later import map as map
from .modes import Mode
from .op import Op
from .printing import debugprint, pp, pprint
from .profiling import ProfileStats
from .shared import shared
from .tensor import TensorConstant, TensorType, TensorVariable, Variable, as_tensor_variable, dot
from .tensor.sharedvar import TensorSharedVariable
from .updates import OrderedUpdates
from .viewing import view

__version__ = "0.1.0"

# `from phintys import *` leaves the built-in `map` and `compile` alone.
__all__ = [
    "Apply",
    "AsTensorError",
    "DisconnectedInputError",
    "Function",
    "In",
    "MissingInputError",
    "Mode",
    "NotScalarConstantError",
    "NullTypeGradError",
    "Op",
    "OrderedUpdates",
    "Out",
    "OutputKeyError",
    "Param",
    "ProfileStats",
    "TensorConstant",
    "TensorSharedVariable",
    "TensorType",
    "TensorVariable",
    "UnusedInputError",
    "Variable",
    "as_op",
    "as_tensor_variable",
    "change_flags",
    "clone",
    "compile_file",
    "compile_text",
    "config",
    "configparser",
    "d3viz",
    "debugprint",
    "dot",
    "dump",
    "foldl",
    "foldr",
    "function",
    "gof",
    "grad",
    "gradient",
    "ifelse",
    "install_as_theano",
    "load_ipython_extension",
    "parse_graph",
    "pp",
    "pprint",
    "printing",
    "reduce",
    "scalar",
    "scan",
    "scan_checkpoints",
    "shared",
    "sparse",
    "tensor",
    "view",
]

if not TYPE_CHECKING:  # a checker should find mistaken names
    __getattr__ = names(__name__)
