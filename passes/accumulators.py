"""Accumulators of the innermost reduced loop: what is carried along a block of it, and how a block's result joins the total.

    registers     outside of the loop    from block to block        inside of a block
    Plain         value                  value                      value
    BlockedSum    total                  total, what rounding took  sum of the block
    Extremum      value                  value, whether NaN came    value, whether NaN came
    Position      best, its position     best, its position         extremum of the block
    OneByOne      value (and position)   the same                   the same, combined one by one

A sum of floats is added in blocks, each in vector lanes; the rounding error of adding a block is kept beside the total (Knuth's
two-sum; Ogita, Rump, Oishi, Accurate sum and dot product, 2005). Processors compare without NaN; an extremum watches for
it beside. A position is looked for only in a block that has something better than all blocks before.

A loop over blocks says in an attribute what it carries (`TOTALS`): `parallelize` runs parts of it side by side, each from the
neutral elements on, and merges what they carried in the order of the parts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from phintys.ir.types import DTYPES

from .combiners import OPERATIONS, Reduction, two_sum
from .control import branch
from .emit import Emitter

TOTALS = "phi.totals"  # attribute of a loop: the `label` of each accumulator whose registers it carries, in order
Registers = list[SSAValue]
Matches = Callable[[Emitter, SSAValue], SSAValue]
Find = Callable[[Emitter, Matches], SSAValue]  # the row-major position of the first element of the block that matches


class Plain:
    """One combination after the other."""

    name = "plain"
    blocked = False
    widths = (1, 1, 1)  # registers outside, from block to block, inside

    def __init__(self, r: Reduction) -> None:
        self.r = r

    @property
    def label(self) -> str:
        """What `labelled` makes an accumulator of the same kind of."""
        return f"{self.name} {self.r.combiner} {self.r.dtype}"

    def widen(self, e: Emitter, outside: Registers) -> Registers:
        """Registers carried from block to block, before the first."""
        return outside

    def restart(self, e: Emitter, carried: Registers) -> Registers:
        """Registers at the start of a block."""
        return carried

    def combine(self, e: Emitter, inside: Registers, value: SSAValue, position: SSAValue | None) -> Registers:
        """One more value; `position` is given to `OneByOne` only."""
        return self.r.combine(e, inside, value, position)

    def join(self, e: Emitter, carried: Registers, inside: Registers, find: Find) -> Registers:
        """The end of a block."""
        return inside

    def narrow(self, e: Emitter, carried: Registers) -> Registers:
        """What is left after the last block."""
        return carried

    def merge(self, e: Emitter, carried: Registers, later: Registers) -> Registers:
        """What two loops carried, the second of which goes on where the first ended but began with neutral elements."""
        return self.r.combine(e, carried, later[0], later[1] if self.r.by_position else None)


class BlockedSum(Plain):
    """A sum of floats."""

    name = "sum"
    blocked = True
    widths = (1, 2, 1)

    def widen(self, e: Emitter, outside: Registers) -> Registers:
        """Nothing is lost yet."""
        return [*outside, *self.r.initial(e)]

    def restart(self, e: Emitter, carried: Registers) -> Registers:
        """A block begins with zero."""
        return self.r.initial(e)

    def join(self, e: Emitter, carried: Registers, inside: Registers, find: Find) -> Registers:
        """Add the block's sum."""
        return two_sum(e, carried[0], carried[1], inside[0])

    def merge(self, e: Emitter, carried: Registers, later: Registers) -> Registers:
        """Add the totals, and what was lost in both and in this."""
        total, lost = two_sum(e, carried[0], carried[1], later[0])
        return [total, e.op(arith.AddfOp, [lost, later[1]])]

    def narrow(self, e: Emitter, carried: Registers) -> Registers:
        """The total with what it lost; an infinite total has lost NaN."""
        total, lost = carried
        return [e.select(e.fcmp("ord", lost, lost), e.op(arith.AddfOp, [total, lost]), total)]


class Extremum(Plain):
    """The largest or smallest float, NaN if there is one."""

    name = "extremum"
    widths = (1, 2, 2)

    def widen(self, e: Emitter, outside: Registers) -> Registers:
        """Whether NaN is what the loop begins with."""
        return [outside[0], is_nan(e, outside[0])]

    def combine(self, e: Emitter, inside: Registers, value: SSAValue, position: SSAValue | None) -> Registers:
        """What the comparison of a NaN gives does not matter: the other register decides then."""
        best = e.without_nan(arith.MaxnumfOp if self.r.combiner.endswith("max") else arith.MinnumfOp, inside[0], value)
        return [best, e.op(arith.OrIOp, [inside[1], is_nan(e, value)])]

    def merge(self, e: Emitter, carried: Registers, later: Registers) -> Registers:
        """The better of two, whatever it is where NaN came."""
        best, came = self.combine(e, carried, later[0], None)
        return [best, e.op(arith.OrIOp, [came, later[1]])]

    def narrow(self, e: Emitter, carried: Registers) -> Registers:
        """NaN, or the extremum."""
        return [e.select(carried[1], e.constant(float("nan"), carried[0].type), carried[0])]


class Position(Plain):
    """Where the extremum stands first (of floats: or the first NaN)."""

    name = "position"
    blocked = True
    widths = (2, 2, 1)

    def __init__(self, r: Reduction) -> None:
        super().__init__(r)
        kind = DTYPES[r.dtype].kind
        combiner = {"argmax": "or", "argmin": "and"}[r.combiner] if kind == "b" else r.combiner.removeprefix("arg")
        value = Reduction(r.number, combiner, r.dtype, [])
        self.is_float = kind == "f"
        self.extremum = Extremum(value) if self.is_float else Plain(value)
        self.widths = (2, 2, self.extremum.widths[2])

    def restart(self, e: Emitter, carried: Registers) -> Registers:
        """The extremum of the block alone."""
        return self.extremum.widen(e, self.extremum.r.initial(e))

    def combine(self, e: Emitter, inside: Registers, value: SSAValue, position: SSAValue | None) -> Registers:
        """See `Extremum`."""
        return self.extremum.combine(e, inside, value, None)

    def join(self, e: Emitter, carried: Registers, inside: Registers, find: Find) -> Registers:
        """Look for the position of a block's extremum that is better than what came before."""
        (found,) = self.extremum.narrow(e, inside)

        def equal(e: Emitter, value: SSAValue) -> SSAValue:
            return e.fcmp("oeq", value, found) if self.is_float else e.icmp("eq", value, found)

        def search(e: Emitter, old: Sequence[SSAValue]) -> Registers:
            if not self.is_float:
                return [found, find(e, equal)]
            nan = branch(e, is_nan(e, found), lambda e, _: [find(e, is_nan)], old[1:])
            return [found, *branch(e, e.fcmp("ord", found, found), lambda e, _: [find(e, equal)], nan)]

        return branch(e, self.r.better(e, found, carried[0]), search, carried)


def is_nan(e: Emitter, value: SSAValue) -> SSAValue:
    """Whether a float is NaN."""
    return e.fcmp("uno", value, value)


def accumulator(r: Reduction, several_blocks: bool, overwrites: bool) -> Plain:
    """The accumulator of a reduction whose reduced loops are innermost.

    `several_blocks`: they may be longer than a block. `overwrites`: the loop writes over what it reads, so that a value
    cannot be computed again in the search for its position.
    """
    if r.by_position:
        return OneByOne(r) if overwrites else Position(r)
    if DTYPES[r.dtype].kind == "f":
        if r.combiner in ("max", "min"):
            return Extremum(r)
        if r.combiner == "add" and several_blocks:
            return BlockedSum(r)
    return Plain(r)


class OneByOne(Plain):
    """Each value is compared with its position at hand: totals in memory, or values that cannot be computed again."""

    name = "one-by-one"

    def __init__(self, r: Reduction) -> None:
        super().__init__(r)
        self.widths = (2, 2, 2) if r.by_position else (1, 1, 1)


def labelled(text: str) -> Plain | None:
    """The accumulator that a label describes; None for any other text."""
    _, _, rest = text.partition(" ")
    combiner, _, dtype = rest.partition(" ")
    row = DTYPES.get(dtype)
    if row is None or (combiner, row.kind) not in _COMBINED:
        return None
    r = Reduction(0, combiner, dtype, [])
    choices = [accumulator(r, several, overwrites) for several in (True, False) for overwrites in (False, True)]
    return next((a for a in choices if a.label == text), None)


_COMBINED = {*OPERATIONS, *((f"arg{best}", kind) for best in ("max", "min") for kind in "bif")}
