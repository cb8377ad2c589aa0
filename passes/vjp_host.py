"""Derivatives of what Python computes: rows of named functions; of a program's own, the graph that their token gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from xdsl.ir import Block, Operation, SSAValue

from phintys.dialects.convert import location
from phintys.dialects.nd import NdOp, create
from phintys.ir.graph import Graph
from phintys.ir.host import EACH, is_local, options_text, parse_options, types_text
from phintys.ir.tokens import find_token
from phintys.ir.types import TensorType

from .batch import size_of
from .convert_graph_to_nd import GraphEmitter
from .nd_builder import Builder, type_of
from .rewriting import attribute, refusal
from .vectorize import Vectorizer
from .vjp_linalg import LINALG, HostAdjoint


def host_gradients(
    op: NdOp, at: Operation, found: Mapping[SSAValue, SSAValue], expand: Callable[[NdOp], None]
) -> Sequence[SSAValue | None]:
    """Gradients of the operands, given those of the results; their operations stand before `at`.

    `expand` takes the derivatives that the graph itself may hold.
    """
    name = attribute(op, "function")
    if name.startswith(EACH):
        return _each_row(op, at, found, expand)
    named = LINALG.get(name)
    if named is not None:
        return [None if part is None else part.value for part in named(HostAdjoint(op, at, found))]
    token = find_token(name)
    if token is None and not is_local(name):
        raise refusal(op, f"'{name}' has no derivative")
    if token is None or token.gradient is None:
        raise refusal(
            op, f"the Python function '{name}' has no derivative: give its Op a method grad(inputs, output_gradients)"
        )
    graph, operands = token.gradient()
    b = Builder(at, op.location)
    gradients = [found.get(result) or b.full_like(result, 0.0) for result in op.results]
    values = inline(graph, [*op.operands, *op.results, *gradients], at, expand)
    result: list[SSAValue | None] = [None] * len(op.operands)
    for number, value in zip(operands, values, strict=True):
        result[number] = value
    return result


def _each_row(
    op: NdOp, at: Operation, found: Mapping[SSAValue, SSAValue], expand: Callable[[NdOp], None]
) -> Sequence[SSAValue | None]:
    """Gradients of the function in the first row, made for all rows at once; of what all rows share, their sum."""
    b = Builder(at, op.location)
    options = parse_options(attribute(op, "options"))
    batched = options["batched"]
    first = [b.op("subtensor", x, index="0") if number in batched else x for number, x in enumerate(op.operands)]
    types = [TensorType(type_of(result).dtype, type_of(result).shape[1:]) for result in op.results]
    inner = create(
        "host",
        first,
        {
            "function": attribute(op, "function")[len(EACH) :],
            "results": types_text(types),
            "options": options_text(options["options"]),
        },
        op.location,
    )
    b.block.insert_op_before(inner, at)
    rows = Vectorizer(at, size_of(b, op.operands[batched[0]], 0))
    rows.batches.found.update((first[number], op.operands[number]) for number in batched)
    rows.batches.found.update(zip(inner.results, op.results, strict=True))
    gradients: dict[SSAValue, SSAValue] = {}
    for one, whole in zip(inner.results, op.results, strict=True):
        if whole in found:
            gradients[one] = b.op("subtensor", found[whole], index="0")
            rows.batches.found[gradients[one]] = found[whole]
    last = at.prev_op
    parts = host_gradients(inner, at, gradients, expand)
    rows.visit_after(last)
    return [None if part is None else _of_rows(rows, part, number in batched) for number, part in enumerate(parts)]


def _of_rows(rows: Vectorizer, part: SSAValue, batched: bool) -> SSAValue | None:
    """The gradients of all rows, or their sum where the operand is the same in all."""
    whole = rows.dense(part)
    if whole is None or batched:
        return whole
    return Builder(rows.batches.at).op("sum", whole, axes=(0,))


def inline(graph: Graph, arguments: Sequence[SSAValue], at: Operation, expand: Callable[[NdOp], None]) -> list[SSAValue]:
    """The operations of a graph before `at`, its inputs being `arguments`; the values of its outputs."""
    assert at.parent is not None
    block = Block()
    emitter = GraphEmitter(block)
    emitter.values.update({id(value): argument for value, argument in zip(graph.inputs, arguments, strict=True)})
    for node in graph.nodes():
        emitter.node(node, location(node.loc))
    outputs = [emitter.operand(value, None, location(value.loc)) for value in graph.outputs]
    made = list(block.ops)
    for op in made:
        op.detach()
        at.parent.insert_op_before(op, at)
    anchors = [create("cast", [value], {"dtype": type_of(value).dtype}, at.location) for value in outputs]
    for op in anchors:  # values that stay, whatever replaces the results of a gradient
        at.parent.insert_op_before(op, at)
    for op in made:
        if isinstance(op, NdOp) and op.row.family == "derivative":
            expand(op)
    return [op.results[0] for op in anchors]
