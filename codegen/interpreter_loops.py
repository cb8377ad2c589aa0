"""The level of loops, executed in Python: what `scf`, `memref`, `arith`, `math` and the calls of libraries mean.

`evaluate(module, *arrays)` writes a Python program of a module, a statement for each operation, and runs it on copies:
`%5 = arith.addf %3, %4 : f64` is `v5 = v3 + v4` on NumPy's numbers. No pass and no compiler is in between, so that a module
before a pass and one after it can be told apart. Memory is checked: an index out of bounds, a view beyond its buffer is a
BadAccess, and what nobody has written is NaN. Loops that threads would share run backwards, which must not matter.

It takes about 0.2 µs for an operation; TooLong is raised beyond a limit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from xdsl.dialects import builtin as bi
from xdsl.dialects import func, memref
from xdsl.dialects.builtin import ModuleOp

from phintys.passes.llvm_interface import arguments_text, results_text

from . import interpreter_memory as memory
from .interface import Argument, Result
from .loop_writer import LoopWriter, symbol
from .scalar_writer import CannotInterpret, ScalarWriter, numpy_type

Array = np.ndarray[Any, Any]
LIMIT = 1_000_000  # operations: a fifth of a second


class TooLong(CannotInterpret):
    """More operations than was allowed."""


class LoopProgram:
    """A module of loops as a Python program. CannotInterpret when an operation has no row."""

    def __init__(self, module: ModuleOp, limit: int = LIMIT) -> None:
        self.limit, self.left = limit, limit
        functions = [op for op in module.ops if isinstance(op, func.FuncOp) and op.body.blocks]
        (self.main,) = [op for op in functions if getattr(op.sym_visibility, "data", "public") != "private"]
        self.namespace: dict[str, Any] = {
            **{
                name: getattr(memory, name)
                for name in ("alloc", "poison", "view", "retype", "outside", "gemm", "lanes", "inserted")
            },
            "spend": self.spend,
            **{symbol(op.sym_name.data): None for op in functions},
        }
        for op in module.ops:
            if isinstance(op, memref.GlobalOp):
                self.namespace[symbol(op.sym_name.data)] = _constant(op)
        writers = [LoopWriter(op, self.namespace) for op in functions]
        self.namespace |= {name: value for name, value in ScalarWriter("").namespace.items() if name not in self.namespace}
        self.text = "\n".join(writer.write() for writer in writers)
        self.arguments = [Argument.parse(text) for text in arguments_text(self.main)]

    def spend(self, operations: int) -> None:
        """Count operations; TooLong when there have been too many."""
        self.left -= operations
        if self.left < 0:
            raise TooLong(f"more than {self.limit} operations, which the interpreter of loops was not given the time for")

    def __call__(self, *arrays: Array) -> list[Array]:
        """Outputs and new states. BadAccess for memory that must not be touched."""
        exec(compile(self.text, "<loops>", "exec"), self.namespace)
        self.left = self.limit
        block = self.main.body.block
        types = [argument.type for argument in self.arguments]
        given = [memory.as_memory(array, type) for array, type in zip(arrays, types, strict=True)]
        last = block.last_op
        assert last is not None
        results = [Result.parse(text) for text in results_text(self.main, last.operands)]
        try:
            with np.errstate(all="ignore"):
                found = self.namespace[symbol(self.main.sym_name.data)](*(part for pair in given for part in pair))
        except Exception as error:
            before = [memory.as_memory(array, type)[0] for array, type in zip(arrays, types, strict=True)]
            memory.check_intact(self.arguments, before, [own for own, _ in given], error)
            if isinstance(error, IndexError) and "out of bounds for axis" in str(error):  # NumPy's: no check of the program
                raise memory.BadAccess(str(error)) from None
            raise
        final = [result.type or types[result.argument or 0] for result in results]
        return [memory.from_memory(array, type) for array, type in zip(found, final, strict=True)]


def _constant(op: memref.GlobalOp) -> Array:
    """The elements of a constant, flat."""
    value = op.initial_value
    assert isinstance(value, bi.DenseIntOrFPElementsAttr) and isinstance(op.type, bi.MemRefType)
    own = np.dtype(numpy_type(op.type.element_type))
    found = np.frombuffer(value.data.data, own)
    count = int(np.prod(op.type.get_shape(), dtype=int))
    return np.array(np.broadcast_to(found, count) if found.size == 1 else found)


def evaluate_loops(module: ModuleOp, *arrays: Array, limit: int = LIMIT) -> list[Array]:
    """Outputs and new states of a module of loops, computed in Python."""
    return LoopProgram(module, limit)(*arrays)
