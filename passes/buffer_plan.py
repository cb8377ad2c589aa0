"""Which results may be written into the buffer of the state that they update.

A new value of state S, computed by operation P, goes into S's own buffer when: P writes its result (it is no view), the sizes
are equal, P reads S only at the point that it writes (or not at all), nothing after P reads the old S, and neither P, once it
writes, nor anything after it can fail (a failing call leaves states as they were). Otherwise the new value gets a buffer of its
own, which replaces the state's when the call has succeeded.
"""

from __future__ import annotations

from xdsl.dialects import builtin as bi
from xdsl.dialects import func
from xdsl.ir import Operation, SSAValue

from phintys.dialects.convert import from_xdsl
from phintys.dialects.nd import FusedOp, NdOp, RequireOp

from .dims import Dims

VIEWS = {"dimshuffle", "subtensor", "reshape", "specify_shape"}
MAY_FAIL = {"gather", "scatter_add", "scatter_set", "host"}  # they check indices or info while they run, or call Python
PARTIAL_UPDATES = {"set_subtensor", "inc_subtensor", "scatter_add", "scatter_set", "gemm"}
PARTIAL_UPDATES |= {"random_uniform", "random_normal", "random_mrg"}
# they write where they are told, or fail before
WRITERS = {"alloc", "make_vector", "arange", "concatenate", "dot"} | PARTIAL_UPDATES


class BufferPlan:
    """`updates`: result number -> state's argument number. `in_place`: value -> argument whose buffer it takes."""

    def __init__(self, function: func.FuncOp) -> None:
        self.block = function.body.block
        self.updates = _updates(function)
        self.in_place: dict[SSAValue, int] = {}
        self.ops = list(self.block.ops)
        self.position = {op: number for number, op in enumerate(self.ops)}
        self.dims = Dims(self.block.args)
        self.root: dict[SSAValue, SSAValue] = {argument: argument for argument in self.block.args}
        self.early: set[SSAValue] = set(self.block.args)  # values whose sizes (and numbers, if scalar) are known at entry
        for op in self.ops:
            self._visit(op)
        last = self.ops[-1]
        self.last_failing = max((k for k, op in enumerate(self.ops[:-1]) if self._can_fail(op)), default=-1)
        self.last_read = {self.root.get(value): k for k, op in enumerate(self.ops[:-1]) for value in op.operands}
        for number, argument in self.updates.items():
            value = last.operands[number]
            if from_xdsl(value.type).ndim and value not in self.in_place and self._may_reuse(value, argument):
                self.in_place[value] = argument

    def _visit(self, op: Operation) -> None:
        self.dims.visit(op)
        if isinstance(op, NdOp) and op.op in VIEWS and op.operands[0] in self.root:
            self.root[op.results[0]] = self.root[op.operands[0]]
        indexed = isinstance(op, NdOp) and op.row.family in ("shape", "indexing")
        for value in op.results:
            scalar = not from_xdsl(value.type).ndim
            if isinstance(op, NdOp) and op.op in ("host", "nonzero") and (scalar or None in from_xdsl(value.type).shape):
                continue  # sizes come with the results
            if scalar and not (isinstance(op, NdOp) and (op.row.family == "elementwise" or op.op in ("constant", "dim"))):
                continue
            needed = [operand for operand in op.operands if scalar or indexed or from_xdsl(operand.type).ndim]
            if all(operand in self.early for operand in needed):
                self.early.add(value)

    def _may_reuse(self, value: SSAValue, argument: int) -> bool:
        state = self.block.args[argument]
        producer = value.owner
        if not isinstance(producer, Operation) or value in self.root or self.dims[value] != self.dims[state]:
            return False
        if not self._reads_only_what_it_writes(producer, value, state):
            return False
        return max(self.last_failing, self.last_read.get(state, -1)) <= self.position[producer]

    def _reads_only_what_it_writes(self, op: Operation, value: SSAValue, state: SSAValue) -> bool:
        reads = [operand for operand in op.operands if self.root.get(operand) is state]
        if isinstance(op, FusedOp):
            mapped = any(result is value and kind == "map" for result, kind in zip(op.results, op.combine, strict=True))
            return mapped and all(operand is state and self.dims[operand] == self.dims[value] for operand in reads)
        if not isinstance(op, NdOp) or op.op not in WRITERS:
            return False
        if op.op in PARTIAL_UPDATES and reads:
            return reads == [state] and op.operands[0] is state
        return not reads

    def _can_fail(self, op: Operation) -> bool:
        """Whether lowering `op` leaves a check in the body rather than at the entry."""
        if isinstance(op, NdOp) and op.op in MAY_FAIL:
            return True
        if isinstance(op, RequireOp) or (isinstance(op, NdOp) and op.row.family in ("shape", "indexing", "random")):
            return not all(value in self.early for value in op.operands)
        return isinstance(op, FusedOp) and any(value not in self.early for value in op.operands if from_xdsl(value.type).ndim)


def _updates(function: func.FuncOp) -> dict[int, int]:
    attributes = function.res_attrs
    result: dict[int, int] = {}
    for number, attrs in enumerate(attributes.data if attributes is not None else ()):
        update = attrs.data.get("nd.update")
        if isinstance(update, bi.IntegerAttr):
            result[number] = update.value.data
    return result
