"""What a loop of the host's function is for the threads of a GPU: which of its loops they share, and what each of them does.

Nest.parallel     loops whose iterations are independent, taken together
Nest.serial       loops around them that keep their order (the rows added to a table, of which each column is by itself)
Nest.leaf         what is done for one iteration of all of them; loops in it are of one thread, or shared by a block

A view that is written names each element once, unless a stride is 0: so it is with all that `convert-nd-to-loops` writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from xdsl.dialects import memref, scf
from xdsl.ir import Operation, SSAValue

from phintys.dialects.rt import AssertOp

from .gpu_host import constant_of, is_pure
from .gpu_places import is_scatter
from .gpu_reducers import Reducer, reducers
from .gpu_totals import Scan, find_scan, is_outside
from .loop_facts import Memory, Row, apart, root_of

LONG = 64  # an inner loop that is known to be no longer is not taken apart
NARROW = 32  # an inner loop that is known to be shorter is left to one thread


@dataclass(eq=False)
class Nest:
    """One loop at the top of a function."""

    loop: scf.ForOp
    parallel: list[scf.ForOp]
    serial: list[scf.ForOp]  # of a scatter: the one among `parallel` that goes over the places
    leaf: list[Operation]
    reducers: list[Reducer]
    private: list[SSAValue] = field(default_factory=list)
    by_block: bool = False
    scatter: bool = False
    columns: bool = False
    scan: Scan | None = None

    @property
    def yields(self) -> Sequence[SSAValue]:
        """What the loop carries on."""
        last = self.loop.body.block.last_op
        assert last is not None
        return last.operands if self.loop.results else ()


def find_nest(loop: scf.ForOp, memory: Memory) -> Nest | None:
    """How threads share a loop; None if its iterations have to be run in order."""
    if not _allowed(loop):
        return None
    scan = find_scan([loop], loop)
    if scan is not None:
        return Nest(loop, [], [], [loop], [], scan=scan)
    found = reducers(loop)
    if found is None:
        return None
    levels, leaf = _levels(loop)
    private = [root for root in _written(loop) if is_private(root, loop)]
    free = [independent(level, loop, memory, private) for level in levels]
    if not all(free) and (loop.results or private or not _views_outside(loop)):
        return None
    parallel = [level for level, is_free in zip(levels, free, strict=True) if is_free]
    serial = [level for level in levels if level not in parallel]
    if serial and _one_buffer(leaf) and is_scatter(leaf, serial):
        return Nest(loop, levels, serial, leaf, found, scatter=True)
    if not parallel:
        return None
    nest = Nest(loop, parallel, serial, leaf, found, private)
    if not (serial or found or private):
        nest.scan = find_scan(leaf, loop)
    nest.by_block = _is_for_blocks(nest, memory)
    nest.columns = not nest.by_block and is_for_columns(nest)
    return None if private and not nest.by_block else nest


def _one_buffer(leaf: Sequence[Operation]) -> bool:
    """Whether all that is written is one buffer, seen in one way."""
    written = {root_of(op.memref) for op in leaf if isinstance(op, memref.StoreOp)}
    seen = {op.memref for op in leaf if isinstance(op, memref.LoadOp | memref.StoreOp) and root_of(op.memref) in written}
    return len(seen) == 1


def _allowed(loop: scf.ForOp) -> bool:
    """Whether a kernel can do everything that is in a loop."""
    for op in loop.walk():
        known = op.name.startswith(("scf.", "memref.load", "memref.store", "memref.reinterpret_cast", "memref.dim"))
        if not known and not is_pure(op) and not isinstance(op, AssertOp):
            return False
    return True


def _levels(loop: scf.ForOp) -> tuple[list[scf.ForOp], list[Operation]]:
    """Loops one in another, and what the innermost does; what stands before an inner loop can be done again in it."""
    levels, leaf = [loop], list[Operation]()
    written = _written(loop)
    while True:
        *ops, _ = levels[-1].body.block.ops
        inner = ops[-1] if ops else None
        fits = isinstance(inner, scf.ForOp) and not inner.results and not levels[-1].results
        if not fits or not all(_may_sink(op, written) for op in ops[:-1]) or not _starts_outside(inner, loop):
            return levels, leaf + ops
        assert isinstance(inner, scf.ForOp)
        levels.append(inner)
        leaf += ops[:-1]


def _may_sink(op: Operation, written: set[SSAValue]) -> bool:
    if isinstance(op, memref.LoadOp):
        return root_of(op.memref) not in written
    return not op.regions and (is_pure(op) or isinstance(op, AssertOp | memref.ReinterpretCastOp | memref.DimOp))


def _starts_outside(op: Operation | None, loop: scf.ForOp) -> bool:
    assert isinstance(op, scf.ForOp)
    return all(is_outside(value, loop) for value in (op.lb, op.ub, op.step))


def _written(op: Operation) -> set[SSAValue]:
    return {root_of(inner.memref) for inner in op.walk() if isinstance(inner, memref.StoreOp)}


def _views_outside(loop: scf.ForOp) -> bool:
    """Whether what a loop writes are views that do not change from one iteration to the next."""
    return all(is_outside(inner.memref, loop) for inner in loop.walk() if isinstance(inner, memref.StoreOp))


def is_private(root: SSAValue, loop: scf.ForOp) -> bool:
    """Whether a buffer is a temporary of the loop's iterations: each fills it anew, and nobody else uses it."""
    op = root.owner
    if not isinstance(op, memref.AllocOp) or op.parent is not loop.parent:
        return False
    for use in root.uses:
        user = use.operation
        if isinstance(user, memref.DeallocOp) and user.parent is loop.parent:
            continue
        if not isinstance(user, memref.LoadOp | memref.StoreOp) or is_outside(user.operands[use.index], loop) is False:
            return False
        if not _under_loops(user, loop):
            return False
    return True


def _under_loops(op: Operation, loop: scf.ForOp) -> bool:
    parent = op.parent_op()
    while isinstance(parent, scf.ForOp) and parent is not loop:
        parent = parent.parent_op()
    return parent is loop


def rows(ops: Iterable[Operation], loop: scf.ForOp, memory: Memory) -> dict[SSAValue, tuple[set[Row | None], bool]]:
    """For each buffer that the operations touch, the rows of `loop` in which they do, and whether they write."""
    found: dict[SSAValue, tuple[set[Row | None], bool]] = {}
    variable = loop.body.block.args[0]
    for op in ops:
        if not isinstance(op, memref.LoadOp | memref.StoreOp):
            continue
        root, view = root_of(op.memref), memory.view(op.memref)
        own = [axis for axis, index in enumerate(op.indices) if index is variable]
        row = (view, own[0]) if view is not None and len(own) == 1 and 0 not in view.strides else None
        known, writes = found.setdefault(root, (set(), False))
        known.add(row)
        found[root] = known, writes or isinstance(op, memref.StoreOp)
    return found


def independent(loop: scf.ForOp, around: scf.ForOp, memory: Memory, private: Sequence[SSAValue] = ()) -> bool:
    """Whether no iteration of a loop touches what another writes, in all that `around` does."""
    for root, (own, writes) in rows(around.walk(), loop, memory).items():
        if writes and root not in private and not apart(own):
            return False
    return bool(constant_of(loop.step) == 1)


# --- a block an iteration, or a thread --------------------------------------------------------------------------------


def _is_for_blocks(nest: Nest, memory: Memory) -> bool:
    """Whether a block of threads shares each iteration: its loops run along memory and are not known to be short."""
    inner = [op for op in nest.leaf if isinstance(op, scf.ForOp)]
    if not inner or nest.serial or not all(_is_shared_well(op, nest, memory) for op in nest.leaf):
        return False
    if nest.private:
        return True
    trips = [trip(op) for op in inner]
    if all(count is not None and count < NARROW for count in trips):
        return False
    return _along(inner, nest, memory)


def is_for_columns(nest: Nest) -> bool:
    """Whether each iteration is one reduction that may be long, with nothing written before it."""
    loops = [op for op in nest.leaf if op.regions]
    if len(loops) != 1 or nest.serial or nest.reducers or any(isinstance(op, AssertOp) for op in nest.loop.walk()):
        return False
    loop = loops[0]
    if not isinstance(loop, scf.ForOp) or not loop.results or not reducers(loop):
        return False
    count = trip(loop)
    place = nest.leaf.index(loop)
    writes = [*nest.leaf[:place], *loop.body.walk()]
    starts = is_outside(loop.ub, nest.loop) and constant_of(loop.lb) == 0 and constant_of(loop.step) == 1
    return starts and (count is None or count > LONG) and not any(isinstance(op, memref.StoreOp) for op in writes)


def trip(op: scf.ForOp) -> int | None:
    """How many iterations a loop has, where that is known."""
    low, high = constant_of(op.lb), constant_of(op.ub)
    return None if low is None or high is None else int(high - low)


def _is_shared_well(op: Operation, nest: Nest, memory: Memory) -> bool:
    if isinstance(op, scf.ForOp):
        return reducers(op) is not None and independent(op, op, memory)
    return not op.regions or is_pure(op)


def _along(inner: Sequence[scf.ForOp], nest: Nest, memory: Memory) -> bool:
    """Whether more accesses in the inner loops go along memory with the inner loop's variable than with the outer one's."""
    votes = 0
    outer = nest.parallel[-1].body.block.args[0]
    for loop in inner:
        variable = loop.body.block.args[0]
        for op in loop.walk():
            if isinstance(op, memref.LoadOp | memref.StoreOp):
                along = _unit_index(op, memory)
                votes += (along is variable) - (along is outer)
    return votes >= 0


def _unit_index(op: memref.LoadOp | memref.StoreOp, memory: Memory) -> SSAValue | None:
    """The index along which neighbours in memory lie."""
    view = memory.view(op.memref)
    if view is None or not op.indices:
        return None
    return next((index for index, stride in zip(op.indices, view.strides, strict=True) if stride == 1), None)
