"""The interpreter of `nd` for tests, and `function(...)`, which builds a module from Python."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from xdsl.dialects.builtin import FunctionType, ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Region

from phintys.codegen.interpreter import apply_op, evaluate
from phintys.codegen.interpreter_rows import ROWS, Array
from phintys.dialects.convert import from_xdsl, to_xdsl
from phintys.ir.types import TensorType, parse_type
from phintys.passes.nd_builder import Builder, Term

__all__ = ["ROWS", "Array", "apply_op", "evaluate", "function", "gradient", "positions", "result_types"]


def function(types: Sequence[str | TensorType], body: Callable[..., Term | Sequence[Term]]) -> ModuleOp:
    """A module of one function `main`: `body` maps terms of the argument types (`"f64[?, 3]"`) to results."""
    full = [parse_type(type) if isinstance(type, str) else type for type in types]
    block = Block(arg_types=[to_xdsl(type) for type in full])
    end = ReturnOp()
    block.add_op(end)
    b = Builder(end)
    found = body(*(Term(b, arg) for arg in block.args))
    results = [term.value for term in ([found] if isinstance(found, Term) else found)]
    end.operands = results
    types_out = FunctionType.from_lists([arg.type for arg in block.args], [value.type for value in results])
    return ModuleOp([FuncOp("main", types_out, Region(block))])


def result_types(module: ModuleOp) -> list[TensorType]:
    """The result types of a module's first function."""
    func = module.body.block.first_op
    assert isinstance(func, FuncOp)
    return [from_xdsl(type) for type in func.function_type.outputs.data]


def gradient(cost: Term, *wrt: Term) -> list[Term]:
    """`nd.grad` of a scalar term."""
    cost.b.op("grad", cost.value, *(term.value for term in wrt))
    return [Term(cost.b, result) for result in cost.b.created[-1].results]


def positions(shape: Sequence[int]) -> itertools.product[tuple[int, ...]]:
    """All index tuples of a shape."""
    return itertools.product(*(range(size) for size in shape))
