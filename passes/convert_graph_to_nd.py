"""From expression graph to `nd`: one operation for each node, with the casts that `nd` wants to be explicit.

expects   a graph whose free values are its inputs and states; dtypes may be mixed as the frontend's rules allow
leaves    func.func of nd operations; arguments carry nd.name and nd.state, results that are new states nd.update

graph f(x: f64[?], n: i32) { return x / n }

func.func @f(%x: tensor<?xf64> {nd.name = "x"}, %n: tensor<i32> {nd.name = "n"}) -> tensor<?xf64> {
  %0 = nd.cast %n {dtype = "f64"} : (tensor<i32>) -> tensor<f64>
  %1 = nd.div %x, %0 : (tensor<?xf64>, tensor<f64>) -> tensor<?xf64>
  func.return %1 : tensor<?xf64>
}
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from xdsl.dialects import builtin as bi
from xdsl.dialects import func
from xdsl.ir import Block, Operation, Region, SSAValue

from phintys.dialects.convert import encode_attrs, integer, location, string, to_xdsl
from phintys.dialects.nd import CLASSES, RequireOp
from phintys.ir.checks import checks_of
from phintys.ir.diagnostics import error
from phintys.ir.graph import Graph, Node, Value, topological
from phintys.ir.ops import OPS
from phintys.ir.ops_complex import PARTS
from phintys.ir.types import DTYPES, TensorType, upcast

from .scalar_text import emit_fused, name_hint

Locate = Callable[[Node, int], "str | None"]
Wanted = Sequence["str | None"]  # dtype each operand is cast to; None leaves it as it is


# --- which dtype an operand has to have: one row for each operation that is not plainly elementwise -----------------


def _common(node: Node) -> Wanted:
    return [upcast(*(value.type.dtype for value in node.inputs))] * len(node.inputs)


def _result(node: Node) -> Wanted:
    return [node.results[0].type.dtype] * len(node.inputs)


def _unchanged(node: Node) -> Wanted:
    return [None] * len(node.inputs)


def _select(node: Node) -> Wanted:
    return ["bool", *_result(node)[1:]]


def _first_and_indices(tensors: int) -> Callable[[Node], Wanted]:
    """The first operands have the result's dtype, the rest are index scalars or sizes."""

    def wanted(node: Node) -> Wanted:
        return [node.results[0].type.dtype] * tensors + ["int64"] * (len(node.inputs) - tensors)

    return wanted


def _draw(node: Node) -> Wanted:
    return [None, *["int64"] * (len(node.inputs) - 1)]


def _scatter(node: Node) -> Wanted:
    return [*_result(node)[:2], *_unchanged(node)[2:]]


WANTED: dict[str, Callable[[Node], Wanted]] = {
    **dict.fromkeys(("eq", "ne", "lt", "le", "gt", "ge"), _common),
    **dict.fromkeys(("abs", "cast", "dim", "gather", "grad", "jacobian", "constant", "host"), _unchanged),
    **dict.fromkeys((name for name, row in OPS.items() if row.family == "reduction"), _unchanged),
    **dict.fromkeys(("alloc", "reshape", "subtensor", "specify_shape"), _first_and_indices(1)),
    **dict.fromkeys(("set_subtensor", "inc_subtensor"), _first_and_indices(2)),
    "select": _select,
    **dict.fromkeys(("scatter_add", "scatter_set"), _scatter),
    **dict.fromkeys(("argsort", "real", "imag", "angle"), _unchanged),
    "complex": lambda node: [PARTS[node.results[0].type.dtype]] * 2,
    "nonzero": lambda node: [None, *["int64"] * (len(node.inputs) - 1)],
    "searchsorted": _common,
    **dict.fromkeys(("random_uniform", "random_normal", "random_mrg"), _draw),
}


class GraphEmitter:
    """Appends the operations of one graph to a block."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.values: dict[int, SSAValue] = {}
        self.casts: dict[tuple[int, str], SSAValue] = {}

    def operand(self, value: Value, dtype: str | None, loc: Any, place: str = "") -> SSAValue:
        """The IR value of an operand, cast where its dtype is another; constants are converted here."""
        if dtype is None or dtype == value.type.dtype:
            found = self.values.get(id(value))
            if found is None:
                found = self.values[id(value)] = self.constant(value, value.type.dtype, loc)
            return found
        key = (id(value), dtype)
        found = self.casts.get(key)
        if found is None and value.type.kind == "c" and DTYPES[dtype].kind != "c":
            raise error(f"a conversion from {value.type.dtype} to {dtype} drops the imaginary part", name=place)
        if found is None:
            if value.is_constant:
                found = self.constant(value, dtype, loc)
            else:
                attributes: dict[str, Any] = {"dtype": string(DTYPES[dtype].short)}
                types = (value.type.with_dtype(dtype),)
                found = self.append("cast", (self.values[id(value)],), types, attributes, loc)[0]
            self.casts[key] = found
        return found

    def constant(self, value: Value, dtype: str, loc: Any) -> SSAValue:
        """A literal, in the dtype that its user wants; created at its first use."""
        attributes = encode_attrs({"value": value.data.astype(dtype, copy=False)})
        return self.append("constant", (), (value.type.with_dtype(dtype),), attributes, loc)[0]

    def append(
        self, op: str, operands: Sequence[SSAValue], types: Sequence[TensorType], attributes: dict[str, Any], loc: Any
    ) -> Sequence[SSAValue]:
        """Append one operation; its results."""
        created = CLASSES[op].create(
            operands=operands, result_types=[to_xdsl(type) for type in types], attributes=attributes, location=loc
        )
        self.block.add_op(created)
        return created.results

    def node(self, node: Node, loc: Any) -> None:
        """Append one node."""
        if node.op == "fused":
            created: Operation = emit_fused(node, [self.operand(value, None, loc) for value in node.inputs], loc)
            self.block.add_op(created)
            results: Sequence[SSAValue] = created.results
        elif node.op == "constant":
            return  # created by its users
        else:
            wanted = WANTED.get(node.op, _result)(node)
            place = node.loc or ""
            operands = [self.operand(v, dtype, loc, place) for v, dtype in zip(node.inputs, wanted, strict=True)]
            types = [value.type for value in node.results]
            results = self.append(node.op, operands, types, encode_attrs(node.attrs), loc)
        for value, result in zip(node.results, results, strict=True):
            self.values[id(value)] = result
            result.name_hint = name_hint(value)


def graph_to_func(graph: Graph, locate: Locate | None = None) -> func.FuncOp:
    """The function of one graph; see `graph_to_module`."""
    arguments = [*graph.inputs, *graph.states]
    block = Block(arg_types=[to_xdsl(value.type) for value in arguments])
    emitter = GraphEmitter(block)
    for value, argument in zip(arguments, block.args, strict=True):
        emitter.values[id(value)] = argument
        argument.name_hint = name_hint(value)
    nodes = graph.nodes()
    before = _nodes_of_checks(graph)
    for number, node in enumerate(nodes):
        if number == before:
            _emit_checks(graph, emitter)
        _check_free(graph, node.inputs, emitter)
        emitter.node(node, location(locate(node, number) if locate else node.loc))
    if before == len(nodes):
        _emit_checks(graph, emitter)
    _check_free(graph, graph.roots, emitter)
    roots = [*graph.outputs, *(new for _, new in graph.updates)]
    results = [emitter.operand(root, None, location(root.loc)) for root in roots]
    block.add_op(func.ReturnOp.create(operands=results))
    op = func.FuncOp(
        graph.name or "main",
        (block.arg_types, [value.type for value in results]),
        Region(block),
        arg_attrs=_argument_attributes(graph),
        res_attrs=_result_attributes(graph),
    )
    return op


def _nodes_of_checks(graph: Graph) -> int:
    """How many nodes, which come first, the checks need: they are made before anything else is computed."""
    return len(topological(value for check in checks_of(graph) for value in (check.condition, *check.values)))


def _emit_checks(graph: Graph, emitter: GraphEmitter) -> None:
    for check in checks_of(graph):
        loc = location(check.loc)
        condition, *shown = (emitter.operand(value, None, loc) for value in (check.condition, *check.values))
        emitter.block.add_op(RequireOp.build_op(condition, check.exception, check.message, shown, loc))


def _check_free(graph: Graph, values: Sequence[Value], emitter: GraphEmitter) -> None:
    for value in values:
        if value.node is None and id(value) not in emitter.values:
            raise error(f"'{value.name}' is neither an input nor a state of graph '{graph.name}'")


def _argument_attributes(graph: Graph) -> bi.ArrayAttr[bi.DictionaryAttr]:
    rows = []
    for index, value in enumerate([*graph.inputs, *graph.states]):
        row: dict[str, Any] = {"nd.name": string(value.name or f"arg{index}")}
        if index >= len(graph.inputs):
            row["nd.state"] = bi.UnitAttr()
        rows.append(bi.DictionaryAttr(row))
    return bi.ArrayAttr(rows)


def _result_attributes(graph: Graph) -> bi.ArrayAttr[bi.DictionaryAttr] | None:
    if not graph.updates:
        return None
    number = {id(value): index for index, value in enumerate([*graph.inputs, *graph.states])}
    rows = [bi.DictionaryAttr({}) for _ in graph.outputs]
    rows += [bi.DictionaryAttr({"nd.update": integer(number[id(state)])}) for state, _ in graph.updates]
    return bi.ArrayAttr(rows)


def graph_to_module(graph: Graph, locate: Locate | None = None) -> bi.ModuleOp:
    """A module of one function. `locate(node, number)` gives the location text of the node of that canonical number."""
    return graphs_to_module([graph], locate)


def graphs_to_module(graphs: Sequence[Graph], locate: Locate | None = None) -> bi.ModuleOp:
    """A module with one function for each graph."""
    return bi.ModuleOp([graph_to_func(graph, locate) for graph in graphs])
