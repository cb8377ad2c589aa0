"""Which dimensions are equal: every tensor of a function gets a size or a symbol per dimension, merged by union-find.

Symbols meet where an operation needs two sizes to agree (elementwise operands, dot, concatenate). The pass `check-shapes` turns
each such meeting that is not known to hold into a run-time check; passes after it take all of them as facts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from xdsl.ir import Operation, SSAValue

from phintys.dialects.convert import from_xdsl
from phintys.dialects.nd import FusedOp, NdOp, RequireOp
from phintys.ir.subscript import Entry, as_long, parse_index


class Symbol:
    """An unknown size; `parent` leads to what it was found to be equal to.

    It can be read off dimension `axis` of `value`, or is the int `scalar` where an operand gave it.
    """

    __slots__ = ("axis", "parent", "scalar", "value")

    def __init__(self, value: SSAValue, axis: int, scalar: SSAValue | None = None) -> None:
        self.parent: Dim | None = None
        self.value = value
        self.axis = axis
        self.scalar = scalar


Dim = int | Symbol
Shape = tuple[Dim, ...]
Place = tuple[int, int]  # operand number, axis
Meeting = Callable[[Operation, Dim, Dim, Place, Place], None]


def find(dim: Dim) -> Dim:
    """The representative of a size: an int when it is known."""
    found = dim
    while isinstance(found, Symbol) and found.parent is not None:
        found = found.parent
    while dim is not found and isinstance(dim, Symbol):  # the next way is one step
        dim.parent, dim = found, dim.parent or found
    return found


def _merge(a: Dim, b: Dim) -> None:
    a, b = find(a), find(b)
    if a is b:
        return
    if isinstance(a, Symbol):
        a.parent = b
    elif isinstance(b, Symbol):
        b.parent = a


class Dims:
    """Sizes of all tensors seen by `visit`; `on_meeting` is told of every equality that was not known before."""

    def __init__(self, arguments: Iterable[SSAValue], on_meeting: Meeting | None = None) -> None:
        self._shapes: dict[SSAValue, Shape] = {}
        self._scalars: dict[SSAValue, Dim] = {}  # sizes that exist as int64 scalars
        self._parts: dict[tuple[Dim, Entry], Symbol] = {}  # of slices
        self._on_meeting = on_meeting
        for argument in arguments:
            self._fresh(argument)

    def __getitem__(self, value: SSAValue) -> Shape:
        """Representative size of each dimension of `value`."""
        return tuple(find(dim) for dim in self._shapes[value])

    def scalar(self, value: SSAValue) -> Dim | None:
        """The size that a scalar value is, where known."""
        dim = self._scalars.get(value)
        return None if dim is None else find(dim)

    def visit(self, op: Operation) -> None:
        """Give the results of `op` their sizes."""
        if isinstance(op, FusedOp):
            space = self._broadcast(op, list(range(len(op.operands))))
            reduced = tuple(dim for axis, dim in enumerate(space) if axis not in op.axes)
            for combiner, result in zip(op.combine, op.results, strict=True):
                self._set(result, space if combiner == "map" else reduced)
        elif isinstance(op, RequireOp):
            self._learn(op)
        elif isinstance(op, NdOp):
            rule = _RULES.get(op.op) or _FAMILIES.get(op.row.family)
            if op.row.family == "derivative":
                lead = self[op.operands[0]]  # of a cost there is none
                for value, result in zip(op.operands[1:], op.results, strict=True):
                    self._set(result, lead + self[value])
            elif rule is not None:
                self._set(op.results[0], rule(self, op))
            else:
                for result in op.results:
                    self._fresh(result)

    def _learn(self, op: RequireOp) -> None:
        """What a check demands holds after it: equal sizes meet without another check."""
        condition = op.operands[0].owner
        if isinstance(condition, NdOp) and condition.op == "eq":
            a, b = (self.scalar(value) for value in condition.operands)
            if a is not None and b is not None:
                _merge(a, b)

    def meet(self, op: Operation, a: Dim, b: Dim, place_a: Place, place_b: Place) -> None:
        """Record that two sizes are equal."""
        a, b = find(a), find(b)
        if a is b or (isinstance(a, int) and a == b):
            return
        if self._on_meeting is not None:
            self._on_meeting(op, a, b, place_a, place_b)
        _merge(a, b)

    # --- helpers -------------------------------------------------------------------------------------------------------------

    def _fresh(self, value: SSAValue) -> Shape:
        shape = from_xdsl(value.type).shape
        sizes = tuple(Symbol(value, axis) if size is None else size for axis, size in enumerate(shape))
        self._shapes[value] = sizes
        return sizes

    def _set(self, value: SSAValue, shape: Sequence[Dim | None]) -> None:
        """Sizes of a result; what its type knows goes first, `None` becomes a new symbol."""
        fresh = self._fresh(value)
        self._shapes[value] = tuple(
            known if isinstance(known, int) or dim is None else find(dim) for known, dim in zip(fresh, shape, strict=True)
        )

    def _broadcast(self, op: Operation, operands: Sequence[int]) -> Shape:
        shapes = [(number, self._shapes[op.operands[number]]) for number in operands]
        static = {number: from_xdsl(op.operands[number].type).shape for number in operands}
        rank = max((len(shape) for _, shape in shapes), default=0)
        result: list[Dim] = []
        for axis in range(rank):
            chosen: Dim = 1
            at: Place | None = None
            for number, shape in shapes:
                own = axis - rank + len(shape)
                if own < 0 or static[number][own] == 1:
                    continue
                if at is None:
                    chosen, at = shape[own], (number, own)
                else:
                    self.meet(op, chosen, shape[own], at, (number, own))
            result.append(find(chosen))
        return tuple(result)

    def part(self, dim: Dim, entry: Entry, value: SSAValue, axis: int) -> Dim | None:
        """The size of a slice of a dimension, that of `axis` of `value`; slices that are as long have one symbol."""
        key, dim = as_long(entry), find(dim)
        if key is None or isinstance(dim, int):
            return None
        return dim if key.is_whole else self._parts.setdefault((dim, key), Symbol(value, axis))

    def _sizes(self, op: NdOp) -> list[Dim | None]:
        operands = iter(op.operands[1:])
        sizes: list[Dim | None] = []
        for axis, size in enumerate(op.attrs["sizes"]):
            if size is None:
                operand = next(operands)
                known = self.scalar(operand)
                if known is None and op.op == "alloc":  # in a reshape it may stand for "what is left"
                    known = self._scalars[operand] = Symbol(op.results[0], axis, operand)
                sizes.append(known)
            else:
                sizes.append(None if size == -1 else size)
        return sizes


Rule = Callable[[Dims, NdOp], Sequence[Dim | None]]


def _elementwise(dims: Dims, op: NdOp) -> Sequence[Dim | None]:
    if op.op == "cast" and op.operands[0] in dims._scalars:
        dims._scalars[op.results[0]] = dims._scalars[op.operands[0]]
    return dims._broadcast(op, range(len(op.operands)))


def _reduction(dims: Dims, op: NdOp) -> Sequence[Dim | None]:
    axes = op.attrs["axes"]
    return [dim for axis, dim in enumerate(dims[op.operands[0]]) if axis not in axes]


def _same(dims: Dims, op: NdOp) -> Sequence[Dim | None]:
    return dims[op.operands[0]]


def _dot(dims: Dims, op: NdOp) -> Sequence[Dim | None]:
    x, y = dims[op.operands[0]], dims[op.operands[1]]
    dims.meet(op, x[-1], y[0], (0, len(x) - 1), (1, 0))
    return x[:-1] + y[1:]


def _gemm(dims: Dims, op: NdOp) -> Sequence[Dim | None]:
    c, x, y = (dims[op.operands[number]] for number in (0, 2, 3))
    dims.meet(op, x[1], y[0], (2, 1), (3, 0))
    dims.meet(op, c[0], x[0], (0, 0), (2, 0))
    dims.meet(op, c[1], y[1], (0, 1), (3, 1))
    return c


def _constant(dims: Dims, op: NdOp) -> Sequence[Dim | None]:
    value = op.attrs["value"]
    if value.ndim == 0 and value.dtype.kind in "iu":
        dims._scalars[op.results[0]] = int(value)
    return list(value.shape)


def _dim(dims: Dims, op: NdOp) -> Sequence[Dim | None]:
    dims._scalars[op.results[0]] = dims[op.operands[0]][op.attrs["axis"]]
    return ()


def _arange(dims: Dims, op: NdOp) -> Sequence[Dim | None]:
    start, stop, step = (dims.scalar(value) for value in op.operands)
    # a symbol is a size, hence not negative; a number may be
    return [stop if start == 0 and step == 1 and (isinstance(stop, Symbol) or (stop or -1) >= 0) else None]


def _alloc(dims: Dims, op: NdOp) -> Sequence[Dim | None]:
    result = dims._sizes(op)
    value = dims[op.operands[0]]
    known = from_xdsl(op.operands[0].type).shape
    for axis, dim in enumerate(value):
        wanted = result[axis + len(result) - len(value)]
        if known[axis] != 1 and wanted is not None:
            dims.meet(op, wanted, dim, (-1, axis + len(result) - len(value)), (0, axis))
    return result


def _reshape(dims: Dims, op: NdOp) -> Sequence[Dim | None]:
    return dims._sizes(op)


def _dimshuffle(dims: Dims, op: NdOp) -> Sequence[Dim | None]:
    shape = dims[op.operands[0]]
    return [1 if axis == -1 else shape[axis] for axis in op.attrs["order"]]


def _concatenate(dims: Dims, op: NdOp) -> Sequence[Dim | None]:
    axis = op.attrs["axis"]
    first = dims[op.operands[0]]
    for number, value in enumerate(op.operands[1:], 1):
        for other, dim in enumerate(dims[value]):
            if other != axis:
                dims.meet(op, first[other], dim, (0, other), (number, other))
    return [None if other == axis else find(dim) for other, dim in enumerate(first)]


def _subtensor(dims: Dims, op: NdOp) -> Sequence[Dim | None]:
    entries = parse_index(op.attrs["index"])
    shape = dims[op.operands[0]]
    result: list[Dim | None] = []
    for entry, dim in zip(entries, shape, strict=False):
        if entry.is_slice:
            result.append(dims.part(dim, entry, op.results[0], len(result)))
    return [*result, *shape[len(entries) :]]


def _gather(dims: Dims, op: NdOp) -> Sequence[Dim | None]:
    indices = range(1, len(op.operands))
    return [*dims._broadcast(op, indices), *dims[op.operands[0]][len(indices) :]]


def _searchsorted(dims: Dims, op: NdOp) -> Sequence[Dim | None]:
    return dims[op.operands[1]]


def _nonzero(dims: Dims, op: NdOp) -> Sequence[Dim | None]:
    return [None]


def _batched_dot(dims: Dims, op: NdOp) -> Sequence[Dim | None]:
    x, y = dims[op.operands[0]], dims[op.operands[1]]
    dims.meet(op, x[0], y[0], (0, 0), (1, 0))
    dims.meet(op, x[2], y[1], (0, 2), (1, 1))
    return [x[0], x[1], y[2]]


def _scatter_add(dims: Dims, op: NdOp) -> Sequence[Dim | None]:
    """The update has the shape of what a gather with the same indices would read, or broadcasts to it."""
    value, update, *indices = op.operands
    region = [*dims._broadcast(op, range(2, len(op.operands))), *dims[value][len(indices) :]]
    static = from_xdsl(update.type).shape
    for axis, dim in enumerate(dims[update]):
        if static[axis] != 1:
            place = axis + len(region) - len(static)
            dims.meet(op, find(region[place]), dim, (0, place), (1, axis))
    return dims[value]


_FAMILIES: dict[str, Rule] = {"elementwise": _elementwise, "reduction": _reduction, "composite": _same, "mark": _same}
_RULES: dict[str, Rule] = {
    "dot": _dot,
    "gemm": _gemm,
    "constant": _constant,
    "dim": _dim,
    "arange": _arange,
    "alloc": _alloc,
    "reshape": _reshape,
    "dimshuffle": _dimshuffle,
    "concatenate": _concatenate,
    "subtensor": _subtensor,
    "set_subtensor": _same,
    "inc_subtensor": _same,
    "gather": _gather,
    "scatter_add": _scatter_add,
    "scatter_set": _scatter_add,
    "cumsum": _same,
    "cumprod": _same,
    "cumprod_pairs": _same,
    "sort": _same,
    "argsort": _same,
    "searchsorted": _searchsorted,
    "nonzero": _nonzero,
    "batched_dot": _batched_dot,
    "specify_shape": _same,
}
