"""Names and modules of Theano's that have no counterpart here, each with what to use instead.

What programs call is there and refuses when it is called, so that a program that imports it and never calls it runs. What
programs ask for first (a GPU's module, a constant) is not there, and the error says why.
"""

from __future__ import annotations

import sys
from functools import cache
from types import ModuleType
from typing import Any

from .later import CONVOLUTION, later

_OWN = "write an operation of your own around NumPy or SciPy (phintys.as_op, phintys.Op)"
_FFT = "write an operation of your own around numpy.fft (phintys.as_op, phintys.Op)"
_WINDOWS = "index with arrays: x[rows, columns] takes overlapping windows"
_BUILDER = "write a Python function that returns expressions, and call it"
_LOAD = "read the array in Python (numpy.load) and give it to the function, or keep it in a shared variable"
_MPI = "exchange arrays between calls of functions, in Python"
_SUBGRAPH = "call phintys.grad with known_grads, with respect to the variables at the border"
_LISTS = "variables are tensors: T.stack makes one of several of one shape, a Python list holds several of any shape"
_LINKER = "how functions run is said by names: Mode(linker='cvm', optimizer='fast_run')"
_REWRITE = "rewrites are passes: phintys.passes.plugins.register_pass adds one"
_PICKLE = "use the pickle module: functions and shared variables are pickled like other objects"
_GPU = "GPUs are chosen by config.device = 'cuda' or function(..., target='cuda')"
_NONE = "write None"

# Our module -> names that programs call, and what to use instead.
CALLED: dict[str, dict[str, str]] = {
    "phintys": {
        **dict.fromkeys(("CLinker", "DualLinker", "LocalLinker", "OpWiseCLinker", "PerformLinker"), _LINKER),
        "OpFromGraph": _BUILDER,
        "OpenMPOp": _OWN,
        "function_dump": "pickle the function, or keep the text that function.graph() returns",
        "sparse_grad": "gradients of x[i] are dense: leave it away",
        "subgraph_grad": _SUBGRAPH,
        "test": "the tests stand beside the sources: python -m pytest",
    },
    "phintys.tensor": {
        **dict.fromkeys(("load", "LoadFromDisk"), _LOAD),
        **dict.fromkeys(("MPIRecv", "MPIRecvWait", "MPISend", "MPISendWait", "irecv", "isend", "recv", "send"), _MPI),
        **dict.fromkeys(("MakeSlice", "SliceType", "make_slice", "slicetype"), "write x[start:stop:step]"),
        "register_transfer": _GPU,
    },
    "phintys.tensor.nnet": dict.fromkeys(
        ("ConvOp", "abstract_conv2d", "conv2d_grad_wrt_inputs", "conv2d_transpose", "conv3d", "separable_conv2d"), CONVOLUTION
    ),
    "phintys.tensor.signal": dict.fromkeys(
        ("AveragePoolGrad", "MaxPoolGrad", "Pool", "PoolGrad", "max_pool_2d_same_size"), CONVOLUTION
    ),
    "phintys.gradient": {
        "subgraph_grad": _SUBGRAPH,
        "undefined_grad": "disconnected_grad and zero_grad stop a gradient; an operation of your own returns T.grad_undefined",
    },
    "phintys.compile": {"OpFromGraph": _BUILDER, "MonitorMode": "mode='nan_guard' and mode='debug' watch what is computed"},
    "phintys.compile.mode": dict.fromkeys(("AddDestroyHandler", "register_linker", "register_optimizer"), _REWRITE),
}

# Modules whose functions refuse, under Theano's names.
MODULES: dict[str, str] = {
    **dict.fromkeys(("theano.tensor.fft", "theano.tensor.fourier"), _FFT),
    **dict.fromkeys(("theano.tensor.nnet.neighbours", "theano.sandbox.neighbours"), _WINDOWS),
    **dict.fromkeys(("theano.tensor.nnet.abstract_conv", "theano.tensor.nnet.corr", "theano.tensor.nnet.Conv3D"), CONVOLUTION),
    "theano.tensor.io": _LOAD,
    "theano.tensor.nnet.blocksparse": "there are no sparse matrices in this version: gather the blocks, and use T.batched_dot",
    "theano.tensor.nnet.ctc": _OWN,
    "theano.compile.builders": _BUILDER,
    "theano.compile.monitormode": "mode='nan_guard' and mode='debug' watch what is computed",
    "theano.gof.opt": _REWRITE,
    "theano.typed_list": _LISTS,
    "theano.misc": "it holds scripts and helpers of Theano's own",
    "theano.misc.pkl_utils": _PICKLE,
    "theano.tests": "the tests stand beside the sources: python -m pytest",
    "theano.tests.breakpoint": "phintys.printing.Print shows a value while a function runs; mode='debug' compares each pass",
}

# What is not there, and why: modules and constants that programs ask for before they use anything else.
REFUSED: dict[str, str] = {
    **dict.fromkeys(("theano.gpuarray", "theano.sandbox.cuda", "theano.sandbox.gpuarray"), _GPU),
    **dict.fromkeys(("theano.tensor.NoneConst", "theano.tensor.NoneTypeT", "theano.tensor.none_type_t"), _NONE),
    **dict.fromkeys(("theano.Generic", "theano.generic", "theano.tensor.Generic"), "variables are tensors"),
    **dict.fromkeys(("theano.compile.optdb", "theano.compile.mode.optdb", "theano.gof.optdb"), _REWRITE),
}


class Absent(ModuleType):
    """A module of Theano's whose functions are not available: whatever it is asked for refuses when it is called."""

    def __init__(self, name: str) -> None:
        super().__init__(name, f"Not available yet: {MODULES[name]}.")
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        below = f"{self.__name__}.{name}"
        return module(below) if below in MODULES else later(below, MODULES[self.__name__])


@cache
def module(name: str) -> Absent:
    """The module of that name of Theano's. KeyError when it is none of `MODULES`."""
    return Absent(name)


def reason(name: str) -> str:
    """`: there is ...` for the name of something of Theano's that is not here, empty if nothing is known of it."""
    found = REFUSED.get(name)
    return f": {found}" if found else ""


def find(home: str, name: str) -> Any:
    """What our module answers for a name that only Theano's has. AttributeError, with the reason if there is a known one."""
    theirs = f"theano{home.removeprefix('phintys')}.{name}"
    if name in CALLED.get(home, {}):
        return later(theirs, CALLED[home][name])
    if theirs in MODULES:
        return module(theirs)
    message = f"module {home!r} has no attribute {name!r}{reason(theirs)}"
    raise AttributeError(message, name=name, obj=sys.modules.get(home))  # Python asks "Did you mean" with these
