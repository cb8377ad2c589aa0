"""What variables and operations are called in messages and prints: Theano's words, as its users know them."""

from __future__ import annotations

from typing import Any

import numpy as np

from phintys.ir.graph import Node, Value
from phintys.ir.ops import OPS

# Theano's name of an elementwise operation, where it is not ours.
SCALARS = {
    "abs": "abs_",
    "sign": "sgn",
    "div": "true_div",
    "floordiv": "int_div",
    "and": "and_",
    "or": "or_",
    "ne": "neq",
    "select": "switch",
    "round": "round_half_to_even",
    "round_half_away": "round_half_away_from_zero",
}
# Theano writes these between their operands, and all others as functions.
SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "floordiv": "//", "pow": "**", "dot": "\\dot"}
REDUCTIONS = {"sum": "Sum", "prod": "Prod", "max": "max", "min": "min", "all": "All", "any": "Any", "argmax": "Argmax"}
OTHERS = {
    "random_uniform": "RandomFunction{uniform}",
    "random_normal": "RandomFunction{normal}",
    "softmax": "Softmax",
    "log_softmax": "LogSoftmax",
    "make_vector": "MakeVector",
    "alloc": "Alloc",
    "reshape": "Reshape",
    "concatenate": "Join",
    "arange": "ARange",
    "gather": "AdvancedSubtensor",
    "scatter_add": "AdvancedIncSubtensor",
    "scatter_set": "AdvancedSetSubtensor",
    "cumsum": "CumOp{add}",
    "cumprod": "CumOp{mul}",
    "sort": "SortOp",
    "argsort": "ArgSortOp",
    "searchsorted": "SearchsortedOp",
    "nonzero": "Nonzero",
    "batched_dot": "BatchedDot",
    "inc_subtensor": "IncSubtensor",
    "set_subtensor": "IncSubtensor",
    "subtensor": "Subtensor",
}

# Functions of matrices, by the names that Theano's objects print.
LINALG = {
    "cholesky": "Cholesky",
    "det": "Det",
    "eig": "Eig",
    "eigh": "Eigh",
    "expm": "Expm",
    "matrix_inverse": "MatrixInverse",
    "pinv": "MatrixPinv",
    "qr": "QRFull",
    "solve": "Solve",
    "solve_triangular": "Solve",
    "svd": "SVD",
    "svdvals": "SVD",
}

# Operations whose Theano object had a name of its own, without `Elemwise` around it, and those that only prints have.
OWN_NAMES = {"sigmoid": "sigmoid", "softplus": "softplus", "softmax_grad": "SoftmaxGrad"}
SHOWN = {"fill": "second", "sqr": "sqr"}


def _axes(node: Node) -> str:
    """`Sum{axis=[1], acc_dtype=float64}`, `max{axis=[0]}`."""
    axes = tuple(node.attrs["axes"])
    name = REDUCTIONS.get(node.op, node.op)
    parts = [] if len(axes) == node.inputs[0].type.ndim else [f"axis={list(axes)}"]
    if node.op in ("sum", "prod"):
        dtype = node.results[0].type.dtype
        parts.append(f"acc_dtype={'float64' if dtype == 'float32' else dtype}")
    return f"{name}{{{', '.join(parts)}}}" if parts else name


def own_op(node: Node) -> Any:
    """The program's own `Op` that a node applies, `None` for an operation of our table."""
    function = node.attrs.get("function") if node.op == "host" else None
    return getattr(getattr(function, "callable", None), "op", None)


def op_text(node: Node) -> str:
    """An operation with its parameters: `Elemwise{add,no_inplace}`, `Sum{axis=[1]}`, `InplaceDimShuffle{x,0}`."""
    op, attrs = node.op, node.attrs
    if op == "host":
        own = own_op(node)
        name = str(attrs["function"])
        drawn = f"RandomFunction{{{name.removeprefix('random_')}}}" if name.startswith("random_") else LINALG.get(name, name)
        return drawn if own is None else str(own)
    if op == "cast":
        return f"Elemwise{{Cast{{{attrs['dtype']}}}}}"
    if op in OWN_NAMES:
        return OWN_NAMES[op]
    if op in SHOWN:
        return f"Elemwise{{{SHOWN[op]},no_inplace}}"
    if op not in OPS:
        return op
    if OPS[op].family == "elementwise":
        return f"Elemwise{{{SCALARS.get(op, op)},no_inplace}}"
    if OPS[op].family == "reduction":
        return _axes(node)
    if op == "dimshuffle":
        return "InplaceDimShuffle{" + ",".join("x" if axis == -1 else str(axis) for axis in attrs["order"]) + "}"
    if op == "dim":
        return f"Shape_i{{{attrs['axis']}}}"
    if op in ("subtensor", "set_subtensor", "inc_subtensor"):
        prefix = {"set_subtensor": "Set;", "inc_subtensor": "Inc;"}.get(op, "")
        return f"{OTHERS[op]}{{{prefix}{attrs['index']}}}"
    if op in ("gather", "scatter_add", "scatter_set"):
        index = node.inputs[1:] if op == "gather" else node.inputs[2:]
        return OTHERS[op] + ("1" if len(index) == 1 and index[0].type.ndim == 1 else "")
    return OTHERS.get(op, op)


GREEK = {name: f"\\{name}" for name in ("alpha", "beta", "gamma", "delta", "epsilon")}


def constant_text(data: np.ndarray[Any, Any]) -> str:
    """`TensorConstant{2.0}`, `TensorConstant{(2, 3) of 1.0}`, long ones shortened in the middle."""
    flat = data.ravel()
    uniform = data.ndim and data.size and (flat == flat[0]).all()
    text = f"{data.shape} of {flat[0]}" if uniform else str(data)
    return f"TensorConstant{{{text if len(text) <= 20 else text[:10] + '..' + text[-10:]}}}"


def value_text(value: Value) -> str:
    """A value's name; of an unnamed one its constant, its type in angle brackets, or operation and result number."""
    if value.name:
        return value.name
    if value.node is None:
        return f"<{value.type}>"
    if value.node.op == "constant":
        return constant_text(value.data)
    return f"{op_text(value.node)}.{value.index}"


def node_text(node: Node) -> str:
    """An operation applied: `Elemwise{add,no_inplace}(a, b)`."""
    return f"{op_text(node)}({', '.join(map(value_text, node.inputs))})"
