"""What all rewriting passes share: matchers, replacement, dead code; the driver for tables of rules is in worklist.py.

A rule is a function `(op, b)` that returns the value to use instead of the operation's result, or `None` when it does
not apply; a pass is a table from operation names to rules. Where `nd.grad` or `nd.jacobian` is still
present, no rule sees through a value that a derivative is taken with respect to, nor replaces it: `grad(log(1 + a), a)`
needs the `a` that is written.

    %1 = nd.mul %x, %one     rule: x * 1 -> x      (nothing)
    %2 = nd.exp %1                                 %2 = nd.exp %x
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Any

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Operation, SSAValue

from phintys.dialects.convert import decode_attr, location_text
from phintys.dialects.nd import FusedOp, NdOp
from phintys.ir.diagnostics import DiagnosticError, error
from phintys.ir.subscript import parse_index

from .nd_builder import Array, Builder, Term, type_of

Rule = Callable[[NdOp, Builder], "SSAValue | Term | None"]
Rules = Mapping[str, tuple[Rule, ...]]

DERIVATIVES = frozenset({"nd.grad", "nd.jacobian"})

# What derivatives of the function that a driver works on are taken with respect to, and by how many: a look at all uses
# of a value instead would take, for a constant that all operations share, the square of their number.
TARGETS: ContextVar[Counter[SSAValue] | None] = ContextVar("targets of derivatives", default=None)


def merge_rules(*tables: Rules) -> Rules:
    """One table of several; the rules of a name are tried in the order of the tables."""
    merged: dict[str, tuple[Rule, ...]] = {}
    for table in tables:
        for name, rules in table.items():
            merged[name] = merged.get(name, ()) + rules
    return merged


def functions(module: ModuleOp) -> Iterator[FuncOp]:
    """The functions of a module that have a body."""
    for op in module.body.block.ops:
        if isinstance(op, FuncOp) and op.body.blocks:
            yield op


def operations(func: FuncOp) -> list[Operation]:
    """The operations of a function's blocks, in order, as a list that stays valid while the function changes."""
    return [op for block in func.body.blocks for op in block.ops]


# --- matchers ---------------------------------------------------------------------------------------------------------


def is_wrt(value: SSAValue) -> bool:
    """Whether a gradient is taken with respect to `value`."""
    targets = TARGETS.get()
    if targets is not None:
        return bool(targets) and targets[value] > 0
    use = value.first_use
    while use is not None:
        if use.operation.name in DERIVATIVES and use.index > 0:
            return True
        use = use._next_use
    return False


def producer(value: SSAValue, name: str) -> NdOp | None:
    """The operation of that name that computes `value`, unless a gradient is taken with respect to `value`."""
    op = value.owner
    if isinstance(op, NdOp) and op.row.name == name and not is_wrt(value):
        return op
    return None


def attribute(op: NdOp, key: str) -> Any:
    """One attribute's Python value, `None` where it is left out."""
    found = op.attributes.get(key)
    return None if found is None else decode_attr(key, found)


def constant_value(value: SSAValue) -> Array | None:
    """The array that a value is known to hold: of a constant."""
    op = producer(value, "constant")
    return None if op is None else attribute(op, "value")


def is_part(op: NdOp) -> bool:
    """Whether an operation takes slices of a tensor, which cannot fail."""
    return op.row.name == "subtensor" and all(entry.is_slice for entry in parse_index(attribute(op, "index")))


def splat_value(value: SSAValue) -> Any:
    """The number that all elements of a value are known to have, as a NumPy scalar; `None` when it is not known.

    Looks through casts, broadcasts, slices and changes of shape, so that `1`, `cast(1)` and `alloc(1.0, n)` are all one.
    """
    op = value.owner
    if not isinstance(op, NdOp) or is_wrt(value):
        return None
    if op.row.name == "constant":
        return _splat(attribute(op, "value"))
    if op.row.name in {"alloc", "reshape", "dimshuffle"} or is_part(op):
        return splat_value(op.operands[0])
    if op.row.name == "cast":
        number = splat_value(op.operands[0])
        return None if number is None else np.asarray(number).astype(type_of(value).dtype)[()]
    return None


def _splat(array: Array) -> Any:
    """The only element of an array of equal ones: stored as one element, or, when it was read from text, all."""
    if not array.size:
        return None
    if array.size > 1 and any(array.strides):
        equal = array.size <= 4096 and array.tobytes() == array.flat[0].tobytes() * array.size
        return array.flat[0] if equal else None
    return array.flat[0]


def is_constant(value: SSAValue, number: float) -> bool:
    """Whether every element of `value` is known to be `number` (0.0 and -0.0 are told apart)."""
    found = splat_value(value)
    if found is None or found != number:
        return False
    return found.dtype.kind != "f" or bool(np.signbit(found) == np.signbit(number))


# --- changes ----------------------------------------------------------------------------------------------------------


def can_replace(old: SSAValue, new: SSAValue) -> bool:
    """Whether `new` may stand for `old`: the same type, or one that knows more sizes if no signature shows it."""
    if old.type is new.type or old.type == new.type:
        return True
    a, b = type_of(old), type_of(new)
    if a.dtype != b.dtype or a.ndim != b.ndim:
        return False
    pairs = list(zip(a.shape, b.shape, strict=True))
    # A size that becomes known to be 1 would begin to broadcast.
    if any(size != other and (size is not None or other == 1) for size, other in pairs):
        return False
    return not any(isinstance(use.operation, ReturnOp) for use in old.uses)


def weaken(old: SSAValue, new: SSAValue, created: Sequence[Operation]) -> bool:
    """Make a value that was just created forget the sizes that `old` does not know, where a signature shows `old`."""
    a, b = type_of(old), type_of(new)
    if new.owner not in created or a.dtype != b.dtype or a.ndim != b.ndim:
        return False
    if any(size not in (None, other) for size, other in zip(a.shape, b.shape, strict=True)):
        return False
    new._type = old.type
    return True


def refusal(op: NdOp, message: str) -> DiagnosticError:
    """The error to raise about one operation: where it was written, its name, what is wrong."""
    return error(f"{op.op}: {message}", name=location_text(op))


def is_dead(op: Operation) -> bool:
    """Whether an operation is pure and none of its results is used."""
    return isinstance(op, NdOp | FusedOp) and all(result.first_use is None for result in op.results)


def erase(op: Operation) -> None:
    """Remove an operation without uses from its block."""
    assert op.parent is not None
    op.parent.erase_op(op, safe_erase=False)


def erase_dead(func: FuncOp) -> int:
    """Remove what does not contribute to the results; the number of operations removed."""
    count = 0
    for block in func.body.blocks:
        op = block.last_op
        while op is not None:
            previous = op.prev_op
            if is_dead(op):
                erase(op)
                count += 1
            op = previous
    return count
