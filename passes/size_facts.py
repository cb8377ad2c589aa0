"""What is known about sizes: which are equal, and which are at least as large as others.

Sizes are numbered by what they compute: products by their factors, sums by their terms, and two sizes that an `rt.assert` at
the entry compares are one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable

from xdsl.dialects import arith, memref
from xdsl.dialects import builtin as bi
from xdsl.ir import Block, SSAValue

from phintys.dialects.rt import AssertOp

Number = Hashable
EQUAL = 0  # the predicate of arith.cmpi eq


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
        found = self._numbers.get(value)
        if found is None:
            found = self._numbers[value] = self._compute(value)
        return self.representative(found)

    def representative(self, number: Number) -> Number:
        """The number that stands for all those known to be equal."""
        while number in self._same:
            number = self._same[number]
        return number

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
    """The number of a sum: constants taken together, terms in one order."""
    constant, terms = 0, Counter[Number]()
    for number in numbers:
        more, others = _terms(number)
        constant, terms = constant + more, terms + others
    listed = sorted(terms.elements(), key=hash)
    if not listed or (not constant and len(listed) == 1):
        return listed[0] if listed else constant
    return ("sum", constant, *listed)


def _terms(number: Number) -> tuple[int, Counter[Number]]:
    """The constant and the other terms of a number."""
    if isinstance(number, int):
        return number, Counter()
    if isinstance(number, tuple) and number[0] == "sum":
        return number[1], Counter(number[2:])
    return 0, Counter([number])


def at_least(number: Number, other: Number) -> bool:
    """Whether a number is known to be as large as another: as it has all its terms, and beside them sizes."""
    (constant, terms), (least, needed) = _terms(number), _terms(other)
    return constant >= least and needed <= terms and all(map(_is_size, terms - needed))


def _is_size(number: Number) -> bool:
    """Whether a number is not negative: sizes of memrefs, constants, and what they add and multiply to."""
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
