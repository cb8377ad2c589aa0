"""Batching of what Python computes: the callable is called for one row after the other, by `each:` and its name."""

from __future__ import annotations

from xdsl.ir import SSAValue

from phintys.dialects.nd import create
from phintys.ir.host import EACH, options_text, parse_options, types_text
from phintys.ir.types import TensorType

from .batch_context import Batching
from .nd_builder import type_of
from .rewriting import refusal


def host_batches(c: Batching) -> list[SSAValue]:
    """The dense batches of all results of a host operation."""
    function = str(c.attr("function"))
    if function.startswith(EACH) or function.startswith(("random_", "mrg_")):
        raise refusal(c.op, f"'{function}' has no batching row: it cannot be part of a Jacobian")
    types = [type_of(result) for result in c.op.results]
    sizes = c.count if isinstance(c.count, int) else None
    options = {
        "batched": list(c.batched),
        "ranks": [type.ndim for type in types],
        "dtypes": [type.dtype for type in types],
        "options": parse_options(c.attr("options")),
    }
    attrs = {
        "function": EACH + function,
        "results": types_text([TensorType(type.dtype, (sizes, *type.shape)) for type in types]),
        "options": options_text(options),
    }
    op = create("host", [c.own(number).value for number in range(len(c.op.operands))], attrs, c.op.location)
    c.b.block.insert_op_before(op, c.b.anchor)
    return list(op.results)
