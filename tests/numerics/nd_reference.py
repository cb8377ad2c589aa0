"""What `nd` functions mean, in NumPy: `evaluate(module, *arrays)` computes one, `function(...)` builds one from Python.

One row for each operation, `(attrs, *operands) -> array`. Every result is checked against its static type, and a
dimension that is not known to be 1 must not broadcast: a rewrite that gets a type or a shape wrong fails here.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from xdsl.dialects.builtin import FunctionType, ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Operation, Region, SSAValue

from phintys.dialects.convert import from_xdsl, to_xdsl
from phintys.dialects.nd import NdOp
from phintys.ir.subscript import parse_index
from phintys.ir.types import TensorType, accumulator_dtype, parse_type
from phintys.passes.nd_builder import Builder, Term
from phintys.passes.numpy_rows import ELEMENTWISE, cast

Array = np.ndarray[Any, Any]
Attrs = dict[str, Any]
Row = Callable[..., Any]


def _reduced_last(x: Array, axes: Sequence[int]) -> Array:
    """`x` with the reduced axes flattened into the last one."""
    kept = [axis for axis in range(x.ndim) if axis not in axes]
    return x.transpose([*kept, *axes]).reshape([x.shape[axis] for axis in kept] + [-1])


def _accumulate(ufunc: Any) -> Row:
    return lambda attrs, x: ufunc.reduce(x, axis=attrs["axes"], dtype=accumulator_dtype(str(x.dtype)))


def _softmax(attrs: Attrs, x: Array) -> Array:
    e = np.exp(x - x.max(attrs["axis"], keepdims=True))
    return e / e.sum(attrs["axis"], keepdims=True)


def _log_softmax(attrs: Attrs, x: Array) -> Array:
    d = x - x.max(attrs["axis"], keepdims=True)
    return d - np.log(np.exp(d).sum(attrs["axis"], keepdims=True))


def _sizes(attrs: Attrs, dims: Sequence[Array]) -> list[int]:
    given = iter(dims)
    return [int(next(given)) if size is None else size for size in attrs["sizes"]]


def _dimshuffle(attrs: Attrs, x: Array) -> Array:
    order = attrs["order"]
    kept = [axis for axis in order if axis != -1]
    dropped = [axis for axis in range(x.ndim) if axis not in kept]
    sizes = [1 if axis == -1 else x.shape[axis] for axis in order]
    return x.transpose(kept + dropped).reshape(sizes)


def _index(text: str, operands: Sequence[Array]) -> tuple[Any, ...]:
    given = iter(operands)

    def bound(value: Any) -> Any:
        return int(next(given)) if value == "?" else value

    result: list[Any] = []
    for entry in parse_index(text):
        start, stop, step = bound(entry.start), bound(entry.stop), bound(entry.step)
        result.append(slice(start, stop, step) if entry.is_slice else start)
    return tuple(result)


def _set_subtensor(attrs: Attrs, x: Array, y: Array, *index: Array) -> Array:
    result = x.copy()
    result[_index(attrs["index"], index)] = y
    return result


def _inc_subtensor(attrs: Attrs, x: Array, y: Array, *index: Array) -> Array:
    result = x.copy()
    result[_index(attrs["index"], index)] += y
    return result


def _specify_shape(attrs: Attrs, x: Array, *dims: Array) -> Array:
    if any(size not in (-1, have) for size, have in zip(_sizes(attrs, dims), x.shape, strict=True)):
        raise ValueError(f"shape {x.shape} is not {_sizes(attrs, dims)}")
    return x


def _parts(z: Array) -> Array:
    return np.stack([z.real, z.imag], -1)


def _nonzero(attrs: Attrs, x: Array, *sizes: Array) -> Array:
    if sizes and x.shape != tuple(map(int, sizes)):
        raise IndexError(f"truth values of shape {x.shape} for {sizes}")
    return np.flatnonzero(x)


def _scatter_set(attrs: Attrs, x: Array, y: Array, *index: Array) -> Array:
    result = x.copy()
    result[index] = y
    return result


def _scatter_add(attrs: Attrs, x: Array, y: Array, *index: Array) -> Array:
    result = x.copy()
    np.add.at(result, index, y)
    return result


ROWS: dict[str, Row] = {
    **{name: lambda attrs, *xs, f=row: f(*xs) for name, row in ELEMENTWISE.items()},
    "cast": lambda attrs, x: cast(x, attrs["dtype"]),
    "sum": _accumulate(np.add),
    "prod": _accumulate(np.multiply),
    "max": lambda attrs, x: x.max(attrs["axes"]),
    "min": lambda attrs, x: x.min(attrs["axes"]),
    "all": lambda attrs, x: x.all(attrs["axes"]),
    "any": lambda attrs, x: x.any(attrs["axes"]),
    "argmax": lambda attrs, x: _reduced_last(x, attrs["axes"]).argmax(-1),
    "argmin": lambda attrs, x: _reduced_last(x, attrs["axes"]).argmin(-1),
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "dot": lambda attrs, x, y: np.dot(x, y),
    "gemm": lambda attrs, c, alpha, x, y, beta: beta * c + alpha * np.dot(x, y),
    "constant": lambda attrs: attrs["value"],
    "dim": lambda attrs, x: np.int64(x.shape[attrs["axis"]]),
    "make_vector": lambda attrs, *xs: np.array(xs, np.result_type(*xs)),
    "arange": lambda attrs, start, stop, step: np.arange(
        start, stop, step, dtype=attrs["dtype"] or np.result_type(np.int8, start, stop, step)
    ),
    "alloc": lambda attrs, x, *dims: np.broadcast_to(x, _sizes(attrs, dims)),
    "reshape": lambda attrs, x, *dims: x.reshape(_sizes(attrs, dims)),
    "dimshuffle": _dimshuffle,
    "concatenate": lambda attrs, *xs: np.concatenate(xs, axis=attrs["axis"]),
    "subtensor": lambda attrs, x, *index: x[_index(attrs["index"], index)],
    "set_subtensor": _set_subtensor,
    "inc_subtensor": _inc_subtensor,
    "gather": lambda attrs, x, *index: x[index],
    "scatter_add": _scatter_add,
    "scatter_set": _scatter_set,
    "cumsum": lambda attrs, x: np.cumsum(x, attrs["axis"], dtype=x.dtype),
    "cumprod_pairs": lambda attrs, x: _parts(np.cumprod(x[..., 0] + 1j * x[..., 1], attrs["axis"])),
    "cumprod": lambda attrs, x: np.cumprod(x, attrs["axis"], dtype=x.dtype),
    "sort": lambda attrs, x: np.sort(x, attrs["axis"]),
    "argsort": lambda attrs, x: np.argsort(x, attrs["axis"], kind="stable"),
    "searchsorted": lambda attrs, x, y: np.asarray(np.searchsorted(x, y, attrs["side"])),
    "nonzero": _nonzero,
    "specify_shape": _specify_shape,
    "batched_dot": lambda attrs, x, y: x @ y,
    **dict.fromkeys(("zero_grad", "stop_grad", "grad_scale"), lambda attrs, x, *others: x),
}


def apply_op(op: NdOp, operands: Sequence[Array]) -> Array:
    """The result of one operation."""
    if op.row.family == "elementwise":
        _check_broadcast(op, operands)
    with np.errstate(all="ignore"):
        result = np.asarray(ROWS[op.op](op.attrs, *operands))
    _check_type(op, result, from_xdsl(op.results[0].type))
    return result


def _check_broadcast(op: NdOp, operands: Sequence[Array]) -> None:
    """Only a dimension known to be 1 broadcasts."""
    shape = np.broadcast_shapes(*(x.shape for x in operands))
    for x, type in zip(operands, op.types, strict=True):
        for size, have, static in zip(shape[len(shape) - x.ndim :], x.shape, type.shape, strict=True):
            if have != size and static != 1:
                raise ValueError(f"{op}: operand {type} has size {have} where the result has {size}")


def _check_type(op: Operation, value: Array, type: TensorType) -> None:
    fits = value.ndim == type.ndim and all(
        static in (None, size) for static, size in zip(type.shape, value.shape, strict=False)
    )
    if not fits or str(value.dtype) != type.dtype:
        what = "argument" if isinstance(op, FuncOp) else str(op)
        raise TypeError(f"{what}: computed {value.dtype}{list(value.shape)}, its type says {type}")


def evaluate(module: ModuleOp, *arguments: Any, name: str | None = None) -> list[Array]:
    """The results of a module's function (its only one, or the one named)."""
    funcs = [op for op in module.body.block.ops if isinstance(op, FuncOp)]
    (func,) = [func for func in funcs if name in (None, func.sym_name.data)]
    block = func.body.block
    values: dict[SSAValue, Array] = {}
    for arg, given in zip(block.args, arguments, strict=True):
        type = from_xdsl(arg.type)
        values[arg] = np.asarray(given, type.dtype)
        _check_type(func, values[arg], type)
    for op in block.ops:
        if isinstance(op, ReturnOp):
            return [values[value] for value in op.operands]
        if not isinstance(op, NdOp):
            raise TypeError(f"the reference evaluator has no row for {op.name}")
        values[op.results[0]] = apply_op(op, [values[value] for value in op.operands])
    raise ValueError("the function has no func.return")


def function(types: Sequence[str | TensorType], body: Callable[..., Term | Sequence[Term]]) -> ModuleOp:
    """A module of one function `main`: `body` maps terms of the argument types (`"f64[?, 3]"`) to results."""
    full = [parse_type(type) if isinstance(type, str) else type for type in types]
    block = Block(arg_types=[to_xdsl(type) for type in full])
    end = ReturnOp()
    block.add_op(end)
    b = Builder(end)
    found = body(*(Term(b, arg) for arg in block.args))
    results = [term.value for term in ([found] if isinstance(found, Term) else found)]
    end.operands = results
    types_out = FunctionType.from_lists([arg.type for arg in block.args], [value.type for value in results])
    return ModuleOp([FuncOp("main", types_out, Region(block))])


def result_types(module: ModuleOp) -> list[TensorType]:
    """The result types of a module's first function."""
    func = module.body.block.first_op
    assert isinstance(func, FuncOp)
    return [from_xdsl(type) for type in func.function_type.outputs.data]


def gradient(cost: Term, *wrt: Term) -> list[Term]:
    """`nd.grad` of a scalar term."""
    cost.b.op("grad", cost.value, *(term.value for term in wrt))
    return [Term(cost.b, result) for result in cost.b.created[-1].results]


def positions(shape: Sequence[int]) -> itertools.product[tuple[int, ...]]:
    """All index tuples of a shape."""
    return itertools.product(*(range(size) for size in shape))
