"""Fold constants and remove what does nothing, by identities that hold for every value: NaN, infinities and -0.0 too.

Expects `nd` functions, best after autodiff. Leaves constants on the right of commutative operations, `nd.dim` of
arguments and of values that are needed anyway, signs moved out of products, and no dead operation. One liberty is
taken: a 0.0 that only begins a sum (`alloc(0.0, ...)`, where a gradient has no contribution yet; a reduction over one
element) is not added, and so -0.0 stays -0.0 there.

    %0 = nd.constant {value = dense<1.0> : tensor<f64>}
    %1 = nd.mul %0, %x            ->    %3 = nd.exp %x
    %2 = nd.neg (nd.neg %1)
    %3 = nd.exp %2
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from .canonicalize_arithmetic import ARITHMETIC
from .canonicalize_broadcast import UPDATES, constants_right, lift_broadcast, use_unbroadcast
from .canonicalize_dim import DIM
from .canonicalize_gather import GATHER
from .canonicalize_logic import LOGIC
from .canonicalize_shape import SHAPE
from .folding import fold_constants
from .rewriting import Rules, functions, merge_rules
from .worklist import apply_rules

RULES: Rules = merge_rules(ARITHMETIC, LOGIC, DIM, SHAPE, UPDATES, GATHER)


@dataclass(frozen=True)
class Canonicalize(ModulePass):
    """Fold constants, remove what does nothing."""

    name = "canonicalize"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Apply all rows to every function until none fires."""
        for func in functions(op):
            apply_rules(func, RULES, always=(fold_constants, constants_right, lift_broadcast, use_unbroadcast))
