"""What programs use of `theano.compile`: functions, modes, shared variables, by the names they have there."""

from __future__ import annotations

from ..aliases import names
from ..errors import UnusedInputError
from ..function import Function, FunctionGraph, Maker, function
from ..inputs import In, Out, Param
from ..modes import (
    FAST_COMPILE,
    FAST_RUN,
    DebugMode,
    Mode,
    NanGuardMode,
    get_default_mode,
    get_mode,
    predefined_modes,
    register_mode,
)
from ..profiling import ProfileStats
from ..shared import shared
from ..tensor.sharedvar import TensorSharedVariable as SharedVariable
from . import debugmode, mode, nanguardmode, ops, sharedvalue
from .ops import FromFunctionOp, as_op

FunctionMaker = Maker
SymbolicInput, SymbolicOutput = In, Out

__all__ = [
    "FAST_COMPILE",
    "FAST_RUN",
    "DebugMode",
    "FromFunctionOp",
    "Function",
    "FunctionGraph",
    "FunctionMaker",
    "In",
    "Mode",
    "NanGuardMode",
    "Out",
    "Param",
    "ProfileStats",
    "SharedVariable",
    "SymbolicInput",
    "SymbolicOutput",
    "UnusedInputError",
    "as_op",
    "debugmode",
    "function",
    "get_default_mode",
    "get_mode",
    "mode",
    "nanguardmode",
    "ops",
    "predefined_modes",
    "register_mode",
    "shared",
    "sharedvalue",
]

__getattr__ = names(__name__)
