"""Expand `nd.grad` and `nd.jacobian` into the operations that compute them: reverse mode, a derivative row for each operation.

Expects `nd` functions of one block. Leaves neither; the gradient of a value has that value's type; what a cost
does not depend on has a gradient of zeros. Inner gradients come first, so gradients of gradients need nothing more.
A Jacobian is the backward sweep from the vector, made for a batch of all unit vectors (`vectorize.py`).

    %g = nd.grad %cost, %x          ->      %0 = nd.constant {value = dense<1.0> : tensor<f64>}
                                            %1 = nd.mul %0, %y         where %cost = nd.mul %x, %y
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from phintys.dialects.nd import NdOp

from .batch import size_of
from .nd_builder import Builder, type_of
from .provenance import replace_uses
from .rewriting import attribute, erase, erase_dead, functions, operations, refusal
from .vjp import Adjoint, Row, unbroadcast
from .vjp_elementwise import ELEMENTWISE
from .vjp_marks import MARKS
from .vjp_math import MATH
from .vjp_reduction import REDUCTION
from .vjp_sequence import SEQUENCE
from .vjp_shape import SHAPE

VJPS: dict[str, Row] = {**ELEMENTWISE, **MARKS, **MATH, **REDUCTION, **SEQUENCE, **SHAPE}


@dataclass(frozen=True)
class Autodiff(ModulePass):
    """Expand `nd.grad` and `nd.jacobian`."""

    name = "autodiff"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Expand the gradients of all functions, in order of the text: operands, so inner gradients, come first."""
        for func in functions(op):
            found = [found for found in operations(func) if isinstance(found, NdOp) and found.row.family == "derivative"]
            for derivative in found:
                expand(derivative)
            if found:
                erase_dead(func)


def expand(op: NdOp) -> None:
    """Replace one `nd.grad` or `nd.jacobian` by the operations that compute it."""
    (_jacobian if op.op == "jacobian" else _gradient)(op)
    erase(op)


def _gradient(grad: NdOp) -> None:
    cost, *wrt = grad.operands
    b = Builder(grad)
    sweep = _Sweep(grad, wrt)
    sweep.add(cost, b.constant(1.0, type_of(cost).dtype))
    sweep.run()
    for result, value in zip(grad.results, wrt, strict=True):
        gradient = sweep.gradient(value)
        new = b.full_like(value, 0.0) if gradient is None else b.with_sizes_of(gradient, value)
        replace_uses(result, new)


def _jacobian(op: NdOp) -> None:
    vector, *wrt = op.operands
    b = Builder(op)
    seed = b.op("zero_grad", vector)  # stands for one row's gradient of the vector; its own value is not used
    last = op.prev_op
    sweep = _Sweep(op, wrt)
    sweep.add(vector, seed)
    sweep.run()
    from .vectorize import Vectorizer

    rows = Vectorizer(op, size_of(b, vector, 0))
    rows.identity(seed)
    rows.visit_after(last)
    for result, value in zip(op.results, wrt, strict=True):
        gradient = sweep.gradient(value)
        whole = None if gradient is None else rows.dense(gradient)
        sizes, dims = rows.batches.sized(b, value)
        if whole is None:
            new = b.op("alloc", b.constant(0, type_of(value).dtype), *dims, sizes=sizes)
        else:
            same = type_of(whole).shape == type_of(result).shape
            new = whole if same else b.op("reshape", whole, *dims, sizes=sizes)
        replace_uses(result, new)


def pull_back(func: FuncOp, given: Mapping[int, SSAValue], wrt: Sequence[SSAValue], known: Sequence[SSAValue]) -> list[bool]:
    """Let a function return the gradients of `wrt` where it returns values whose gradients are `given`, by their number.

    `known` are arguments that hold what it returned. Those of `wrt` whose gradient is zero are left out: the answer says,
    for each, whether it is there.
    """
    end = func.body.block.last_op
    assert isinstance(end, ReturnOp)
    results = list(end.operands)
    sweep = _Sweep(end, list(wrt))
    for number, gradient in given.items():
        sweep.add(results[number], gradient)
    sweep.run()
    found = [sweep.gradient(value) for value in wrt]
    for result, value in zip(results, known, strict=True):
        result.replace_all_uses_with(value)
    erase(end)
    func.body.block.add_op(ReturnOp(*(gradient for gradient in found if gradient is not None)))
    erase_dead(func)
    return [gradient is not None for gradient in found]


class _Sweep:
    """The backward walk from a cost: the gradient found so far of each value that depends on what is asked for."""

    def __init__(self, grad: Operation, wrt: list[SSAValue]) -> None:
        self.grad = grad
        self.wrt = set(wrt)
        self.ops = _dependents(grad, self.wrt)
        self.active = self.wrt.union(result for op in self.ops for result in op.results)
        self.found: dict[SSAValue, SSAValue] = {}

    def add(self, value: SSAValue, gradient: SSAValue) -> None:
        """One more contribution to the gradient of `value`."""
        if value not in self.active:
            return
        before = self.found.get(value)
        if before is not None:
            gradient = Builder(self.grad, self.grad.location).op("add", before, gradient)
        self.found[value] = gradient

    def gradient(self, value: SSAValue) -> SSAValue | None:
        """The gradient of `value`, `None` for zero."""
        return self.found.get(value)

    def run(self) -> None:
        """Visit the operations, users before their operands."""
        for op in reversed(self.ops):
            g = self.found.get(op.results[0])
            if op.op == "host":
                self.visit_host(op)
            elif g is not None:
                self.visit(op, g)

    def visit(self, op: NdOp, g: SSAValue) -> None:
        """Hand the gradient of an operation's result on to its operands."""
        row = VJPS.get(op.op)
        if any(type_of(value).kind == "c" for value in op.operands):
            raise refusal(op, "complex operands have no derivative; expected real ones")
        if row is None:
            raise refusal(op, f"there is no derivative; there are rows for {', '.join(sorted(VJPS))}")
        c = Adjoint(op, Builder(self.grad, op.location), g)
        for index, operand in enumerate(op.operands):
            if operand in self.active:
                part = row[index](c) if isinstance(row, tuple) else row(c, index)
                if part is not None:
                    self.add(operand, unbroadcast(c.b, part.value, operand))

    def visit_host(self, op: NdOp) -> None:
        """The same for what Python computes, whose gradients come from all of its results' at once."""
        if not any(result in self.found for result in op.results):
            return
        from .vjp_host import host_gradients

        gradients = host_gradients(op, self.grad, self.found, expand)
        for operand, gradient in zip(op.operands, gradients, strict=True):
            if gradient is not None and operand in self.active:
                self.add(operand, unbroadcast(Builder(self.grad, op.location), gradient, operand))


def _dependents(grad: Operation, wrt: set[SSAValue]) -> list[NdOp]:
    """The operations before `grad` through which a change of `wrt` can reach it, in order; integers carry no change."""
    assert grad.parent is not None
    reached = set(wrt)
    found: list[NdOp] = []
    op = grad.parent.first_op
    while op is not None and op is not grad:
        if isinstance(op, NdOp) and not reached.isdisjoint(op._operands):
            results = op.results if op.op == "host" else op.results[:1]
            floating = [result for result in results if type_of(result).kind in "fc"]
            if floating and not _is_draw(op):
                reached.update(floating)
                found.append(op)
        op = op.next_op
    return found


def _is_draw(op: NdOp) -> bool:
    """Whether an operation draws random numbers, which do not change with their parameters."""
    return op.op == "host" and str(attribute(op, "function")).startswith(("random_", "mrg_"))
