"""`nd.fused`, executed in NumPy: the scalar code once for the whole space, on arrays, then the combiners over the axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from phintys.dialects.convert import from_xdsl
from phintys.dialects.nd import MAP, MAY_BE_EMPTY, FusedOp, YieldOp

from .interpreter_rows import ROWS as ND_ROWS
from .scalar_templates import unsigned
from .scalar_writer import ScalarWriter

Array = np.ndarray[Any, Any]
COMBINE: dict[str, Callable[[Any, tuple[int, ...]], Any]] = {
    "add": lambda x, axes: np.add.reduce(x, axis=axes, dtype=x.dtype),
    "mul": lambda x, axes: np.multiply.reduce(x, axis=axes, dtype=x.dtype),
    "max": lambda x, axes: x.max(axes),
    "min": lambda x, axes: x.min(axes),
    "and": lambda x, axes: x.all(axes),
    "or": lambda x, axes: x.any(axes),
    "argmax": lambda x, axes: ND_ROWS["argmax"]({"axes": axes}, x),
    "argmin": lambda x, axes: ND_ROWS["argmin"]({"axes": axes}, x),
}


def apply_fused(op: FusedOp, operands: Sequence[Array]) -> list[Array]:
    """The results of one region. CannotInterpret when its code has an operation without a row."""
    space = np.broadcast_shapes(*(x.shape for x in operands))
    with np.errstate(all="ignore"):
        yielded = _scalar_code(op)(*(_as_signless(x) for x in operands))
        found = []
        for combiner, value, result in zip(op.combine, yielded, op.results, strict=True):
            dtype = from_xdsl(result.type).dtype
            whole = np.broadcast_to(np.asarray(value), space)
            if not combiner.startswith("arg") and whole.dtype != dtype:
                whole = unsigned(np.array(whole))  # an unsigned number by its bits
            if combiner == MAP:
                found.append(np.array(whole))
            elif MAY_BE_EMPTY in op.attributes and combiner == "max":
                found.append(np.asarray(whole.max(op.axes, initial=-np.inf)))
            else:
                found.append(np.asarray(COMBINE[combiner](whole, op.axes)))
    return found


def _as_signless(x: Array) -> Array:
    return x.view(f"int{x.itemsize * 8}") if x.dtype.kind == "u" else x


def _scalar_code(op: FusedOp) -> Callable[..., Sequence[Any]]:
    """The region as a function of arrays."""
    writer = ScalarWriter("np.where({0}, {1}, {2})")
    arguments = [writer.new(value) for value in op.block.args]
    for inner in op.block.ops:
        if isinstance(inner, YieldOp):
            results = [writer.names[value] for value in inner.operands]
            writer.line(f"return [{', '.join(results)}]")
        else:
            writer.scalar(inner)
    text = "\n".join([f"def region({', '.join(arguments)}):", *writer.lines])
    exec(compile(text, "<nd.fused>", "exec"), writer.namespace)
    found: Callable[..., Sequence[Any]] = writer.namespace["region"]
    return found
