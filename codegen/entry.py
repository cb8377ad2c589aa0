"""The native entry of a compiled function: what Python calls, as LLVM IR text beside the body.

In: the IR text of the body and its `Interface`. Out: one module text whose only visible symbol is the entry, `ptr
(self, args, n, kwnames)` in the METH_FASTCALL | METH_KEYWORDS convention. The entry holds what differs between
functions: tables for `runtime.py`, room for slots and results, and the call of the body with a pointer for each
argument and a number for each dynamic dimension. The rest is in the runtime.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from phintys.ir.types import DTYPES, TensorType

from .interface import Interface, Result
from .runtime import STRUCTURES
from .symbols import ALIGNED, C_CONTIGUOUS, WRITEABLE
from .text import symbol

CODES = {name: code for code, name in enumerate(DTYPES)}
KINDS = {"output": 0, "update": 1, "inplace": 2}
ANY_SIZE = -1

EXTERNALS = """
declare i32 @phi_enter(ptr, ptr, ptr, ptr, i64, ptr, ptr, ptr)
declare ptr @phi_leave(ptr, i32)
declare ptr @phi_slow(ptr, ptr, i64, ptr)
"""


def with_entry(body: str, name: str, interface: Interface, attributes: str = "nounwind") -> tuple[str, Interface]:
    """The body's text with its entry, and the interface with the entry's symbol, which is unique to the content.

    The entry takes the body in when LLVM inlines it: it needs the `attributes` of the body's functions.
    """
    content = repr((body, name, interface.to_json(), attributes))
    named = replace(interface, entry=f"phi_entry_{hashlib.sha256(content.encode()).hexdigest()[:32]}")
    parts = [STRUCTURES, body, EXTERNALS, *sizes_tables(named), argument_table(named), result_table(named)]
    return "\n".join([*parts, interface_table(named), entry_function(name, named, attributes)]), named


def sizes_tables(interface: Interface) -> list[str]:
    """For each argument that has a rank, its sizes: a number, or -1 for any."""
    tables = []
    for number, argument in enumerate(interface.arguments):
        sizes = [ANY_SIZE if size is None else size for size in argument.type.shape]
        values = ", ".join(f"i64 {size}" for size in sizes)
        tables.append(f"@phi.sizes.{number} = internal constant [{len(sizes)} x i64] [{values}]")
    return tables


def argument_table(interface: Interface) -> str:
    """One `%Argument` row each: dtype, rank, flags wanted, number of the state cell or -1, sizes."""
    rows, cell, written = [], 0, interface.inplace
    for number, argument in enumerate(interface.arguments):
        flags = C_CONTIGUOUS | ALIGNED | (WRITEABLE if number in written else 0)
        place = cell if argument.is_state else -1
        cell += argument.is_state
        numbers = f"i32 {CODES[argument.type.dtype]}, i32 {argument.type.ndim}, i32 {flags}, i32 {place}"
        rows.append(f"%Argument {{ {numbers}, ptr @phi.sizes.{number} }}")
    return f"@phi.arguments = internal constant [{len(rows)} x %Argument] [{', '.join(rows)}]"


def result_table(interface: Interface) -> str:
    """One `%Result` row each: kind, dtype, rank, argument."""

    def row(result: Result) -> str:
        kind = result.type or TensorType("bool")
        argument = -1 if result.argument is None else result.argument
        return f"%Result {{ i32 {KINDS[result.kind]}, i32 {CODES[kind.dtype]}, i32 {kind.ndim}, i32 {argument} }}"

    rows = [row(result) for result in interface.results]
    return f"@phi.results = internal constant [{len(rows)} x %Result] [{', '.join(rows)}]"


def interface_table(interface: Interface) -> str:
    """The `%Interface` row: counts, and where the tables are."""
    counts = (
        len(interface.inputs),
        len(interface.arguments),
        len(interface.results),
        interface.outputs,
        len(interface.states),
        len(interface.inplace),
    )
    tables = "ptr @phi.arguments, ptr @phi.results"
    numbers = ", ".join(f"i32 {count}" for count in counts)
    return f"@phi.interface = internal constant %Interface {{ {numbers}, {tables}, i32 {len(interface.hosts)} }}"


def entry_function(name: str, interface: Interface, attributes: str) -> str:
    """Enter, call the body, leave; or the slow path."""
    results, slots, hosts = len(interface.results), len(interface.arguments), len(interface.hosts)
    room = f"{{ %Frame, [{results} x ptr], [{slots} x %Slot], [{hosts} x ptr] }}"
    lines = [
        f"define ptr @{interface.entry}(ptr %self, ptr %args, i64 %n, ptr %kwnames) {attributes} {{",
        f"  %frame = alloca {room}, align 64",
        f"  %results = getelementptr {room}, ptr %frame, i32 0, i32 1",
        f"  %slots = getelementptr {room}, ptr %frame, i32 0, i32 2",
        f"  %kept = getelementptr {room}, ptr %frame, i32 0, i32 3",
        "  %kept.at = getelementptr %Frame, ptr %frame, i32 0, i32 6",
        "  store ptr %kept, ptr %kept.at",
        f"  store [{results} x ptr] zeroinitializer, ptr %results",
        *[f"  store [{hosts} x ptr] zeroinitializer, ptr %kept"] * bool(hosts),
        "  %accepted = call i32 @phi_enter(ptr %frame, ptr @phi.interface, ptr %self, ptr %args, i64 %n, ptr %kwnames, "
        "ptr %results, ptr %slots)",
        "  %fast = icmp ne i32 %accepted, 0",
        "  br i1 %fast, label %body, label %slow",
        "body:",
    ]
    passed = ["ptr %frame"]
    for number, argument in enumerate(interface.arguments):
        slot = f"%slot{number}"
        lines += [
            f"  {slot}.at = getelementptr %Slot, ptr %slots, i32 {number}, i32 1",
            f"  {slot} = load ptr, ptr {slot}.at",
        ]
        passed.append(f"ptr {slot}")
        dynamic = [d for d, size in enumerate(argument.type.shape) if size is None]
        if dynamic:
            lines += [
                f"  {slot}.dims.at = getelementptr %Slot, ptr %slots, i32 {number}, i32 2",
                f"  {slot}.dims = load ptr, ptr {slot}.dims.at",
            ]
        for d in dynamic:
            lines += [
                f"  {slot}.{d}.at = getelementptr i64, ptr {slot}.dims, i32 {d}",
                f"  {slot}.{d} = load i64, ptr {slot}.{d}.at",
            ]
            passed.append(f"i64 {slot}.{d}")
    lines += [
        f"  %code = call i32 {symbol(name)}({', '.join(passed)})",
        "  %result = call ptr @phi_leave(ptr %frame, i32 %code)",
        "  ret ptr %result",
        "slow:",
        "  %other = call ptr @phi_slow(ptr %self, ptr %args, i64 %n, ptr %kwnames)",
        "  ret ptr %other",
        "}",
    ]
    return "\n".join(lines) + "\n"
