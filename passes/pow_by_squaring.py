"""Powers with constant exponents become multiplications, square roots and a reciprocal.

Expects `nd` functions with folded constants. Leaves `nd.pow` only where the exponent is not known, or so large that
multiplying is not cheaper. Integer exponents follow shortest addition chains. The results differ from `nd.pow` by
rounding (about half an ulp for each multiplication), and where an intermediate result leaves the range of the dtype:
`x ** -n` is `1 / x ** n`, which is 0 already where `x ** n` overflows. Halves use `sqrt`: the square root of -inf is
NaN, where `nd.pow` gives inf, and `(-0.0) ** 0.5` is -0.0.

    %1 = nd.pow %x, %ten    ->    %2 = nd.mul %x, %x       x**2
                                  %3 = nd.mul %2, %x       x**3
                                  %5 = nd.mul %3, %2       x**5
                                  %1 = nd.mul %5, %5       x**10
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from phintys.dialects.nd import NdOp

from .nd_builder import Builder, Term
from .rewriting import Rules, functions, splat_value
from .worklist import apply_rules

LARGEST = 64  # exponents up to this need at most 8 multiplications, a pow costs about 20


@cache
def power_tree() -> dict[int, int]:
    """Knuth's power tree, as the parent of each exponent: the path from 1 to n < 77 is a shortest addition chain."""
    parent = {1: 0}
    level = [1]
    while level:
        below: list[int] = []
        for node in level:
            for step in chain_in(parent, node):
                child = node + step
                if child <= LARGEST and child not in parent:
                    parent[child] = node
                    below.append(child)
        level = below
    return parent


def chain_in(parent: dict[int, int], n: int) -> list[int]:
    """The path from 1 to n in a power tree."""
    path = [n]
    while path[-1] != 1:
        path.append(parent[path[-1]])
    return path[::-1]


def addition_chain(n: int) -> list[int]:
    """A shortest addition chain: starts with 1, ends with n, each element the previous one plus an earlier one."""
    return chain_in(power_tree(), n)


def integer_power(x: Term, n: int) -> Term:
    """`x ** n` for n from 1 to `LARGEST`, by multiplications."""
    powers = {1: x}
    previous = 1
    for exponent in addition_chain(n)[1:]:
        powers[exponent] = powers[previous] * powers[exponent - previous]
        previous = exponent
    return powers[n]


def half_power(x: Term, twice: int) -> Term:
    """`x ** (twice / 2)` for an odd `twice`: `sqrt(x) * x ** n`."""
    root = x.op("sqrt")
    return root if twice == 1 else integer_power(x, twice // 2) * root


def constant_power(op: NdOp, b: Builder) -> SSAValue | Term | None:
    """`x ** n` with n, or twice n, a small integer."""
    x, exponent = b.term(op.operands[0]), splat_value(op.operands[1])
    if exponent is None or not abs(float(exponent)) <= LARGEST or not (2 * float(exponent)).is_integer():
        return None
    twice = int(2 * float(exponent))
    if twice == 0:
        return b.full_like(x.value, 1)
    if twice > 0:
        return half_power(x, twice) if twice % 2 else integer_power(x, twice // 2)
    if x.type.kind != "f":
        return None
    # A reciprocal would turn the sign of sqrt(-0.0) into that of an infinity, hence + 0.0.
    return 1.0 / (half_power(x + 0.0, -twice) if twice % 2 else integer_power(x, -twice // 2))


RULES: Rules = {"pow": (constant_power,)}


@dataclass(frozen=True)
class PowBySquaring(ModulePass):
    """Expand powers with constant exponents."""

    name = "pow-by-squaring"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Apply `RULES` to every function."""
        for func in functions(op):
            apply_rules(func, RULES)
