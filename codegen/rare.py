"""Rarely taken ways out of vectorized loops: `phi_rare_NAME(rare, x, fast)` is `NAME(x)` where `rare` holds, else `fast`.

A formula that holds for nearly all arguments hands the others to the C library: `phi_rare_sin` to `sin`. LLVM does not
vectorize a loop with such a call, so each function here comes with variants for whole vectors, named by the attribute
`vector-function-abi-variant`: one test for all lanes, and behind it, out of line, the scalar function lane by lane. The
vectorizer puts a variant in the place of the call, and `engine` inlines it afterwards.

In: the name and signature of a declaration. Out: LLVM IR text of the definitions, and the names that nothing must drop
before the vectorizer has run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

PREFIX = "phi_rare_"
LANES = (8, 4, 2)  # of f64 in 512, 256 and 128 bits
TRAITS = "nounwind willreturn memory(none)"


class Definition(NamedTuple):
    """Text of the functions, the declaration that they need, and the names of the vector variants."""

    text: str
    declaration: str
    variants: list[str]


def definition(name: str, types: Sequence[str], attributes: str) -> Definition:
    """Define `name`, which takes an `i1`, the arguments of the C function and what to hand back otherwise.

    `types` are the argument types as LLVM text, all but the first the same; `attributes` are given to each function.
    """
    kind = types[1]
    outside = name.removeprefix(PREFIX)
    variants = [f"{name}_{lanes}" for lanes in LANES]
    mapping = ",".join(
        f"_ZGV_LLVM_N{lanes}{'v' * len(types)}_{name}({variant})" for lanes, variant in zip(LANES, variants, strict=True)
    )
    xs = [f"%x{number}" for number in range(len(types) - 2)]
    arguments = ", ".join(f"{kind} {x}" for x in xs)
    parts = [
        f"define internal {kind} @{name}(i1 %rare, {arguments}, {kind} %fast) noinline {TRAITS} {attributes} "
        f'"vector-function-abi-variant"="{mapping}" {{\n'
        f"  br i1 %rare, label %call, label %done, {_unlikely()}\n"
        f"call:\n  %y = call {kind} @{outside}({arguments}) {TRAITS}\n  ret {kind} %y\n"
        f"done:\n  ret {kind} %fast\n}}"
    ]
    for lanes, variant in zip(LANES, variants, strict=True):
        parts += _variant(variant, name, xs, kind, lanes, attributes)
    declaration = f"declare {kind} @{outside}({', '.join([kind] * len(xs))}) {TRAITS}"
    return Definition("\n".join(parts), declaration, variants)


def _unlikely() -> str:
    return '!prof !{!"branch_weights", i32 1, i32 100000}'


def _variant(variant: str, name: str, xs: Sequence[str], kind: str, lanes: int, attributes: str) -> list[str]:
    """The test, to be inlined, and the loop over the lanes behind it."""
    vector = f"<{lanes} x {kind}>"
    inputs = [f"<{lanes} x i1> %rare", *(f"{vector} {x}" for x in xs), f"{vector} %fast"]
    take = [f"  %a{x[1:]} = extractelement {vector} {x}, i64 %i" for x in xs]
    lane = ", ".join(["i1 %r", *(f"{kind} %a{x[1:]}" for x in xs), f"{kind} %f"])
    test = (
        f"define internal {vector} @{variant}({', '.join(inputs)}) alwaysinline {TRAITS} {attributes} {{\n"
        f"  %bits = bitcast <{lanes} x i1> %rare to i{lanes}\n"
        f"  %any = icmp ne i{lanes} %bits, 0\n"
        f"  br i1 %any, label %slow, label %done, {_unlikely()}\n"
        f"slow:\n  %y = call {vector} @{variant}_slow({', '.join(inputs)}) {TRAITS}\n  ret {vector} %y\n"
        f"done:\n  ret {vector} %fast\n}}"
    )
    slow = (
        f"define internal {vector} @{variant}_slow({', '.join(inputs)}) noinline cold {TRAITS} {attributes} {{\n"
        f"start:\n  br label %loop\n"
        f"loop:\n  %i = phi i64 [0, %start], [%next, %loop]\n"
        f"  %z = phi {vector} [%fast, %start], [%filled, %loop]\n" + "\n".join(take) + "\n"
        f"  %r = extractelement <{lanes} x i1> %rare, i64 %i\n"
        f"  %f = extractelement {vector} %fast, i64 %i\n"
        f"  %y = call {kind} @{name}({lane}) {TRAITS}\n"
        f"  %filled = insertelement {vector} %z, {kind} %y, i64 %i\n"
        f"  %next = add i64 %i, 1\n"
        f"  %more = icmp ult i64 %next, {lanes}\n"
        f"  br i1 %more, label %loop, label %done\n"
        f"done:\n  ret {vector} %filled\n}}"
    )
    return [test, slow]
