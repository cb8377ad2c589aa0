"""`lapack.*` in llvm code: calls with Fortran's ABI, by the argument lists of the dialect's table.

Every argument is an address. Numbers and letters go to slots of the frame; each letter's length follows the arguments, as
Fortran compilers pass it. Work memory is allocated for the call: as much as the table says, or as a first call with a
length of -1 asks for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdsl.dialects import builtin as bi
from xdsl.ir import Operation, SSAValue

from phintys.dialects import lapack

from .llvm_emit import I64, PTR, Int
from .llvm_memory import Descriptor, Scratch, at_least, byte_size

if TYPE_CHECKING:
    from .convert_loops_to_llvm import FunctionLowering

BLOCK = 64  # elements of work memory a row, where the table says `rows`


class _Call:
    """One call of a routine: addresses of its arguments by the words of the table."""

    def __init__(self, low: FunctionLowering, op: lapack.RoutineOp) -> None:
        self.low, self.op, self.row = low, op, op.row
        self.slot = Scratch(low)
        self.values = dict(zip(op.row.operands, op.operands, strict=True))
        self.known: dict[str, SSAValue] = {}
        name = op.name.partition(".")[2]
        self.routine = f"phi_{'s' if op.element_type == bi.f32 else 'd'}{name}"

    def memory(self, name: str) -> Descriptor:
        """The descriptor of an operand."""
        return self.low.memrefs[self.values[name]]

    def size(self, word: str) -> Int:
        """`rows(a)`, `cols(a)`, `size(t)`, or `ld(a)`, which LAPACK wants to be at least 1 and the number of rows."""
        what, _, name = word.rstrip(")").partition("(")
        m = self.memory(name)
        if what == "ld":
            return at_least(self.low, at_least(self.low, m.strides[1], m.sizes[0]), 1)
        return m.sizes[1 if what == "cols" else 0]

    def address(self, word: str) -> SSAValue:
        """Where an argument is; equal words share a slot."""
        if word not in self.known:
            self.known[word] = self._address(word)
        return self.known[word]

    def _address(self, word: str) -> SSAValue:
        if word in self.row.letters:
            return self.slot(ord(self.op.letter(word)))
        if "(" in word:
            return self.slot(self.size(word))
        if word == "one":
            element = self.op.element_type
            return self.slot(self.low.e.constant(bi.FloatAttr(1.0, element), element))
        if word in self.values and self.row.operands[word] == lapack.NUMBER:
            return self.slot(self.low.value(self.values[word]))
        if word in self.values:
            m = self.memory(word)
            return self.low.e.element(m.pointer, m.offset, m.element)
        return self.slot(0)

    def emit(self) -> SSAValue | None:
        """The call, with its work memory; info."""
        e = self.low.e
        asked = "query" in (self.row.work, self.row.integers)
        if asked:
            self._ask()
        held = [
            self._take(name, count, bytes)
            for name, count, bytes in (
                ("work", self._count("work", self.row.work), byte_size(self.op.element_type)),
                ("iwork", self._count("iwork", self.row.integers), 8),
            )
            if count is not None
        ]
        self._call()
        info = e.load(self.known["info"], I64) if self.row.has_info else None
        for pointer in reversed(held):
            self.low.temporaries.release(pointer)
        return info

    def _ask(self) -> None:
        """Call with lengths of -1: the sizes wanted are then at the work memory's places."""
        for word in ("work", "iwork"):
            self.known[word] = self.slot(0)
        for word in ("lwork", "liwork"):
            self.known[word] = self.slot(-1)
        self._call()

    def _count(self, name: str, rule: str) -> Int | None:
        """How many elements of work memory, None for no such argument."""
        e, first = self.low.e, self.low.memrefs[self.op.operands[0]]
        if not rule:
            return None
        if rule == "rows":
            return at_least(self.low, e.mul(first.sizes[0], BLOCK), 1)
        if rule == "smaller":
            smaller = e.intrinsic("llvm.smin.i64", [e.int(size) for size in first.sizes], I64)
            return at_least(self.low, e.mul(smaller, 8), 1)
        if name == "iwork":
            return at_least(self.low, e.load(self.known[name], I64), 1)
        element = self.op.element_type
        wanted = e.load(self.known[name], element)
        return at_least(self.low, e.intrinsic(f"llvm.fptosi.sat.i64.{element}", [wanted], I64), 1)

    def _take(self, name: str, count: Int, bytes: int) -> SSAValue:
        """Work memory of the heap; its address and length become arguments."""
        low, e = self.low, self.low.e
        pointer = low.temporaries.ask(e.int(e.mul(count, bytes)))
        self.known[name] = pointer
        length = f"l{name}"
        if length in self.known:
            e.store(e.int(count), self.known[length])
        else:
            self.known[length] = self.slot(count)
        return pointer

    def _call(self) -> None:
        words = self.row.arguments.split()
        arguments = [self.address(word) for word in words]
        lengths = [self.low.e.int(1)] * sum(word in self.row.letters for word in words)
        self.low.declare(self.routine, [PTR] * len(arguments) + [I64] * len(lengths), None)
        self.low.declare("phi_lapack_team", [bi.i1], None)
        self.low.e.call("phi_lapack_team", [self.low.e.int(1, bi.i1)], None)
        self.low.e.call(self.routine, [*arguments, *lengths], None)
        self.low.e.call("phi_lapack_team", [self.low.e.int(0, bi.i1)], None)


def call(low: FunctionLowering, op: Operation) -> None:
    """Lower one call."""
    assert isinstance(op, lapack.RoutineOp)
    info = _Call(low, op).emit()
    if info is not None:
        low.values[op.results[0]] = info
