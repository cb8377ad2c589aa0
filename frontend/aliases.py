"""Names that Theano's modules have from elsewhere, and older names: where each is to be found.

Programs write `theano.tensor.Op`, `theano.gradient.GradClip` or `T.nnet.softmax_op`. They are looked up when asked for, so that
nobody pays for them: a module ends in `__getattr__ = names(__name__)`, which knows the classes of operations too.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

_OPS = {"Apply": "gof:Apply", "Op": "gof:Op", "Variable": "gof:Variable"}
_NULL = {"DisconnectedType": "gradient:DisconnectedType", "NullType": "gradient:NullType"}
_SHARED = {"SharedVariable": "tensor.sharedvar:TensorSharedVariable", "shared": "shared:shared"}

ALIASES: dict[str, dict[str, str]] = {
    "phintys": {
        "sandbox": "sandbox:",
        "Constant": "gof:Constant",
        "Container": "tensor.sharedvar:Container",
        "FunctionGraph": "function:FunctionGraph",
        "FunctionMaker": "compile:FunctionMaker",
        "Lop": "gradient:Lop",
        "Rop": "gradient:Rop",
        "SymbolicInput": "inputs:In",
        "SymbolicOutput": "inputs:Out",
        "Type": "gof:Type",
        "get_scalar_constant_value": "tensor:get_scalar_constant_value",
        "predefined_linkers": "modes:LINKERS",
        "predefined_modes": "modes:predefined_modes",
        "predefined_optimizers": "modes:OPTIMIZERS",
    },
    "phintys.tensor": {
        **_OPS,
        **_NULL,
        "AsTensorError": "errors:AsTensorError",
        "Constant": "gof:Constant",
        "NotScalarConstantError": "errors:NotScalarConstantError",
        "Tensor": "types:TensorType",
        "Type": "gof:Type",
        "advanced_boolean_inc_subtensor": "tensor:advanced_inc_subtensor",
        "advanced_boolean_set_subtensor": "tensor:advanced_set_subtensor",
        "advanced_boolean_subtensor": "tensor:advanced_subtensor",
        "config": "config:config",
        "elemwise": "operations:",
        "join_": "tensor:join",
        "min_informative_str": "printing:min_informative_str",
        "pprint": "printing:pprint",
        **{name: f"tensor.{name}:" for name in ("inplace", "raw_random", "shared_randomstreams", "signal", "xlogx")},
    },
    "phintys.tensor.signal": {name: "tensor.signal:" for name in ("conv", "downsample", "pool")},
    "phintys.tensor.nnet": {
        "logsoftmax_op": "tensor.nnet:logsoftmax",
        "scalar_sigmoid": "tensor.nnet.sigm:scalar_sigmoid",
        "sigmoid_inplace": "tensor.nnet:sigmoid",
        "softmax_op": "tensor.nnet:softmax",
    },
    "phintys.tensor.extra_ops": {
        **_NULL,
        "bartlett_": "tensor.extra_ops:bartlett",
        "cpu_contiguous": "tensor:tensor_copy",
        "fill_diagonal_": "tensor:fill_diagonal",
        "fill_diagonal_offset_": "tensor:fill_diagonal_offset",
    },
    "phintys.tensor.nlinalg": {**_OPS, **_NULL},
    "phintys.tensor.slinalg": _OPS,
    "phintys.tensor.sort": {"grad_undefined": "gradient:grad_undefined", "set_subtensor": "tensor:set_subtensor"},
    "phintys.tensor.raw_random": _OPS,
    "phintys.tensor.shared_randomstreams": _SHARED,
    "phintys.later": {"clone": "clone:clone"},
    "phintys.gradient": {
        "DebugMode": "modes:DebugMode",
        "FAST_RUN": "modes:FAST_RUN",
        "Variable": "gof:Variable",
        "consider_constant_": "gradient:consider_constant",
        "disconnected_grad_": "gradient:disconnected_grad",
        "get_debug_values": "gof.op:get_debug_values",
        "get_mode": "modes:get_mode",
        "tensor": "tensor:",
        "zero_grad_": "gradient:zero_grad",
    },
    "phintys.printing": {**_OPS, "SharedVariable": _SHARED["SharedVariable"], "config": "config:config"},
    "phintys.compile": {"profiling": "profiling:"},
    "phintys.compile.mode": {
        "config": "config:config",
        "predefined_linkers": "modes:LINKERS",
        "predefined_optimizers": "modes:OPTIMIZERS",
    },
    "phintys.sandbox": {"linalg": "sandbox.linalg:", "rng_mrg": "sandbox.rng_mrg:"},
    "phintys.sandbox.rng_mrg": {
        **_OPS,
        "function": "function:function",
        "get_vector_length": "tensor:get_vector_length",
        "shared": "shared:shared",
        "undefined_grad": "gradient:grad_undefined",
    },
}


def names(module: str) -> Callable[[str], Any]:
    """What a module answers when it is asked for a name that it does not define."""

    def find(name: str) -> Any:
        place = ALIASES.get(module, {}).get(name)
        if place is not None:
            home, _, attribute = place.partition(":")
            found = import_module(f"phintys.{home}")
            return getattr(found, attribute) if attribute else found
        if name.startswith("_"):  # the import system asks for __path__
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        from .absent import find as find_absent
        from .operations import named_class

        return named_class(name) or find_absent(module, name)

    return find
