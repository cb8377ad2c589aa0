"""How values are combined: one operation for each combiner and kind of dtype, its neutral element, and accumulators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects import arith
from xdsl.dialects import builtin as bi
from xdsl.ir import Operation, SSAValue

from phintys.dialects.convert import scalar_type
from phintys.ir.types import DTYPES

from .buffers import Buffer
from .emit import Emitter

OPERATIONS: dict[tuple[str, str], type[Operation]] = {
    ("add", "f"): arith.AddfOp,
    ("add", "i"): arith.AddiOp,
    ("add", "u"): arith.AddiOp,
    ("add", "b"): arith.OrIOp,
    ("mul", "b"): arith.AndIOp,
    ("mul", "f"): arith.MulfOp,
    ("mul", "i"): arith.MuliOp,
    ("mul", "u"): arith.MuliOp,
    ("max", "f"): arith.MaximumfOp,
    ("max", "i"): arith.MaxSIOp,
    ("max", "u"): arith.MaxUIOp,
    ("min", "f"): arith.MinimumfOp,
    ("min", "i"): arith.MinSIOp,
    ("min", "u"): arith.MinUIOp,
    ("and", "b"): arith.AndIOp,
    ("or", "b"): arith.OrIOp,
}
NO_IDENTITY = {"max": "maximum", "min": "minimum", "argmax": "argmax", "argmin": "argmin"}


def identity(combiner: str, dtype: str) -> float | int:
    """The neutral element of a combiner."""
    row = DTYPES[dtype]
    low, high = {
        "f": (float("-inf"), float("inf")),
        "i": (-(2 ** (row.bits - 1)), 2 ** (row.bits - 1) - 1),
        "u": (0, 2**row.bits - 1),
        "b": (0, 1),
    }[row.kind]
    table: dict[str, float | int] = {
        "add": 0,
        "mul": 1,
        "and": 1,
        "or": 0,
        "max": low,
        "min": high,
        "argmax": low,
        "argmin": high,
    }
    return table[combiner]


@dataclass(eq=False)
class Reduction:
    """One combined result: its accumulators live in registers or, between visits, in `memory`."""

    number: int  # which yielded value
    combiner: str
    dtype: str  # of the value that is compared or added
    memory: list[Buffer]

    @property
    def by_position(self) -> bool:
        """Whether the result is where the best value stands."""
        return self.combiner.startswith("arg")

    def initial(self, e: Emitter) -> list[SSAValue]:
        """Accumulators before the first value: the neutral element, and a position."""
        start = e.constant(identity(self.combiner, self.dtype), scalar_type(self.dtype))
        return [start, e.constant(0, bi.i64)] if self.by_position else [start]

    def combine(
        self, e: Emitter, accumulators: Sequence[SSAValue], value: SSAValue, position: SSAValue | None
    ) -> list[SSAValue]:
        """Accumulators after one more value."""
        kind = DTYPES[self.dtype].kind
        if not self.by_position:
            return [e.reassociated(OPERATIONS[self.combiner, kind], accumulators[0], value)]
        assert position is not None
        better = self.better(e, value, accumulators[0])
        return [e.select(better, value, accumulators[0]), e.select(better, position, accumulators[1])]

    def better(self, e: Emitter, value: SSAValue, best: SSAValue) -> SSAValue:
        """Whether `value` takes the place of `best`: strictly better, or the first NaN (NumPy's rule)."""
        less, kind = self.combiner == "argmin", DTYPES[self.dtype].kind
        if kind != "f":
            signed = kind == "i"
            return e.icmp(("slt" if signed else "ult") if less else ("sgt" if signed else "ugt"), value, best)
        better = e.fcmp("olt" if less else "ogt", value, best)
        first_nan = e.op(arith.AndIOp, [e.fcmp("uno", value, value), e.fcmp("ord", best, best)])
        return e.op(arith.OrIOp, [better, first_nan])


def two_sum(e: Emitter, total: SSAValue, lost: SSAValue, term: SSAValue) -> list[SSAValue]:
    """`total + term`, and `lost` with the rounding error of that addition."""
    new = e.op(arith.AddfOp, [total, term])
    part = e.op(arith.SubfOp, [new, total])
    of_total = e.op(arith.SubfOp, [total, e.op(arith.SubfOp, [new, part])])
    error = e.op(arith.AddfOp, [of_total, e.op(arith.SubfOp, [term, part])])
    return [new, e.op(arith.AddfOp, [lost, error])]
