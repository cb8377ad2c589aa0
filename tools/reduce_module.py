"""Reductions on modules of any rung: fewer functions, results and arguments; operations replaced, unwrapped, or gone."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from xdsl.dialects import arith, llvm
from xdsl.dialects import builtin as bi
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.traits import IsTerminator

from phintys.dialects import nd
from phintys.dialects.context import make_context
from phintys.dialects.convert import DYNAMIC, from_xdsl
from phintys.dialects.text import module_text, parse_module

from .opt_reduce import Reduction
from .reduce_regions import droppable_parts
from .reduce_signature import add_argument, droppable_arguments, droppable_results, function_of
from .reduce_text import Check

Units = Callable[[ModuleOp], "list[Any]"]
Act = Callable[[Any], None]  # does it to one unit, or raises


_LOCATION = re.compile(r"\bloc\(")


def module_reductions(check: Check, verify: Callable[[ModuleOp], None], options: argparse.Namespace) -> list[Reduction]:
    """In the order in which they are tried: what takes most away comes first."""

    @lru_cache(maxsize=2)
    def read(text: str) -> ModuleOp:
        return parse_module(text, "<text>", make_context(allow_unregistered=options.unregistered))

    def made(name: str, units: Units, act: Act) -> Reduction:
        def apply(text: str, chosen: range) -> str | None:
            module = read(text).clone()
            try:
                for unit in reversed(units(module)[chosen.start : chosen.stop]):
                    act(unit)
                verify(module)
                return header(text) + module_text(module, locations=_LOCATION.search(text) is not None)
            except Exception:  # half of it may be possible: smaller chunks will tell
                return None

        return Reduction(name, lambda text: len(units(read(text))), apply, check=check)

    return [
        made("functions", lambda module: list(module.body.block.ops), _drop_function),
        made("results", droppable_results, lambda unit: unit()),
        made("unused operations", _operations, _drop_unused),
        made("operations without results", lambda module: [op for op in _operations(module) if not op.results], _erase),
        *(made(f"by {name}", _operations, _replace_by(choose)) for name, choose in CHOICES.items()),
        made("regions", lambda module: [op for op in _operations(module) if op.regions], _unwrap),
        made("parts of loops and fused operations", droppable_parts, lambda unit: unit()),
        made("branches", _branches, _straighten),
        made("arguments", droppable_arguments, lambda unit: unit()),
        made("attributes", _attributes, lambda unit: unit[0].attributes.pop(unit[1])),
    ]


def header(text: str) -> str:
    """The comment lines at the top, which say how a reproducer is replayed."""
    lines = text.splitlines(keepends=True)
    count = next((number for number, line in enumerate(lines) if not line.startswith("//")), len(lines))
    return "".join(lines[:count]) if "phintys-reproducer:" in text else ""


def _operations(module: ModuleOp) -> list[Operation]:
    """What stands in functions, outside first, terminators left out."""
    top = [module, *module.body.block.ops]
    return [op for op in module.walk() if op not in top and not op.has_trait(IsTerminator)]


def _attributes(module: ModuleOp) -> list[tuple[Operation, str]]:
    return [(op, key) for op in module.walk() for key in op.attributes]


def _erase(op: Operation) -> None:
    op.detach()
    op.erase()


def _drop_function(op: Operation) -> None:
    """A function that nothing refers to."""
    name = getattr(op.properties.get("sym_name"), "data", None)
    module = op.parent_op()
    assert module is not None
    if name is not None and module_text(module).count(f"@{name}") > 1:
        raise ValueError(f"@{name} is used")
    _erase(op)


def _drop_unused(op: Operation) -> None:
    if any(result.first_use is not None for result in op.results):
        raise ValueError("used")
    _erase(op)


# --- replacing --------------------------------------------------------------------------------------------------------


def _operand(op: Operation, type: Attribute) -> SSAValue | None:
    return next((value for value in op.operands if value.type == type), None)


def _last_operand(op: Operation, type: Attribute) -> SSAValue | None:
    return next((value for value in reversed(op.operands) if value.type == type), None)


def _argument(op: Operation, type: Attribute) -> SSAValue | None:
    function = function_of(op)
    found = [argument for argument in function.regions[0].blocks[0].args if argument.type == type]
    unused = [argument for argument in found if argument.first_use is None]
    return unused[0] if unused else add_argument(function, type)


def _constant(op: Operation, type: Attribute) -> SSAValue | None:
    new = constant(type, op.name.startswith("llvm."))
    if new is None or op.parent is None:
        return None
    op.parent.insert_ops_before(new, op)
    return new[-1].results[0]


def constant(type: Attribute, native: bool) -> list[Operation] | None:
    """Operations whose last makes a one of that type; None for a type without constants."""
    if isinstance(type, bi.TensorType):
        known = from_xdsl(type)
        if None in known.shape or DYNAMIC in type.get_shape():
            return None
        import numpy as np

        shape = tuple(size or 0 for size in known.shape)
        return [nd.create("constant", [], {"value": np.ones(shape, known.dtype)})]
    value: Any
    if isinstance(type, bi.IntegerType | bi.IndexType):
        value = bi.IntegerAttr(1, type)
    elif isinstance(type, bi.Float32Type | bi.Float64Type):
        value = bi.FloatAttr(1.0, type)
    else:
        return [llvm.ZeroOp.create(result_types=[type])] if isinstance(type, llvm.LLVMPointerType) else None
    return [llvm.ConstantOp(value, type) if native else arith.ConstantOp(value)]


CHOICES: dict[str, Callable[[Operation, Attribute], SSAValue | None]] = {
    "an operand": _operand,
    "its last operand": _last_operand,
    "an argument": _argument,
    "a constant": _constant,
}


def _replace_by(choose: Callable[[Operation, Attribute], SSAValue | None]) -> Act:
    def act(op: Operation) -> None:
        if not op.results or op.name.endswith(".constant"):
            raise ValueError("nothing to replace")
        for result in op.results:
            if result.first_use is not None:
                new = choose(op, result.type)
                if new is None:
                    raise ValueError("nothing of this type")
                result.replace_all_uses_with(new)
        _erase(op)

    return act


# --- regions and branches ---------------------------------------------------------------------------------------------


def _unwrap(op: Operation) -> None:
    """Put the body of an operation in its place: an argument is an operand of its type, a result what the body yields."""
    block = next(region.block for region in op.regions if region.blocks)
    assert op.parent is not None
    for argument in block.args:
        argument.replace_all_uses_with(_first_of(argument.type, op.operands))
    last = block.last_op
    if last is not None and last.has_trait(IsTerminator):
        for result, value in zip(op.results, last.operands, strict=False):
            result.replace_all_uses_with(value)
        _erase(last)
    for inner in list(block.ops):
        inner.detach()
        op.parent.insert_op_before(inner, op)
    _erase(op)


def _first_of(type: Attribute, values: Sequence[SSAValue]) -> SSAValue:
    return next(value for value in values if value.type == type)


def _branches(module: ModuleOp) -> list[tuple[Operation, int]]:
    """Every way out of every branch that has several."""
    return [(op, way) for op in module.walk() if len(op.successors) > 1 for way in range(len(op.successors))]


def _straighten(unit: tuple[Operation, int]) -> None:
    """A conditional branch becomes one that always goes this way; blocks that nothing reaches then go."""
    op, way = unit
    arguments = [op.then_arguments, op.else_arguments][way] if hasattr(op, "then_arguments") else ()  # type: ignore[attr-defined]
    new = _jump(op, op.successors[way], arguments)
    block = op.parent
    assert block is not None and block.parent is not None
    _erase(op)
    block.add_op(new)
    reached = set(_reachable(block.parent.blocks[0]))
    for other in reversed([each for each in block.parent.blocks if each not in reached]):
        block.parent.erase_block(other, safe_erase=False)


def _jump(op: Operation, target: Block, arguments: Sequence[SSAValue]) -> Operation:
    from xdsl.dialects import cf

    cls: type[Operation] = llvm.BrOp if op.name.startswith("llvm.") else cf.BranchOp
    return cls.create(operands=list(arguments), successors=[target])


def _reachable(first: Block) -> Iterator[Block]:
    seen = {first}
    stack = [first]
    while stack:
        block = stack.pop()
        yield block
        last = block.last_op
        for successor in last.successors if last is not None else ():
            if successor not in seen:
                seen.add(successor)
                stack.append(successor)
