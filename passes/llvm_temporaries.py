"""Temporaries of the heap in llvm code: a function that fails frees those that it has at that moment, all at one place.

Each has a slot in the frame that holds its address while it lives. What a failure costs in code so does not grow with the
number of places that may fail times the number of temporaries.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from xdsl.dialects import builtin as bi
from xdsl.dialects import llvm
from xdsl.ir import Attribute, Block, Operation, SSAValue

from .llvm_emit import I32, I64, PTR

if TYPE_CHECKING:
    from .convert_loops_to_llvm import FunctionLowering

POINTER_BYTES = 8
NEAR = 512  # bytes of a temporary that is in the frame
ROOM = NEAR + 64  # with what stands before it
ROOMS = 64  # temporaries that have a place there


class Temporaries:
    """Those of one function."""

    def __init__(self, low: FunctionLowering) -> None:
        self.low = low
        self._slots: dict[SSAValue, int] = {}
        self._free: list[int] = []
        self._rooms: list[SSAValue] = []
        self._count = 0
        self._exit: Block | None = None

    def ask(self, size: SSAValue) -> SSAValue:
        """A new one of `size` bytes, a small one in the frame; the function fails where there is no memory."""
        if not self._free:
            self._free.append(self._count)
            self._count += 1
        slot = self._free.pop()
        if slot < ROOMS:
            self.low.declare("phi_alloc_near", [I64, PTR, I64], PTR)
            room = [size, self._room(slot), self.low.e.int(NEAR)]
            pointer: SSAValue = self.low.e.call("phi_alloc_near", room, PTR)
        else:
            self.low.declare("phi_alloc", [I64], PTR)
            pointer = self.low.e.call("phi_alloc", [size], PTR)
        self.low.fail_if_null(pointer)
        self._slots[pointer] = slot
        self._store(pointer, slot)
        return pointer

    def _room(self, slot: int) -> SSAValue:
        """The place in the frame of the temporary in a slot."""
        while len(self._rooms) <= slot:
            self._rooms.append(self.low.e.alloca(bi.i8, ROOM))
        return self._rooms[slot]

    def release(self, pointer: SSAValue) -> None:
        """Free one."""
        e = self.low.e
        slot = self._slots.pop(pointer)
        self._free.append(slot)
        self._store(self._null, slot)
        self.low.declare("phi_free", [PTR], None)
        e.call("phi_free", [pointer], None)

    def leave(self, status: int) -> None:
        """Return a status other than 0, when all are freed."""
        e = self.low.e
        if self._exit is None:
            self._exit = e.new_block([I32])
        e.branch(self._exit, [e.int(status, I32)])

    def finish(self) -> None:
        """Write the place where the function fails, and empty the slots at its start."""
        e = self.low.e
        if self._exit is not None:
            e.block = self._exit
            if self._count:
                self.low.declare("phi_free_all", [PTR, I64], None)
                e.call("phi_free_all", [self._slots_array, e.int(self._count)], None)
            e.effect(llvm.ReturnOp, [self._exit.args[0]])
        if self._count:
            self._size.properties["value"] = bi.IntegerAttr(self._count, 64)
            e.at_start(self._empty)

    def _empty(self) -> None:
        e = self.low.e
        size = e.int(self._count * POINTER_BYTES)
        e.intrinsic("llvm.memset.p0.i64", [self._slots_array, e.int(0, bi.i8), size, e.int(0, bi.i1)], None)

    @cached_property
    def _null(self) -> SSAValue:
        return self.low.e.hoist(llvm.ZeroOp.create(result_types=[PTR]))

    @cached_property
    def _size(self) -> Operation:
        """How many slots there are: known at the end."""
        return llvm.ConstantOp.create(result_types=[I64], properties={"value": bi.IntegerAttr(0, 64)})

    @cached_property
    def _slots_array(self) -> SSAValue:
        e = self.low.e
        properties: dict[str, Attribute] = {"elem_type": PTR, "alignment": bi.IntegerAttr(POINTER_BYTES, 64)}
        return e.hoist(llvm.AllocaOp.create(operands=[e.hoist(self._size)], result_types=[PTR], properties=properties))

    def _store(self, pointer: SSAValue, slot: int) -> None:
        e = self.low.e
        e.store(pointer, e.element(self._slots_array, slot, PTR))
