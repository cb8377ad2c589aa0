"""Write composite operations in the ones that fusion and the lowering to loops know.

Expects autodiff and stabilize to be done: they recognize and differentiate the composites as wholes. Leaves no
`softmax`, no `log_softmax`, no `dot` of two vectors, no reduction over no axes, and of matrix functions those that
LAPACK has. Where a maximum is infinite the result is NaN, as in NumPy's formula.

    %1 = nd.softmax %x {axis = 1}   ->   %m = nd.max %x, %d = nd.sub %x, dimshuffle(%m), %e = nd.exp %d
                                         %s = nd.sum %e
                                         %1 = nd.div %e, dimshuffle(%s)
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from phintys.dialects.nd import NdOp

from .nd_builder import Builder, Term, type_of
from .rewriting import Rules, attribute, functions
from .worklist import apply_rules


def _shifted(op: NdOp, b: Builder) -> tuple[Term, Term, tuple[int], int]:
    """`x - max(x)`, its exponential, the axis and the rank: what both forms of softmax begin with."""
    x = b.term(op.operands[0])
    axes, ndim = (attribute(op, "axis"),), x.type.ndim
    shifted = x - x.shift(axes).keep(axes, ndim)
    return shifted, shifted.op("exp"), axes, ndim


def softmax(op: NdOp, b: Builder) -> Term:
    """`exp(x - max) * (1 / sum(exp(x - max)))`: one division for each row; the sum is at least 1."""
    _, exp, axes, ndim = _shifted(op, b)
    return exp * (1.0 / exp.sum(axes)).keep(axes, ndim)


def log_softmax(op: NdOp, b: Builder) -> Term:
    """`(x - max) - log(sum(exp(x - max)))`."""
    shifted, exp, axes, ndim = _shifted(op, b)
    return shifted - exp.sum(axes).op("log").keep(axes, ndim)


def inner_product(op: NdOp, b: Builder) -> Term | None:
    """`dot` of two vectors is the sum of their product; any product with a matrix stays a library call."""
    if any(type_of(value).ndim != 1 for value in op.operands):
        return None
    dtype = type_of(op.results[0]).dtype
    x, y = (b.term(b.cast(value, dtype)) for value in op.operands)
    return b.term(b.cast((x * y).sum((0,)).value, dtype))  # small ints are summed in 64 bits


def scaled_product(op: NdOp, b: Builder) -> Term:
    """`beta * c + alpha * dot(x, y)`; what is worth a call of its own, `fuse-gemm` finds again."""
    c, alpha, x, y, beta = (b.term(value) for value in op.operands)
    return c * beta + x.op("dot", y) * alpha


def over_no_axes(op: NdOp, b: Builder) -> Term | None:
    """A reduction of a scalar, or over no axes, is its operand, which may have another dtype; the place of a maximum is 0."""
    if attribute(op, "axes"):
        return None
    x = op.operands[0]
    found = b.full_like(x, 0) if op.op in ("argmax", "argmin") else x
    return b.term(b.cast(found, type_of(op.results[0]).dtype))


def _named_function(op: NdOp, b: Builder) -> Term | None:
    """The rules of named functions, which few programs have."""
    from .decompose_linalg import named_function

    return named_function(op, b)


RULES: Rules = {
    **dict.fromkeys(("sum", "prod", "max", "min", "all", "any", "argmax", "argmin"), (over_no_axes,)),
    "softmax": (softmax,),
    "log_softmax": (log_softmax,),
    "dot": (inner_product,),
    "gemm": (scaled_product,),
    "host": (_named_function,),
}


@dataclass(frozen=True)
class Decompose(ModulePass):
    """Write composite operations in simpler ones."""

    name = "decompose"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Apply `RULES` to every function."""
        for func in functions(op):
            apply_rules(func, RULES, weakening=True)
