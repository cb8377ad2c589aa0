"""The `nd` level, executed one operation at a time in NumPy: the definition that native code is compared with.

`evaluate(module, *arrays)` computes a function. Every result is checked against its static type, and a dimension that is not
known to be 1 must not broadcast: a rewrite that gets a type or a shape wrong fails here. It is slow, and meant to be read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from xdsl.dialects.builtin import IntegerAttr, ModuleOp, StringAttr
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Operation, SSAValue

from phintys.dialects.convert import from_xdsl
from phintys.dialects.nd import MAY_BE_EMPTY, FusedOp, NdOp, RequireOp
from phintys.ir.types import BY_SHORT, TensorType

from .interface import Argument
from .interpreter_rows import ROWS, Array, index_of


def apply_op(op: NdOp, operands: Sequence[Array]) -> list[Array]:
    """The results of one operation. TypeError for one that only a pass can expand, such as `nd.grad`."""
    if op.op not in ROWS:
        raise TypeError(f"nd.{op.op} has no row in the interpreter; the pass autodiff expands gradients")
    if op.row.family == "elementwise":
        _check_broadcast(op, operands)
    elif op.op in ("gather", "set_subtensor", "inc_subtensor", "scatter_add"):
        _check_index(op, operands)
    with np.errstate(all="ignore"):
        found = _shift(op, *operands) if MAY_BE_EMPTY in op.attributes else ROWS[op.op](op.attrs, *operands)
    results = [np.asarray(value) for value in (found if isinstance(found, tuple) else (found,))]
    for value, result in zip(results, op.results, strict=True):
        _check_type(op, value, from_xdsl(result.type))
    return results


def _shift(op: NdOp, x: Array) -> Array:
    """A maximum that may be of nothing."""
    found: Array = x.max(op.attrs["axes"], initial=-np.inf)
    return found


def _check_broadcast(op: NdOp, operands: Sequence[Array]) -> None:
    """Only a dimension known to be 1 broadcasts."""
    shape = np.broadcast_shapes(*(x.shape for x in operands))
    for x, type in zip(operands, op.types, strict=True):
        for size, have, static in zip(shape[len(shape) - x.ndim :], x.shape, type.shape, strict=True):
            if have != size and static != 1:
                raise ValueError(f"{op}: operand {type} has size {have} where the result has {size}")


def _check_index(op: NdOp, operands: Sequence[Array]) -> None:
    """The same among index tensors, and of an update in the region that it goes to."""
    places = [1]
    if op.op == "gather":
        places = list(range(1, len(operands)))
        shape = np.broadcast_shapes(*(index.shape for index in operands[1:]))
    elif op.op == "scatter_add":
        shape = operands[0][tuple(operands[2:])].shape
    else:
        shape = operands[0][index_of(op.attrs["index"], operands[2:])].shape
    for place in places:
        static = op.types[place].shape
        for size, have, known in zip(shape[len(shape) - len(static) :], operands[place].shape, static, strict=True):
            if have != size and known != 1:
                raise ValueError(f"{op.op}: operand {place} has size {have} where the result has {size}")


def _check_type(op: Operation, value: Array, type: TensorType) -> None:
    fits = value.ndim == type.ndim and all(
        static in (None, size) for static, size in zip(type.shape, value.shape, strict=False)
    )
    if not fits or str(value.dtype) != type.dtype:
        what = "argument" if isinstance(op, FuncOp) else str(op)
        raise TypeError(f"{what}: computed {value.dtype}{list(value.shape)}, its type says {type}")


Observer = Callable[[NdOp, Sequence[Array], Sequence[Array]], None]
Disturb = Callable[[NdOp, Sequence[Array], Array], Array]


def evaluate(
    module: ModuleOp,
    *arguments: Any,
    name: str | None = None,
    observe: Observer | None = None,
    disturb: Disturb | None = None,
) -> list[Array]:
    """The results of a module's function (its only one, or the one named), of level `nd` or fused.

    Complex arguments and results that `expand-complex` has made pairs of numbers are complex here, too. `observe` is called
    after each operation, with its operands and its results; `disturb` gives what the program goes on with in a result's
    place.
    """
    funcs = [op for op in module.body.block.ops if isinstance(op, FuncOp)]
    (func,) = [func for func in funcs if name in (None, func.sym_name.data)]
    block = func.body.block
    values: dict[SSAValue, Array] = {}
    for arg, row, given in zip(block.args, _rows(func.arg_attrs, block.args), arguments, strict=True):
        type = from_xdsl(arg.type)
        values[arg] = _as_pairs(np.asarray(given)) if row in _COMPLEX else np.asarray(given, type.dtype)
        _check_type(func, values[arg], type)
    for op in block.ops:
        operands = [values[value] for value in op.operands]
        if isinstance(op, ReturnOp):
            rows = _rows(func.res_attrs, op.operands)
            return [joined(x, _COMPLEX[row]) if row in _COMPLEX else x for x, row in zip(operands, rows, strict=True)]
        if isinstance(op, RequireOp):
            _check(op, *operands)
        elif isinstance(op, FusedOp):
            from .interpreter_fused import apply_fused

            found = apply_fused(op, operands)
            for x, result in zip(found, op.results, strict=True):
                _check_type(op, x, from_xdsl(result.type))
            values.update(zip(op.results, found, strict=True))
        elif isinstance(op, NdOp):
            found = apply_op(op, operands)
            if disturb is not None:
                found = [disturb(op, operands, x) for x in found]
            values.update(zip(op.results, found, strict=True))
            if observe is not None:
                observe(op, operands, found)
        else:
            raise TypeError(f"the interpreter runs operations of nd, not {op.name}")
    raise ValueError("the function has no func.return")


def arguments_of(module: ModuleOp, name: str | None = None) -> list[Argument]:
    """Names and types of what the function of a module of tensors takes, as callers see them."""
    funcs = [op for op in module.body.block.ops if isinstance(op, FuncOp)]
    (func,) = [func for func in funcs if name in (None, func.sym_name.data)]
    values = func.body.block.args
    attributes = [dict(row.data) for row in func.arg_attrs.data] if func.arg_attrs is not None else [{} for _ in values]
    found = []
    for number, (value, row) in enumerate(zip(values, attributes, strict=True)):
        type, shown, short = from_xdsl(value.type), row.get("nd.name"), row.get("nd.dtype")
        if isinstance(short, StringAttr) and short.data in _COMPLEX:
            type = TensorType(_COMPLEX[short.data], type.shape[:-1])
        found.append(Argument("nd.state" in row, type, shown.data if isinstance(shown, StringAttr) else f"arg{number}"))
    return found


def updates_of(module: ModuleOp) -> list[int | None]:
    """For each result of a module's function, of tensors or of loops: the argument whose new value it is, `None` for none."""
    functions = [op for op in module.body.block.ops if isinstance(op, FuncOp) and op.body.blocks]
    (func,) = [op for op in functions if getattr(op.sym_visibility, "data", "public") != "private"]
    if func.res_attrs is None:
        return [None] * len(func.function_type.outputs)
    updates = [row.data.get("nd.update") for row in func.res_attrs.data]
    return [update.value.data if isinstance(update, IntegerAttr) else None for update in updates]


_COMPLEX = {short: dtype for short, dtype in BY_SHORT.items() if dtype.startswith("complex")}


def _rows(attributes: Any, values: Sequence[SSAValue]) -> list[str]:
    """`nd.dtype` of each argument or result, "" where there is none."""
    rows = [row.data.get("nd.dtype") for row in attributes.data] if attributes is not None else [None] * len(values)
    return [row.data if isinstance(row, StringAttr) else "" for row in rows]


def _as_pairs(z: Array) -> Array:
    return np.stack([z.real, z.imag], -1)


def joined(x: Array, dtype: str) -> Array:
    """Complex numbers of pairs."""
    found = np.empty(x.shape[:-1], dtype)
    found.real, found.imag = x[..., 0], x[..., 1]
    return found


EXCEPTIONS = {error.__name__: error for error in (ValueError, IndexError, TypeError, ZeroDivisionError, np.linalg.LinAlgError)}


def _check(op: RequireOp, condition: Array, *values: Array) -> None:
    if not condition:
        raise EXCEPTIONS[op.exception](op.message.format(*map(int, values)))
