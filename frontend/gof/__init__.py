"""What programs use of `theano.gof`: names for the parts of a graph, and walks over it (`graph.py`)."""

from __future__ import annotations

from ..aliases import names
from ..apply import Apply
from ..errors import MissingInputError
from ..function import FunctionGraph
from ..op import Op
from ..tensor.var import TensorConstant as Constant
from ..types import TensorType as Type
from ..variable import Variable
from . import graph, op
from .graph import ancestors, inputs, io_toposort, is_same_graph

__all__ = [
    "Apply",
    "Constant",
    "FunctionGraph",
    "MissingInputError",
    "Op",
    "Type",
    "Variable",
    "ancestors",
    "graph",
    "inputs",
    "io_toposort",
    "is_same_graph",
    "op",
]

__getattr__ = names(__name__)
