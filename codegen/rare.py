"""Rarely taken ways out of vectorized loops: `phi_rare_NAME(rare, x, fast)` is `NAME(x)` where `rare` holds, else `fast`.

A formula that holds for nearly all arguments hands the others to the C library: `phi_rare_sin` to `sin`. LLVM does not
vectorize a loop with such a call, so each function here comes with variants for whole vectors, named by the attribute
`vector-function-abi-variant`: one test for all lanes, and behind it, out of line, the scalar function lane by lane. The
vectorizer puts a variant in the place of the call, and `engine` inlines it afterwards.

A name that begins with `phi_` is that of a function in the module (`math_rows.table.FAR`) instead; with `phi_whole_`, the
function is computed for all lanes, by vectors, where one needs it.

In: the name and signature of a declaration. Out: LLVM IR text of the definitions, and the names that nothing must drop
before the vectorizer has run.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from typing import NamedTuple

PREFIX = "phi_rare_"
LANES = (8, 4, 2)  # of f64 in 512, 256 and 128 bits
TRAITS = "nounwind willreturn memory(none)"
OWN = "phi_"
WHOLE = "phi_whole_"
MOST_LANES = 16  # of functions of ours, which loops of random numbers call (`expand_math.WIDE`)
LONG = {"sinl": "sin", "cosl": "cos", "tanl": "tan"}
LONG_KIND = "x86_fp80"


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
    call, declaration = _outside(name.removeprefix(PREFIX), kind, len(types) - 2)
    widths = (MOST_LANES, *LANES) if name.startswith(PREFIX + OWN) else LANES
    variants = [f"{name}_{lanes}" for lanes in widths]
    mapping = ",".join(
        f"_ZGV_LLVM_N{lanes}{'v' * len(types)}_{name}({variant})" for lanes, variant in zip(widths, variants, strict=True)
    )
    xs = [f"%x{number}" for number in range(len(types) - 2)]
    whole = name.startswith(PREFIX + WHOLE)
    outside = _one_lane(name, xs, kind) if whole else call
    arguments = ", ".join(f"{kind} {x}" for x in xs)
    parts = [
        f"define internal {kind} @{name}(i1 %rare, {arguments}, {kind} %fast) noinline {TRAITS} {attributes} "
        f'"vector-function-abi-variant"="{mapping}" {{\n'
        f"  br i1 %rare, label %call, label %done, {_unlikely()}\n"
        f"call:\n{outside}\n  ret {kind} %y\n"
        f"done:\n  ret {kind} %fast\n}}"
    ]
    parts.append((_all_lanes if whole else _each_lane)(name, xs, kind, call, attributes))
    parts += [_variant(variant, name, xs, kind, lanes, attributes) for lanes, variant in zip(widths, variants, strict=True)]
    return Definition("\n".join(parts), declaration, variants)


def _outside(name: str, kind: str, arity: int) -> tuple[str, str]:
    """The call of the C function, and its declaration.

    Where there are 80 bits, the functions of LONG get and give them: of f64, sin near the multiples of pi that come nearest
    to a number is wrong by 8 ulp in some versions of glibc.
    """
    xs = [f"{kind} %x{number}" for number in range(arity)]
    if name not in LONG:
        return (
            f"  %y = call {kind} @{name}({', '.join(xs)}) {TRAITS}",
            "" if name.startswith(OWN) else f"declare {kind} @{name}({', '.join([kind] * arity)}) {TRAITS}",
        )
    if platform.machine() not in ("x86_64", "AMD64"):
        return _outside(LONG[name], kind, arity)
    lines = [f"  %w{number} = fpext {x} to {LONG_KIND}" for number, x in enumerate(xs)]
    wide = ", ".join(f"{LONG_KIND} %w{number}" for number in range(arity))
    lines += [f"  %z = call {LONG_KIND} @{name}({wide}) {TRAITS}", f"  %y = fptrunc {LONG_KIND} %z to {kind}"]
    return "\n".join(lines), f"declare {LONG_KIND} @{name}({', '.join([LONG_KIND] * arity)}) {TRAITS}"


def _unlikely() -> str:
    return '!prof !{!"branch_weights", i32 1, i32 100000}'


def _variant(variant: str, name: str, xs: Sequence[str], kind: str, lanes: int, attributes: str) -> str:
    """The test for all lanes, to be inlined; behind it the lanes go through memory."""
    vector = f"<{lanes} x {kind}>"
    inputs = ", ".join([f"<{lanes} x i1> %rare", *(f"{vector} {x}" for x in xs), f"{vector} %fast"])
    values = [*xs, "%fast"]
    kept = [f"  {value}.at = alloca {vector}" for value in values]
    stored = [f"  store {vector} {value}, ptr {value}.at" for value in values]
    passed = ", ".join(f"ptr {value}.at" for value in values)
    lines = [
        f"define internal {vector} @{variant}({inputs}) alwaysinline {TRAITS} {attributes} {{",
        f"  %lanes.at = alloca <{lanes} x i8>",
        *kept,
        f"  %bits = bitcast <{lanes} x i1> %rare to i{lanes}",
        f"  %any = icmp ne i{lanes} %bits, 0",
        f"  br i1 %any, label %slow, label %done, {_unlikely()}",
        "slow:",
        f"  %lanes = zext <{lanes} x i1> %rare to <{lanes} x i8>",
        f"  store <{lanes} x i8> %lanes, ptr %lanes.at",
        *stored,
        f"  call void @{name}_lanes(ptr %lanes.at, {passed}, i64 {lanes})",
        f"  %y = load {vector}, ptr %fast.at",
        f"  ret {vector} %y",
        "done:",
        f"  ret {vector} %fast",
        "}",
    ]
    return "\n".join(lines)


def _each_lane(name: str, xs: Sequence[str], kind: str, call: str, attributes: str) -> str:
    """The C function of each lane in memory that needs it; the results take the place of `fast`."""
    inputs = ", ".join(["ptr %rare", *(f"ptr {x}.at" for x in xs), "ptr %fast"])
    head = f"define internal void @{name}_lanes({inputs}, i64 %lanes) noinline cold minsize optsize nounwind willreturn"
    each = [
        "  br i1 %r, label %call, label %more",
        "call:",
        *_loads(xs, kind),
        call,
        f"  %q = getelementptr {kind}, ptr %fast, i64 %i",
        f"  store {kind} %y, ptr %q",
        "  br label %more",
        "more:",
    ]
    return _over_lanes(f"{head} {attributes}", each, "more")


def _loads(xs: Sequence[str], kind: str) -> list[str]:
    """The inputs of lane `%i`."""
    lines = []
    for x in xs:
        lines += [f"  {x}.p = getelementptr {kind}, ptr {x}.at, i64 %i", f"  {x} = load {kind}, ptr {x}.p"]
    return lines


def _over_lanes(head: str, each: Sequence[str], last: str) -> str:
    """A function with a loop over lanes: `%r` says whether lane `%i` needs what `each` does, whose last block is `last`."""
    lines = [
        head + " {",
        "start:",
        "  br label %loop",
        "loop:",
        f"  %i = phi i64 [0, %start], [%next, %{last}]",
        "  %p = getelementptr i8, ptr %rare, i64 %i",
        "  %b = load i8, ptr %p",
        "  %r = icmp ne i8 %b, 0",
        *each,
        "  %next = add i64 %i, 1",
        "  %again = icmp ult i64 %next, %lanes",
        "  br i1 %again, label %loop, label %done",
        "done:",
        "  ret void",
        "}",
    ]
    return "\n".join(lines)


def _one_lane(name: str, xs: Sequence[str], kind: str) -> str:
    """The same function of one, which needs no code of its own."""
    values = {"%one": "i8", **dict.fromkeys((*xs, "%fast"), kind)}
    lines = [f"  {value}.at = alloca {type}" for value, type in values.items()]
    lines += [f"  store {type} {'1' if type == 'i8' else value}, ptr {value}.at" for value, type in values.items()]
    lines += [
        f"  call void @{name}_lanes({', '.join(f'ptr {value}.at' for value in values)}, i64 1)",
        f"  %y = load {kind}, ptr %fast.at",
    ]
    return "\n".join(lines)


def _all_lanes(name: str, xs: Sequence[str], kind: str, call: str, attributes: str) -> str:
    """The function of all lanes in memory; the results take the place of `fast` where they are needed."""
    inputs = ", ".join(f"ptr noalias {p}" for p in ("%rare", *(f"{x}.at" for x in xs), "%fast"))
    head = f"define internal void @{name}_lanes({inputs}, i64 %lanes) noinline nounwind willreturn {attributes}"
    each = [
        *_loads(xs, kind),
        call,
        f"  %q = getelementptr {kind}, ptr %fast, i64 %i",
        f"  %f = load {kind}, ptr %q",
        f"  %z = select i1 %r, {kind} %y, {kind} %f",
        f"  store {kind} %z, ptr %q",
    ]
    return _over_lanes(head, each, "loop")
