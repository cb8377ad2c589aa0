"""Which operations are fused: a greedy walk that joins every operation to the unit of its operands where that is legal.

A unit is one operation left alone, or a set over one iteration space. Joining is legal when no path leaves the unit and comes
back (a value reduced in a unit is complete only after it). Every result is computed once; what others need is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from xdsl.ir import Block, Operation, SSAValue

from phintys.dialects.convert import from_xdsl
from phintys.dialects.nd import NdOp

from .dims import Dim, Dims, Shape, find

MAX_MEMBERS = 128  # LLVM's time per loop grows faster than its length


@dataclass(eq=False)
class Unit:
    """Operations that are emitted together, in their original order."""

    number: int
    members: list[NdOp]
    fused: bool
    space: Shape = ()
    axes: tuple[int, ...] | None = None  # reduced axes, once a reduction is a member
    reach: int = 0  # bit set of the units it depends on, transitively
    merged_into: Unit | None = None
    reads: set[SSAValue] = field(default_factory=set)
    users: list[Unit] = field(default_factory=list)  # that read a result of a member themselves


class _Planner:
    def __init__(self, block: Block, largest: int) -> None:
        self.block = block
        self.largest = largest
        self.dims = Dims(block.args)
        self.units: list[Unit] = []
        self.unit_of: dict[SSAValue, Unit] = {}
        self.readers: dict[SSAValue, list[Unit]] = {}

    def run(self) -> list[Unit]:
        for op in self.block.ops:
            self.dims.visit(op)
            self._bypass_allocs(op)
            space = self._space(op)
            unit = Unit(len(self.units), [op], space is not None)
            self.units.append(unit)
            self._depend(unit, op)
            if space is not None:
                assert isinstance(op, NdOp)
                unit.space = space
                unit.axes = op.attrs["axes"] if op.row.family == "reduction" else None
                unit.reads = {value for value in op.operands if from_xdsl(value.type).ndim}
                for other in self._candidates(unit, op):
                    unit = self._join(unit, other)
            for value in op.results:
                self.unit_of[value] = unit
            for value in unit.reads:
                self.readers.setdefault(value, []).append(unit)
        return self._ordered()

    def _bypass_allocs(self, op: Operation) -> None:
        """Read what an alloc repeats, rather than the repetition, where the other operands span the space anyhow."""
        if not isinstance(op, NdOp) or op.row.family != "elementwise":
            return
        allocs = [k for k, value in enumerate(op.operands) if _is_alloc(value)]
        others = [value for value in op.operands if not _is_alloc(value)]
        spanned = [dims for dims in map(self.dims.__getitem__, others) if len(dims) == from_xdsl(op.results[0].type).ndim]
        if any(_same_space(dims, self.dims[op.results[0]]) for dims in spanned):
            for k in allocs:
                op.operands[k] = op.operands[k].owner.operands[0]  # type: ignore[union-attr]

    def _space(self, op: Operation) -> Shape | None:
        """Iteration space of a fusable operation."""
        if not isinstance(op, NdOp) or op.row.family not in ("elementwise", "reduction"):
            return None
        value = op.operands[0] if op.row.family == "reduction" else op.results[0]
        return self.dims[value] or None

    def _depend(self, unit: Unit, op: Operation) -> None:
        """Note what a new unit depends on."""
        sources = (self.unit_of[value] for value in _operands(op) if value in self.unit_of)
        for source in dict.fromkeys(map(_root, sources)):
            unit.reach |= source.reach | 1 << source.number
            source.users.append(unit)

    def _candidates(self, unit: Unit, op: NdOp) -> Iterable[Unit]:
        """Units that compute an operand, then units that read one."""
        for value in op.operands:
            if value in self.unit_of:
                yield self.unit_of[value]
        for value in unit.reads:
            if value in self.readers:  # what was merged is one reader, or a value that all read would cost a square
                merged = dict.fromkeys(map(_root, self.readers[value]))
                self.readers[value] = [other for other in merged if len(other.members) < self.largest]
                yield from self.readers[value]

    def _join(self, unit: Unit, other: Unit) -> Unit:
        """Merge `unit` into `other` where that is legal; the unit that holds the members of `unit` afterwards."""
        unit, other = _root(unit), _root(other)
        if unit is other or not self._legal(unit, other):
            return unit
        other.members.extend(unit.members)
        other.reads |= unit.reads
        other.axes = other.axes if unit.axes is None else unit.axes
        other.users += unit.users
        other.reach = (other.reach | unit.reach) & ~(1 << other.number | 1 << unit.number)
        unit.merged_into = other
        _spread(other)
        return other

    def _legal(self, unit: Unit, other: Unit) -> bool:
        if not other.fused or len(unit.members) + len(other.members) > self.largest:
            return False
        if not _same_space(unit.space, other.space) or (None not in (unit.axes, other.axes) and unit.axes != other.axes):
            return False
        return not (self._blocked(unit, other) or self._blocked(other, unit))

    def _blocked(self, unit: Unit, other: Unit) -> bool:
        """Whether `unit` needs `other` complete: by one of its reductions, or through a third unit."""
        bit = 1 << other.number
        if not unit.reach & bit:
            return False
        members = set(other.members)
        for op in unit.members:
            for value in op.operands:
                source = self.unit_of.get(value)
                if source is None:
                    continue
                source = _root(source)
                if source is other:
                    owner = value.owner
                    if isinstance(owner, NdOp) and owner in members and owner.row.family == "reduction":
                        return True
                elif source is not unit and source.reach & bit:
                    return True
        return False

    def _ordered(self) -> list[Unit]:
        """Units after what they depend on, else in the original order; those that wait for a later one come in another turn."""
        positions = {op: k for k, op in enumerate(self.block.ops)}
        alive = [unit for unit in self.units if unit.merged_into is None]
        needs = {}
        for unit in alive:
            unit.members.sort(key=positions.__getitem__)
            needs[unit] = self._needs(unit)
        turns: dict[Unit, int] = {}
        for unit in _needed_first(alive, needs):
            turns[unit] = max((turns[other] + (other.number > unit.number) for other in needs[unit]), default=0)
        return sorted(alive, key=lambda unit: (turns[unit], unit.number))

    def _needs(self, unit: Unit) -> set[Unit]:
        """The units that compute what `unit` reads."""
        values = (value for op in unit.members for value in _operands(op))
        return {_root(self.unit_of[value]) for value in values if value in self.unit_of} - {unit}


def _is_alloc(value: SSAValue) -> bool:
    return isinstance(value.owner, NdOp) and value.owner.op == "alloc"


def _operands(op: Operation) -> Iterable[SSAValue]:
    """Operands of an operation and of everything nested in it."""
    yield from op.operands
    for region in op.regions:
        for inner in region.walk():
            yield from inner.operands


def _root(unit: Unit) -> Unit:
    while unit.merged_into is not None:
        unit = unit.merged_into
    return unit


def _spread(unit: Unit) -> None:
    """Let all that depends on a unit depend on what it depends on now; who does already has told its own users."""
    pending = [unit]
    while pending:
        source = pending.pop()
        reach = source.reach | 1 << source.number
        source.users = list(dict.fromkeys(map(_root, source.users)))
        for user in source.users:
            if user is not source and user.reach | reach != user.reach:
                user.reach |= reach
                pending.append(user)


def _needed_first(units: Sequence[Unit], needs: Mapping[Unit, set[Unit]]) -> Iterator[Unit]:
    """Every unit after those that it needs."""
    users: dict[Unit, list[Unit]] = {unit: [] for unit in units}
    for unit in units:
        for other in needs[unit]:
            users[other].append(unit)
    missing = {unit: len(needs[unit]) for unit in units}
    ready = [unit for unit in units if not missing[unit]]
    for unit in ready:  # which grows meanwhile
        yield unit
        for user in users[unit]:
            missing[user] -= 1
            if not missing[user]:
                ready.append(user)
    assert len(ready) == len(units), "fusion made a cycle"


def _same_space(a: Shape, b: Shape) -> bool:
    """Whether two iteration spaces are known to be the same."""

    def same(x: Dim, y: Dim) -> bool:
        x, y = find(x), find(y)
        return x is y or (isinstance(x, int) and x == y)

    return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))


def plan(block: Block, largest: int = MAX_MEMBERS) -> list[Unit]:
    """Units of a function's block, of at most `largest` operations, in the order in which to emit them."""
    return _Planner(block, largest).run()
