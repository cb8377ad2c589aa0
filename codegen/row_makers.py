"""What the rows of `rows.py` are made of: for each family of ops, how its members read in LLVM IR.

A row takes the printer of the function and the op and returns the text of the instruction without its `%name = `. Names
here are words for families (`binary("add")` makes a row) or single rows (`gep`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from xdsl.dialects import llvm
from xdsl.dialects.builtin import IntegerAttr
from xdsl.ir import Attribute, Operation

from .text import TranslationError, constant_text, symbol, type_text

if TYPE_CHECKING:
    from .translate import FunctionPrinter

Row = Callable[["FunctionPrinter", Any], str]

OVERFLOW = ("", " nsw", " nuw", " nsw nuw")
FASTMATH_ORDER = ("reassoc", "nnan", "ninf", "nsz", "arcp", "contract", "afn")


def _overflow(value: Any) -> str:
    number = value.value.data if isinstance(value, IntegerAttr) else value.to_int()
    return OVERFLOW[number]


def _fastmath(value: Any) -> str:
    if not value.data:
        return ""
    words = [word for word in FASTMATH_ORDER if word in value.data]
    return " fast" if len(words) == len(FASTMATH_ORDER) else "".join(f" {word}" for word in words)


FLAGS: dict[str, Callable[[Any], str]] = {
    "fastmathFlags": _fastmath,
    "overflowFlags": _overflow,
    "isExact": lambda value: " exact",
    "isDisjoint": lambda value: " disjoint",
    "nonNeg": lambda value: " nneg",
}


def flags(op: Operation) -> str:
    """The flags an op carries, each with a space before it."""
    return "".join([FLAGS[name](value) for name, value in op.properties.items() if name in FLAGS])


def binary(word: str) -> Row:
    """`add nsw i64 %a, %b`."""

    def row(f: FunctionPrinter, op: Operation) -> str:
        lhs, rhs = op.operands
        return f"{word}{flags(op)} {type_text(lhs.type)} {f.name(lhs)}, {f.name(rhs)}"

    return row


def unary(word: str) -> Row:
    """`fneg double %a`."""
    return lambda f, op: f"{word}{flags(op)} {f.typed(op.operands[0])}"


def cast(word: str) -> Row:
    """`sitofp i64 %a to double`."""
    return lambda f, op: f"{word}{flags(op)} {f.typed(op.operands[0])} to {type_text(op.results[0].type)}"


def compare(word: str, predicates: tuple[str, ...]) -> Row:
    """`icmp slt i64 %a, %b`."""

    def row(f: FunctionPrinter, op: Any) -> str:
        lhs, rhs = op.operands
        predicate = predicates[op.properties["predicate"].value.data]
        return f"{word}{flags(op)} {predicate} {type_text(lhs.type)} {f.name(lhs)}, {f.name(rhs)}"

    return row


def intrinsic(stem: str) -> Row:
    """`call double @llvm.exp.f64(double %a)`: overloaded on the type of the result, all operands are arguments."""

    def row(f: FunctionPrinter, op: Operation) -> str:
        kind = op.results[0].type
        return f.intrinsic_call(f"llvm.{stem}.{mangled(kind)}", kind, op.operands, flags(op))

    return row


def mangled(kind: Attribute) -> str:
    """The type as it stands in the name of an overloaded intrinsic: `f64`, `i32`, `v4f32`, `p0`."""
    text = type_text(kind)
    if text.startswith("<"):
        count, _, element = text[1:-1].partition(" x ")
        return f"v{count}{MANGLED.get(element, element)}"
    return MANGLED.get(text, text)


MANGLED = {"double": "f64", "float": "f32", "half": "f16", "bfloat": "bf16", "ptr": "p0"}


def gep(f: FunctionPrinter, op: Any) -> str:
    """`getelementptr inbounds double, ptr %p, i64 %i`."""
    properties = op.properties
    bits = properties["noWrapFlags"].value.data if "noWrapFlags" in properties else 0
    words = " inbounds" if "inbounds" in properties or bits & 1 else " nusw" if bits & 2 else ""
    words += " nuw" if bits & 4 else ""
    dynamic = iter(op.operands[1:])
    indices = [
        f.typed(next(dynamic)) if index == llvm.GEP_USE_SSA_VAL else f"i32 {index}"
        for index in properties["rawConstantIndices"].iter_values()
    ]
    base = f.typed(op.operands[0])
    return f"getelementptr{words} {type_text(properties['elem_type'])}, {base}, {', '.join(indices)}"


def alignment(op: Operation) -> str:
    """`, align 8` where the op says so."""
    value = op.properties.get("alignment")
    return f", align {value.value.data}" if isinstance(value, IntegerAttr) and value.value.data else ""


def _not_atomic(op: Operation) -> None:
    ordering = op.properties.get("ordering")
    if isinstance(ordering, IntegerAttr) and ordering.value.data:
        raise TranslationError(f"{op.name} with an atomic ordering has no LLVM text here")


def load(f: FunctionPrinter, op: Any) -> str:
    """`load double, ptr %p, align 8`."""
    _not_atomic(op)
    return f"load {type_text(op.results[0].type)}, {f.typed(op.operands[0])}{alignment(op)}"


def store(f: FunctionPrinter, op: Any) -> str:
    """`store double %v, ptr %p`."""
    _not_atomic(op)
    volatile = " volatile" if "volatile_" in op.properties else ""
    hint = f", !nontemporal {f.module.metadata('!{i32 1}')}" if "nontemporal" in op.properties else ""
    return f"store{volatile} {f.typed(op.operands[0])}, {f.typed(op.operands[1])}{alignment(op)}{hint}"


def atomic(f: FunctionPrinter, op: Any) -> str:
    """`atomicrmw fadd ptr %p, double %v syncscope("device") monotonic`."""
    scope = f' syncscope("{op.scope}")' if op.scope else ""
    return f"atomicrmw {op.kind} {f.typed(op.operands[0])}, {f.typed(op.operands[1])}{scope} monotonic"


def alloca(f: FunctionPrinter, op: Any) -> str:
    """`alloca i64, i64 4, align 8`."""
    return f"alloca {type_text(op.properties['elem_type'])}, {f.typed(op.operands[0])}{alignment(op)}"


def select(f: FunctionPrinter, op: Any) -> str:
    """`select i1 %c, double %a, double %b`."""
    return f"select{flags(op)} " + ", ".join(f.typed(operand) for operand in op.operands)


def call(f: FunctionPrinter, op: Any) -> str:
    """`call double @exp(double %x)`; without a callee the first operand is called."""
    if op.properties["operandSegmentSizes"].get_values()[1]:
        raise TranslationError("llvm.call with operand bundles has no LLVM text here")
    kind = type_text(op.results[0].type) if op.results else "void"
    variadic = op.properties.get("var_callee_type")
    callee = op.properties.get("callee")
    operands = op.operands if callee is not None else op.operands[1:]
    target = symbol(callee.string_value()) if callee is not None else f.name(op.operands[0])
    arguments = ", ".join([f.typed(operand) for operand in operands])
    text = f"call{flags(op)} {kind if variadic is None else type_text(variadic)} {target}({arguments})"
    return text + _published(f, op) if target == "@phi_output" else text


def _published(f: FunctionPrinter, op: Any) -> str:
    """Store the result array's address where others may see it: without that LLVM drops every store into the array,
    since memory that is fresh (`noalias`) and known to nobody else need not be written.
    """
    return f"\n  store volatile ptr {f.name(op.results[0])}, {f.typed(op.operands[0])}"


def call_intrinsic(f: FunctionPrinter, op: Any) -> str:
    """`call double @llvm.exp.f64(double %x)`: the name is already overloaded."""
    if op.properties["operandSegmentSizes"].get_values()[1]:
        raise TranslationError("llvm.call_intrinsic with operand bundles has no LLVM text here")
    kind = op.results[0].type if op.results else llvm.LLVMVoidType()
    return f.intrinsic_call(op.properties["intrin"].data, kind, op.operands, flags(op))


def reduction(stem: str) -> Row:
    """`call double @llvm.vector.reduce.fadd.v4f64(double %start, <4 x double> %v)`: overloaded on the vector."""

    def row(f: FunctionPrinter, op: Operation) -> str:
        name = f"llvm.{stem}.{mangled(op.operands[1].type)}"
        return f.intrinsic_call(name, op.results[0].type, op.operands, flags(op))

    return row


def extract_value(f: FunctionPrinter, op: Any) -> str:
    """`extractvalue { double, double } %z, 0`."""
    return f"extractvalue {f.typed(op.operands[0])}{_positions(op)}"


def insert_value(f: FunctionPrinter, op: Any) -> str:
    """`insertvalue { double, double } %z, double %x, 0`."""
    container, value = op.operands
    return f"insertvalue {f.typed(container)}, {f.typed(value)}{_positions(op)}"


def _positions(op: Any) -> str:
    return "".join(f", {index}" for index in op.properties["position"].iter_values())


def listed(word: str) -> Row:
    """`insertelement <4 x double> %v, double %x, i32 %i`: a word and every operand with its type."""
    return lambda f, op: f"{word} " + ", ".join(f.typed(operand) for operand in op.operands)


def shuffle(f: FunctionPrinter, op: Any) -> str:
    """`shufflevector <2 x double> %a, <2 x double> %b, <2 x i32> <i32 1, i32 0>`; -1 in the mask is poison."""
    mask = list(op.properties["mask"].iter_values())
    lanes = ", ".join(f"i32 {lane}" if lane >= 0 else "i32 poison" for lane in mask)
    return f"shufflevector {f.typed(op.operands[0])}, {f.typed(op.operands[1])}, <{len(mask)} x i32> <{lanes}>"


def masked_store(f: FunctionPrinter, op: Any) -> str:
    """`call void @llvm.masked.store.v4f64.p0(<4 x double> %v, ptr align 8 %p, <4 x i1> %m)`."""
    value, pointer, mask = op.operands
    name = f"llvm.masked.store.{mangled(value.type)}.p0"
    f.module.declare(f"declare void @{name}({type_text(value.type)}, ptr, {type_text(mask.type)})")
    place = f"ptr align {op.properties['alignment'].value.data} {f.name(pointer)}"
    return f"call void @{name}({f.typed(value)}, {place}, {f.typed(mask)})"


def stack(stem: str) -> Row:
    """`call ptr @llvm.stacksave.p0()` and `call void @llvm.stackrestore.p0(ptr %p)`."""

    def row(f: FunctionPrinter, op: Operation) -> str:
        kind = op.results[0].type if op.results else llvm.LLVMVoidType()
        return f.intrinsic_call(f"llvm.{stem}.p0", kind, op.operands, "")

    return row


def branch(f: FunctionPrinter, op: Any) -> str:
    """`br label %b1, !llvm.loop !0`."""
    return f"br label {f.label(op.successors[0])}{f.loop(op)}"


def conditional_branch(f: FunctionPrinter, op: Any) -> str:
    """`br i1 %c, label %b1, label %b2`."""
    targets = ", ".join(f"label {f.edge(op, index)}" for index in range(2))
    return f"br {f.typed(op.operands[0])}, {targets}{f.loop(op)}"


def switch(f: FunctionPrinter, op: Any) -> str:
    """`switch i32 %v, label %b1 [ i32 1, label %b2 ]`."""
    kind = op.operands[0].type
    cases = " ".join(
        f"{type_text(kind)} {constant_text(IntegerAttr(value, kind), kind)}, label {f.edge(op, index)}"
        for index, (value, _, _) in enumerate(op.cases(), 1)
    )
    return f"switch {f.typed(op.operands[0])}, label {f.edge(op, 0)} [ {cases} ]{f.loop(op)}"


def ret(f: FunctionPrinter, op: Operation) -> str:
    """`ret i32 %0` or `ret void`."""
    return f"ret {f.typed(op.operands[0])}" if op.operands else "ret void"
