"""Which values a loop carries that may be combined in any order, and how: what lets several threads share a reduction.

A `Reducer` is an operation `a = a + value` that commutes, or the search for an extremum: a value and a position that change
together where a condition holds. `combine` joins what two threads have found; of equal values the lower position wins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects import arith, scf
from xdsl.dialects import builtin as bi
from xdsl.ir import Attribute, Block, Operation, SSAValue

from .emit import Emitter

COMMUTE = frozenset(
    f"arith.{name}"
    for name in (
        *("addf", "mulf", "maximumf", "minimumf", "maxnumf", "minnumf", "addi", "muli"),
        *("maxsi", "maxui", "minsi", "minui", "andi", "ori", "xori"),
    )
)
FLOATS = {"addf": 0.0, "mulf": 1.0, "maximumf": float("-inf"), "maxnumf": float("-inf"), "minimumf": float("inf")}
FLOATS["minnumf"] = float("inf")


@dataclass(eq=False)
class Reducer:
    """`first`: the number of its first carried value; `op`: what combines, `condition` with its slice for an extremum."""

    first: int
    op: Operation
    value: SSAValue
    carried: SSAValue
    condition: tuple[Operation, ...] = ()

    @property
    def width(self) -> int:
        """How many carried values it has."""
        return 2 if self.condition else 1

    def neutral(self, e: Emitter, initial: Sequence[SSAValue]) -> list[SSAValue]:
        """What a thread begins with; an extremum with what the loop does, which makes no difference when it comes again."""
        if self.condition:
            return list(initial)
        return [e.constant(_neutral(self.op), self.op.results[0].type)]

    def combine(self, e: Emitter, a: Sequence[SSAValue], b: Sequence[SSAValue]) -> list[SSAValue]:
        """What two threads have found, as one."""
        if not self.condition:
            return [_copied(e, self.op, [a[0], b[0]])]
        better, worse = self._better(e, b[0], a[0]), self._better(e, a[0], b[0])
        before = e.icmp("slt", b[1], a[1])
        tie = e.select(worse, e.constant(0, bi.i1), before)
        take = e.op(arith.OrIOp, [better, tie])
        return [e.select(take, b[0], a[0]), e.select(take, b[1], a[1])]

    def _better(self, e: Emitter, value: SSAValue, best: SSAValue) -> SSAValue:
        env = {self.value: value, self.carried: best}
        for op in self.condition:
            env[op.results[0]] = _copied(e, op, [env[operand] for operand in op.operands])
        return env[self.condition[-1].results[0]]


def _copied(e: Emitter, op: Operation, operands: Sequence[SSAValue]) -> SSAValue:
    copy = type(op).create(
        operands=operands, result_types=[op.results[0].type], properties=op.properties, attributes=op.attributes
    )
    copy.location = op.location
    return e.insert(copy).results[0]


def _neutral(op: Operation) -> float | int:
    name, type = op.name.removeprefix("arith."), op.results[0].type
    if name in FLOATS:
        return FLOATS[name]
    bits = type.width.data if isinstance(type, bi.IntegerType) else 64
    rows = {"muli": 1, "andi": -1, "minui": -1, "maxsi": -(2 ** (bits - 1)), "minsi": 2 ** (bits - 1) - 1}
    return int(rows.get(name, 0))


def reducers(loop: scf.ForOp) -> list[Reducer] | None:
    """The reducers of all values that a loop carries; None if one of them needs the order of the iterations."""
    block = loop.body.block
    last = block.last_op
    assert last is not None
    found: list[Reducer] = []
    carried = list(block.args[1:])
    number = 0
    while number < len(carried):
        reducer = _single(block, last.operands[number], carried, number) or _pair(block, last.operands, carried, number)
        if reducer is None:
            return None
        found.append(reducer)
        number += reducer.width
    return found


def _single(block: Block, result: SSAValue, carried: Sequence[SSAValue], number: int) -> Reducer | None:
    op, own = result.owner, carried[number]
    if not isinstance(op, Operation) or op.parent is not block or op.name not in COMMUTE:
        return None
    rest = [operand for operand in op.operands if operand is not own]
    if len(rest) != 1 or len(list(own.uses)) != 1 or len(list(result.uses)) != 1:
        return None
    return None if _depends(rest[0], carried, block) else Reducer(number, op, rest[0], own)


def _pair(block: Block, results: Sequence[SSAValue], carried: Sequence[SSAValue], number: int) -> Reducer | None:
    if number + 1 >= len(carried):
        return None
    ops = [result.owner for result in results[number : number + 2]]
    best, place = carried[number : number + 2]
    if not all(isinstance(op, arith.SelectOp) and op.parent is block for op in ops):
        return None
    (condition, value, old), (again, position, before) = (op.operands for op in ops)  # type: ignore[union-attr]
    if condition is not again or old is not best or before is not place or place.type != bi.i64:
        return None
    if len(list(place.uses)) != 1 or _depends(value, carried, block) or _depends(position, carried, block):
        return None
    slice = _slice(condition, {value, best})
    if slice is None or any(use.operation not in (*slice, *ops) for use in best.uses):
        return None
    assert isinstance(ops[0], Operation)
    return Reducer(number, ops[0], value, best, tuple(slice))


def _slice(value: SSAValue, leaves: set[SSAValue]) -> list[Operation] | None:
    """Operations that compute a value from the leaves and nothing else, in order."""
    if value in leaves:
        return []
    op = value.owner
    if not isinstance(op, Operation) or op.regions or not op.name.startswith("arith.") or not op.operands:
        return None
    found: list[Operation] = []
    for operand in op.operands:
        part = _slice(operand, leaves)
        if part is None:
            return None
        found += [inner for inner in part if inner not in found]
    return [*found, op]


def _depends(value: SSAValue, on: Sequence[SSAValue], block: Block) -> bool:
    """Whether a value of a loop's body is computed from what the loop carries."""
    pending, seen = [value], set[SSAValue]()
    while pending:
        current = pending.pop()
        if current in on:
            return True
        op = current.owner
        if current in seen or not isinstance(op, Operation):
            continue
        seen.add(current)
        if op.parent is block:
            pending += [operand for inner in op.walk() for operand in inner.operands]
    return False


def carried_types(loop: scf.ForOp) -> list[Attribute]:
    """Types of what a loop carries."""
    return [value.type for value in loop.results]
