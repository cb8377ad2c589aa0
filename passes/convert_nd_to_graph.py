"""From `nd` back to the expression graph, to print what the optimizer made as graph text that parses back.

expects   func.func of nd operations and fused regions, in one block each
leaves    the module as it is; the graphs share nothing with it
"""

from __future__ import annotations

from xdsl.dialects import builtin as bi
from xdsl.dialects import func
from xdsl.ir import Operation, SSAValue

from phintys.dialects.convert import from_xdsl, location_text
from phintys.dialects.nd import FusedOp, NdOp, RequireOp
from phintys.ir.checks import Check, CheckedGraph
from phintys.ir.diagnostics import error
from phintys.ir.graph import Graph, Node, Value
from phintys.ir.types import BY_SHORT

from .complex_text import ComplexArgument, as_complex
from .scalar_text import fused_to_node


def module_to_graphs(module: bi.ModuleOp) -> list[Graph]:
    """The graph of each function; DiagnosticError for an operation below the level of `nd`."""
    graphs = []
    for op in module.body.block.ops:
        if not isinstance(op, func.FuncOp):
            raise error(f"graph text holds functions only, not '{op.name}'", name=location_text(op))
        graphs.append(func_to_graph(op))
    return graphs


def func_to_graph(op: func.FuncOp, made: dict[Node, Operation] | None = None) -> Graph:
    """The graph of one function; `made` is told which operation each node stands for."""
    if len(op.body.blocks) != 1:
        raise error(f"graph text holds functions of one block, '{op.sym_name.data}' has {len(op.body.blocks)}")
    block = op.body.block
    attributes = op.arg_attrs.data if op.arg_attrs else [bi.DictionaryAttr({})] * len(block.args)
    values: dict[SSAValue, Value] = {}
    pairs: dict[SSAValue, ComplexArgument] = {}
    arguments: list[Value] = []
    inputs: list[Value] = []
    states: list[Value] = []
    for index, (argument, row) in enumerate(zip(block.args, attributes, strict=True)):
        if not isinstance(argument.type, bi.TensorType):
            help = "graph text ends with the fused level"
            raise error(f"'{op.sym_name.data}' takes a {argument.type}, no tensor", None, help, name=location_text(op))
        name = row.data.get("nd.name")
        text = name.data if isinstance(name, bi.StringAttr) else argument.name_hint or f"arg{index}"
        values[argument] = outer = Value(from_xdsl(argument.type), text)
        if (dtype := _complex_dtype(row)) is not None:
            pairs[argument] = ComplexArgument(outer.type, dtype, text)
            outer = pairs[argument].value
        arguments.append(outer)
        (states if "nd.state" in row.data else inputs).append(outer)
    results: list[Value] = []
    checks: list[Check] = []
    for inner in block.ops:
        if isinstance(inner, func.ReturnOp):
            results = [_operand(operand, values, pairs) for operand in inner.operands]
        elif isinstance(inner, RequireOp):
            condition, *shown = (_operand(operand, values, pairs) for operand in inner.operands)
            loc = location_text(inner) or None
            checks.append(Check(condition, inner.exception, inner.message, tuple(shown), loc))
        else:
            node = _add(inner, values, pairs)
            if made is not None and node is not None:
                made[node] = inner
    outputs, updates = _split_results(op, results, arguments)
    parts = (op.sym_name.data, inputs, outputs, states, updates)
    return CheckedGraph(*parts, checks) if checks else Graph(*parts)


def _complex_dtype(row: bi.DictionaryAttr) -> str | None:
    """The complex dtype that an argument or result has for the caller, where the module has pairs."""
    attr = row.data.get("nd.dtype")
    return BY_SHORT[attr.data] if isinstance(attr, bi.StringAttr) and attr.data.startswith("c") else None


def _operand(operand: SSAValue, values: dict[SSAValue, Value], pairs: dict[SSAValue, ComplexArgument]) -> Value:
    return pairs[operand].pairs() if operand in pairs else values[operand]


def _add(op: Operation, values: dict[SSAValue, Value], pairs: dict[SSAValue, ComplexArgument]) -> Node | None:
    """The node of an operation, whose values are now known."""
    if isinstance(op, NdOp) and op.operands and op.operands[0] in pairs:
        found = pairs[op.operands[0]].read(op.op, op.attrs)
        if found is not None:
            values[op.results[0]] = found
            return found.node
    inputs = [_operand(operand, values, pairs) for operand in op.operands]
    if isinstance(op, FusedOp):
        node: Node = fused_to_node(op, inputs)
    elif isinstance(op, NdOp):
        node = Node(op.op, inputs, op.attrs, loc=location_text(op) or None)
    else:
        raise error(f"'{op.name}' has no spelling in graph text, which ends with the fused level", name=location_text(op))
    for value, result in zip(node.results, op.results, strict=True):
        value.name = result.name_hint
        value.type = from_xdsl(result.type)  # passes may know more sizes than inference
        values[result] = value
    return node


def _split_results(
    op: func.FuncOp, results: list[Value], arguments: list[Value]
) -> tuple[list[Value], list[tuple[Value, Value]]]:
    rows = op.res_attrs.data if op.res_attrs else [bi.DictionaryAttr({})] * len(results)
    outputs: list[Value] = []
    updates: list[tuple[Value, Value]] = []
    for value, row in zip(results, rows, strict=True):
        value = value if _complex_dtype(row) is None else as_complex(value)
        target = row.data.get("nd.update")
        if isinstance(target, bi.IntegerAttr):
            updates.append((arguments[target.value.data], value))
        else:
            outputs.append(value)
    return outputs, updates
