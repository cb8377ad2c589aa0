"""What is known about sizes: which are equal, and which are at least as large as others.

Sizes are numbered by what they compute: products by their factors, sums by their terms, and two sizes that an `rt.assert` at
the entry compares are one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

from xdsl.dialects import arith, memref
from xdsl.dialects import builtin as bi
from xdsl.ir import Block, SSAValue

from phintys.dialects.rt import AssertOp

Number = Hashable
MOST = 16  # terms of a sum that are told apart: what is compared is parts of a row
EQUAL = 0  # the predicate of arith.cmpi eq


class _Long:
    """A sum of many terms, compared and hashed in one step where it is the same object."""

    __slots__ = ("hash", "is_size", "terms")

    def __init__(self, terms: tuple[Number, ...]) -> None:
        self.terms = terms
        self.hash = hash(terms)
        self.is_size = _is_size(terms)

    def __hash__(self) -> int:
        return self.hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, _Long) and self.hash == other.hash and self.terms == other.terms)


class SizeFacts:
    """Numbers of the index values of a function: values with equal numbers are equal."""

    def __init__(self, block: Block) -> None:
        self._numbers: dict[SSAValue, Number] = {}
        self._same: dict[Number, Number] = {}
        for op in block.ops:
            if op.regions:
                break  # what is compared later has not been compared yet when the first loop runs
            if isinstance(op, AssertOp):
                self._learn(op)

    def _learn(self, op: AssertOp) -> None:
        compare = op.operands[0].owner
        if isinstance(compare, arith.CmpiOp) and compare.predicate.value.data == EQUAL:
            a, b = (self.number(value) for value in compare.operands)
            if a != b:
                first, second = (a, b) if isinstance(a, int) else (b, a)
                self._same[second] = first

    def number(self, value: SSAValue) -> Number:
        """The number of a value: an int for a constant."""
        pending = [value]  # a sum of a thousand sizes is a thousand additions deep
        while value not in self._numbers:
            missing = [part for part in _parts(pending[-1]) if part not in self._numbers]
            if missing:
                pending += missing
            else:
                last = pending.pop()
                self._numbers[last] = self._compute(last)
        return self.representative(self._numbers[value])

    def representative(self, number: Number) -> Number:
        """The number that stands for all those known to be equal."""
        found = number
        while found in self._same:
            found = self._same[found]
        while number != found:  # the next way is one step
            self._same[number], number = found, self._same[number]
        return found

    def _compute(self, value: SSAValue) -> Number:
        number = constant(value)
        if number is not None:
            return number
        op = value.owner
        if isinstance(op, arith.IndexCastOp):
            return self.number(op.input)
        if isinstance(op, arith.MuliOp):
            return product([self.number(operand) for operand in op.operands])
        if isinstance(op, arith.AddiOp):
            return total([self.number(operand) for operand in op.operands])
        if isinstance(op, arith.MaxSIOp | arith.MinSIOp):
            return (op.name, *sorted((self.number(operand) for operand in op.operands), key=hash))
        if isinstance(op, memref.DimOp):
            return ("dim", op.source, self.number(op.index))
        return value

    def mixed(self, static: Iterable[int], dynamic: Iterable[SSAValue]) -> tuple[Number, ...]:
        """Numbers of a list of which a part are attributes, the others operands."""
        rest = iter(dynamic)
        return tuple(self.number(next(rest)) if n == bi.DYNAMIC_INDEX else n for n in static)


def _parts(value: SSAValue) -> Sequence[SSAValue]:
    """The values that the number of a value is computed from."""
    op = value.owner
    if isinstance(op, arith.IndexCastOp | arith.MuliOp | arith.AddiOp):
        return op.operands
    return (op.index,) if isinstance(op, memref.DimOp) else ()


def product(numbers: Iterable[Number]) -> Number:
    """The number of a product: constants taken together, factors in one order."""
    constant = 1
    factors: list[Number] = []
    for number in numbers:
        for factor in number[1:] if isinstance(number, tuple) and number[0] == "product" else (number,):
            if isinstance(factor, int):
                constant *= factor
            else:
                factors.append(factor)
    if not factors or not constant:
        return constant
    if constant == 1 and len(factors) == 1:
        return factors[0]
    return ("product", constant, *sorted(factors, key=hash))


def total(numbers: Iterable[Number]) -> Number:
    """The number of a sum: constants taken together, terms in one order; what has many is a term of what it is added to."""
    constant, terms = 0, Counter[Number]()
    for number in numbers:
        more, others = _terms(number)
        constant, terms = constant + more, terms + others
    listed = sorted(terms.elements(), key=hash)
    if not listed or (not constant and len(listed) == 1):
        return listed[0] if listed else constant
    number = ("sum", constant, *listed)
    return number if len(listed) <= MOST else _Long(number)


def _terms(number: Number) -> tuple[int, Counter[Number]]:
    """The constant and the other terms of a number."""
    if isinstance(number, int):
        return number, Counter()
    if isinstance(number, tuple) and number[0] == "sum":
        return number[1], Counter(number[2:])
    return 0, Counter([number])


def at_least(number: Number, other: Number) -> bool:
    """Whether a number is known to be as large as another: as it has all its terms, and beside them sizes."""
    if isinstance(number, int) and isinstance(other, int):
        return number >= other
    (constant, terms), (least, needed) = _terms(number), _terms(other)
    return constant >= least and needed <= terms and all(map(_is_size, terms - needed))


def _is_size(number: Number) -> bool:
    """Whether a number is not negative: sizes of memrefs, constants, and what they add and multiply to."""
    if isinstance(number, _Long):
        return number.is_size
    if isinstance(number, tuple):
        if number[0] == arith.MaxSIOp.name:
            return any(map(_is_size, number[1:]))
        return number[0] == "dim" or (number[0] in ("sum", "product") and all(map(_is_size, number[1:])))
    return isinstance(number, int) and number >= 0


def constant(value: SSAValue) -> int | None:
    """The number that a constant of an integer type is."""
    op = value.owner
    if isinstance(op, arith.ConstantOp) and isinstance(op.value, bi.IntegerAttr):
        return op.value.value.data
    return None
