"""fuse-gemm: a scaled product of matrices that is added to a result of the function becomes one `nd.gemm`.

Expects: `nd` after `check-shapes`. Leaves: `nd`. The product is then accumulated by the BLAS in the memory of the matrix it is
added to: the step of a layer's weights reads and writes them once, and no gradient is stored (Theano: GemmOptimizer).

    %g = nd.dot %x, %e
    %s = nd.mul %g, %rate                   ->    %r = nd.gemm %w, (nd.neg %rate), %x, %e, %one
    %r = nd.sub %w, %s
    func.return %r

Only for results: what is computed further from the sum is fused with it, which saves as much.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import ReturnOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from phintys.dialects.nd import NdOp

from .nd_builder import Builder, type_of
from .rewriting import Rules, functions
from .worklist import apply_rules


def _used_once(value: SSAValue) -> bool:
    use = value.first_use
    return use is not None and use._next_use is None


def _scaled(value: SSAValue) -> tuple[SSAValue, list[SSAValue], bool]:
    """A value as `base * factors`, negated or not: products with scalars that nothing else reads are taken apart."""
    factors: list[SSAValue] = []
    negative = False
    while isinstance(value.owner, NdOp) and _used_once(value):
        op = value.owner
        scalars = [operand for operand in op.operands if not type_of(operand).ndim]
        if op.op == "neg":
            negative = not negative
        elif op.op == "mul" and len(scalars) == 1:
            factors += scalars
        else:
            break
        value = next(operand for operand in op.operands if operand not in scalars)
    return value, factors, negative


def _product(value: SSAValue) -> NdOp | None:
    """The product of two float matrices that computes a value, if nothing else needs it."""
    op = value.owner
    if not isinstance(op, NdOp) or op.op != "dot" or not _used_once(value) or type_of(value).kind != "f":
        return None
    return op if all(type_of(operand).ndim == 2 for operand in op.operands) else None


def _coefficient(b: Builder, factors: list[SSAValue], negative: bool, dtype: str) -> SSAValue:
    value = factors[0] if factors else b.constant(1, dtype)
    for factor in factors[1:]:
        value = b.op("mul", value, factor)
    return b.op("neg", value) if negative else value


def accumulate(op: NdOp, b: Builder) -> SSAValue | None:
    """`c * beta + dot(x, y) * alpha -> gemm(c, alpha, x, y, beta)`, and so for differences, of a result of the function."""
    result = op.results[0]
    if type_of(result).ndim != 2 or not all(isinstance(use.operation, ReturnOp) for use in result.uses):
        return None
    for number in (1, 0):
        value, factors, negative = _scaled(op.operands[number])
        product = _product(value)
        other, scales, flipped = _scaled(op.operands[1 - number])
        if product is None or other.type != result.type or value.type != result.type:
            continue
        negative ^= op.op == "sub" and number == 1
        flipped ^= op.op == "sub" and number == 0
        dtype = type_of(result).dtype
        alpha, beta = _coefficient(b, factors, negative, dtype), _coefficient(b, scales, flipped, dtype)
        return b.op("gemm", other, alpha, *product.operands, beta)
    return None


RULES: Rules = {"add": (accumulate,), "sub": (accumulate,)}


@dataclass(frozen=True)
class FuseGemm(ModulePass):
    """Accumulate products in the memory of what they are added to."""

    name = "fuse-gemm"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Apply `RULES` to every function."""
        for func in functions(op):
            apply_rules(func, RULES)
