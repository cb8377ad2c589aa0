"""What a function takes and gives, made smaller or larger: its block arguments, type and attributes change together."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from xdsl.dialects import builtin as bi
from xdsl.dialects import llvm
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Operation, SSAValue

Change = Callable[[], None]
EMPTY = bi.DictionaryAttr({})


def function_of(op: Operation) -> Operation:
    """The function that an operation stands in."""
    while (parent := op.parent_op()) is not None and parent.name != "builtin.module":
        op = parent
    return op


def add_argument(function: Operation, type: Attribute) -> SSAValue:
    """A new last argument, named like those of a program where there are some; the body of a native entry takes none."""
    if "phi.arguments" in function.attributes:
        raise ValueError("what a native entry takes is fixed")
    block = function.regions[0].blocks[0]
    new = block.insert_arg(type, len(block.args))
    attrs = _attrs(function, "arg_attrs", len(block.args) - 1)
    named = isinstance(type, bi.TensorType | bi.MemRefType) and any("nd.name" in one.data for one in attrs)
    own = bi.DictionaryAttr({"nd.name": bi.StringAttr(f"a{len(attrs)}")}) if named else EMPTY
    _sign(function, arguments=[*attrs, own])
    return new


def droppable_arguments(module: ModuleOp) -> list[Change]:
    """One change for each argument that nothing reads, of functions that are not called."""
    found: list[Change] = []
    for function in _free_functions(module):
        if "phi.arguments" in function.attributes:
            continue
        args = function.regions[0].blocks[0].args
        found += [partial(_drop_argument, function, arg) for arg in args if arg.first_use is None]
    return found


def _drop_argument(function: Operation, argument: Any) -> None:
    number = argument.index
    attrs = _attrs(function, "arg_attrs", len(argument.block.args))
    argument.block.erase_arg(argument)
    results = [_moved(one, number) for one in _result_attrs(function)]
    _sign(function, arguments=attrs[:number] + attrs[number + 1 :], results=results)


def _moved(attrs: bi.DictionaryAttr, dropped: int) -> bi.DictionaryAttr:
    """Attributes of a result, which say by number which argument it updates."""
    update = attrs.data.get("nd.update")
    if not isinstance(update, bi.IntegerAttr) or update.value.data < dropped:
        return attrs
    if update.value.data == dropped:
        raise ValueError("a state that is updated stays")
    return bi.DictionaryAttr({**attrs.data, "nd.update": bi.IntegerAttr(update.value.data - 1, update.type)})


def droppable_results(module: ModuleOp) -> list[Change]:
    """One change for each result of the functions that are not called."""
    found: list[Change] = []
    for function in _free_functions(module):
        if isinstance(function, FuncOp):
            found += [partial(_drop_result, function, number) for number in range(len(function.function_type.outputs.data))]
    return found


def _drop_result(function: FuncOp, number: int) -> None:
    attrs = _result_attrs(function)
    for block in function.body.blocks:
        last = block.last_op
        if last is not None and last.name == "func.return":
            last.operands = [value for place, value in enumerate(last.operands) if place != number]
    outputs = list(function.function_type.outputs.data)
    del outputs[number], attrs[number]
    function.properties["function_type"] = bi.FunctionType.from_lists(list(function.function_type.inputs.data), outputs)
    _sign(function, results=attrs)


def _free_functions(module: ModuleOp) -> list[Operation]:
    """Functions with a body whose name stands nowhere else."""
    from phintys.dialects.text import module_text

    text = module_text(module)
    found = []
    for op in module.body.block.ops:
        name = getattr(op.properties.get("sym_name"), "data", None)
        if name is not None and op.regions and op.regions[0].blocks and text.count(f"@{name}") == 1:
            found.append(op)
    return found


def _attrs(function: Operation, key: str, count: int) -> list[bi.DictionaryAttr]:
    found = function.properties.get(key)
    return list(found.data) if isinstance(found, bi.ArrayAttr) else [EMPTY] * count


def _result_attrs(function: Operation) -> list[bi.DictionaryAttr]:
    count = len(function.function_type.outputs.data) if isinstance(function, FuncOp) else 1
    return _attrs(function, "res_attrs", count)


def _sign(
    function: Operation,
    arguments: list[bi.DictionaryAttr] | None = None,
    results: list[bi.DictionaryAttr] | None = None,
) -> None:
    """Bring the function's type into line with its block, and set attributes of arguments and results."""
    inputs = [argument.type for argument in function.regions[0].blocks[0].args]
    old: Any = function.properties["function_type"]
    if isinstance(old, bi.FunctionType):
        function.properties["function_type"] = bi.FunctionType.from_lists(inputs, list(old.outputs.data))
    else:
        function.properties["function_type"] = llvm.LLVMFunctionType(inputs, old.output, old.is_variadic)
    for key, attrs in (("arg_attrs", arguments), ("res_attrs", results)):
        if attrs is not None and any(one.data for one in attrs):
            function.properties[key] = bi.ArrayAttr(attrs)
        elif attrs is not None:
            function.properties.pop(key, None)
