"""Values for every row of a batch: what `vectorize` keeps for a value that differs from row to row.

A batch is dense, one tensor with a new leading axis, or a sum of `Diagonal`s: tensors of the value's own shape of which
every position belongs to one row and is zero in all others. A Jacobian starts from the identity matrix, which is a
diagonal of ones; as long as operations keep it one, they work on n numbers instead of n times n.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from xdsl.ir import Operation, SSAValue

from .nd_builder import Builder, Term, type_of

Size = int | SSAValue
TERMS = 4  # diagonals that a sum may have; beyond, it becomes dense


@dataclass(frozen=True)
class Rows:
    """The row of each position along an axis: `index[position]`, or `position + offset` where there is no index.

    `complete`: there are as many positions as rows. `inside`: all those rows exist (where not, the values are zero).
    Without an axis, one row for all: the scalar `index`, or `offset`.
    """

    offset: int = 0
    index: SSAValue | None = None
    complete: bool = False
    inside: bool = True

    @property
    def identity(self) -> bool:
        """Whether position i belongs to row i, for all rows."""
        return self.complete and not self.offset and self.index is None


@dataclass(frozen=True)
class Diagonal:
    """`value[..., j, ...]` in the row of position j along `axis`, and zero in the others; see `Rows` where `axis` is None."""

    value: SSAValue
    axis: int | None
    rows: Rows

    def single(self, b: Builder) -> Diagonal:
        """The same where the axis has one position: its row is that of all that it is repeated for."""
        index = self.rows.index
        taken = None if index is None else b.op("subtensor", index, index="0")
        return Diagonal(self.value, None, Rows(self.rows.offset, taken, inside=self.rows.inside))


Batch = SSAValue | tuple[Diagonal, ...]


class Batches:
    """The batches of a block's values; new operations stand before `at`. `count` is the number of rows."""

    def __init__(self, at: Operation, count: Size) -> None:
        self.at = at
        self.count = count
        self.found: dict[SSAValue, Batch] = {}
        self._dense: dict[SSAValue, SSAValue] = {}
        self._numbers: dict[SSAValue | int, Term] = {}

    def sized(self, b: Builder, value: SSAValue) -> tuple[tuple[int | None, ...], list[SSAValue]]:
        """The sizes of a batch of `value`, as `alloc` and `reshape` take them."""
        sizes, dims = b.sizes(value)
        if isinstance(self.count, int):
            return (self.count, *sizes), dims
        return (None, *sizes), [self.count, *dims]

    def numbers(self, b: Builder, count: Size) -> Term:
        """0, 1, ... below `count`."""
        if count not in self._numbers:
            stop = b.constant(count, "int64") if isinstance(count, int) else count
            made = b.op("arange", b.constant(0, "int64"), stop, b.constant(1, "int64"), dtype="int64")
            self._numbers[count] = Term(b, b.op("reshape", made, sizes=(count,)) if isinstance(count, int) else made)
        return self._numbers[count]

    def places(self, b: Builder, term: Diagonal) -> Term:
        """The row of each position along the axis of `term`, as a vector; of one without axis, the scalar."""
        rows = term.rows
        if rows.index is not None:
            return Term(b, rows.index)
        if term.axis is None:
            return Term(b, b.constant(rows.offset, "int64"))
        size = type_of(term.value).shape[term.axis]
        complete = rows.complete or size == self.count
        numbers = self.numbers(b, self.count if complete else size_of(b, term.value, term.axis))
        return numbers + rows.offset if rows.offset else numbers

    def dense(self, value: SSAValue) -> SSAValue:
        """The batch of `value` with a leading axis, made at its first use."""
        batch = self.found[value]
        if isinstance(batch, SSAValue):
            return batch
        if value not in self._dense:
            self._dense[value] = self.spread(Builder(self.at), batch)
        return self._dense[value]

    def spread(self, b: Builder, terms: tuple[Diagonal, ...]) -> SSAValue:
        """A sum of diagonals as one tensor."""
        if len(terms) > 1 and isinstance(self.count, int) and all(is_row(term) for term in terms):
            return self._stacked(b, terms, self.count)
        total: Term | None = None
        for term in terms:
            part = self._spread_one(b, term)
            total = part if total is None else total + part
        assert total is not None
        return total.value

    def _spread_one(self, b: Builder, term: Diagonal) -> Term:
        rank = type_of(term.value).ndim
        row = self.numbers(b, self.count).op("dimshuffle", order=(0, *[-1] * rank))
        place = self.places(b, term)
        if term.axis is not None:
            place = place.op("dimshuffle", order=(*[-1] * (term.axis + 1), 0, *[-1] * (rank - term.axis - 1)))
        return row.op("eq", place).select(Term(b, term.value), 0.0)

    def _stacked(self, b: Builder, terms: tuple[Diagonal, ...], count: int) -> SSAValue:
        """Rows that are known by number, one below the other."""
        rows: dict[int, Term] = {}
        for term in terms:
            number, value = term.rows.offset, Term(b, term.value)
            rows[number] = rows[number] + value if number in rows else value
        zero = b.full_like(terms[0].value, 0.0)
        order = (-1, *range(type_of(zero).ndim))
        listed = [rows[number].value if number in rows else zero for number in range(count)]
        return b.op("concatenate", *(b.op("dimshuffle", row, order=order) for row in listed), axis=0)

    def total(self, b: Builder, *terms: Diagonal) -> Batch:
        """The sum of diagonals: those of the same rows become one, and many a dense batch."""
        merged: list[Diagonal] = []
        for term in terms:
            for number, other in enumerate(merged):
                if _alike(term, other):
                    rows = replace(
                        other.rows,
                        complete=term.rows.complete or other.rows.complete,
                        inside=term.rows.inside and other.rows.inside,
                    )
                    merged[number] = Diagonal(b.op("add", other.value, term.value), other.axis, rows)
                    break
            else:
                merged.append(term)
        return tuple(merged) if len(merged) <= TERMS else self.spread(b, tuple(merged))


def _alike(a: Diagonal, b: Diagonal) -> bool:
    """Whether the same positions of two diagonals belong to the same rows."""
    return a.axis == b.axis and a.rows.offset == b.rows.offset and a.rows.index is b.rows.index


def is_row(term: Diagonal) -> bool:
    """Whether a diagonal fills one row that is known by number."""
    return term.axis is None and term.rows.index is None


def size_of(b: Builder, value: SSAValue, axis: int) -> Size:
    """The size of a dimension: a number where it is known, else an int64 scalar."""
    size = type_of(value).shape[axis]
    return b.op("dim", value, axis=axis) if size is None else size


def product(b: Builder, x: Size, y: Size) -> Size:
    """The product of two sizes."""
    if isinstance(x, int) and isinstance(y, int):
        return x * y
    left, right = (b.constant(size, "int64") if isinstance(size, int) else size for size in (x, y))
    return b.op("mul", left, right)


def reshape(x: Term, *sizes: Size) -> Term:
    """`x` in another shape."""
    known = tuple(size if isinstance(size, int) else None for size in sizes)
    dims = [size for size in sizes if not isinstance(size, int)]
    return Term(x.b, x.b.op("reshape", x.value, *dims, sizes=known))
