"""llvm-dialect module -> LLVM IR text, by the rows of `rows.py`.

In: a `builtin.module` that holds `llvm.func` and `llvm.mlir.global` only. Out: text that LLVM's parser takes. Block
arguments become phi nodes; values may be used in text before the block that defines them. Two edges from one branch
to one block get a block of their own each, since a phi tells edges apart by their block. Attributes understood beside
LLVM's own: `phi.loop = "vectorize,interleave=4"` on a branch (loop metadata), `phi.inline = "always"` (or "never") and
`phi.plain` (no loop in it that LLVM could do better) and `phi.strided` (an innermost loop that touches what lies apart) on a
function.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from xdsl.dialects import llvm
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import Attribute, Block, Operation, SSAValue

from phintys.dialects.llvm_extra import SwitchOp

from . import rare
from .merging import merged
from .rows import CONSTANTS, ROWS
from .text import TranslationError, argument_attributes, constant_text, loop_hints, symbol, type_text

# What LLVM may assume of the functions that `runtime.py` and BLAS bring: a temporary aliases nothing, and BLAS keeps
# none of the pointers it is given.
_KEPT_BY_NOBODY = "ptr captures(none)"
RUNTIME_DECLARATIONS = {
    "phi_alloc": "declare noalias align 64 ptr @phi_alloc(i64) nounwind willreturn",
    "phi_alloc_near": "declare noalias align 64 ptr @phi_alloc_near(i64, ptr, i64) nounwind willreturn",
    "phi_free": "declare void @phi_free(ptr captures(none)) nounwind willreturn",
    "phi_free_all": "declare void @phi_free_all(ptr captures(none), i64) cold nounwind willreturn",
    "phi_output": "declare noalias align 16 ptr @phi_output(ptr, i32, ptr captures(none)) nounwind willreturn",
} | {
    name: f"declare void @{name}({', '.join([_KEPT_BY_NOBODY] * count)}) nounwind willreturn memory(argmem: readwrite)"
    for name, count in (("phi_dgemm", 13), ("phi_sgemm", 13), ("phi_dgemv", 11), ("phi_sgemv", 11))
}


MARKS = ("phi.plain", "phi.strided")  # attributes of functions that `program` and `engine` look for in the text
INLINING = {"always": " alwaysinline", "never": " noinline"}  # values of `phi.inline`


def translate(module: ModuleOp, *, hide: bool = False, attributes: str = "nounwind") -> str:
    """The module as LLVM IR text; `hide` makes functions that have a body internal, `attributes` are given to each."""
    return ModulePrinter(hide, attributes).run(module)


class ModulePrinter:
    """Gathers what belongs to the module as a whole: declarations of intrinsics, metadata, functions, globals."""

    functions: ClassVar[type[FunctionPrinter]]

    def __init__(self, hide: bool, attributes: str):
        self.hide = hide
        self.attributes = attributes
        self.declarations: dict[str, None] = {}
        self.nodes: list[str] = []
        self.shared: dict[str, str] = {}
        self.kept: list[str] = []

    def run(self, module: Operation) -> str:
        """The text of the whole module."""
        parts: list[tuple[str | None, str]] = []
        for op in module.regions[0].block.ops:
            if isinstance(op, llvm.FuncOp):
                parts.append((_private_name(op), self.function(op)))
            elif isinstance(op, llvm.GlobalOp):
                parts.append((None, self.global_variable(op)))
            else:
                raise TranslationError(f"{op.name} at the top of a module: expected llvm.func or llvm.mlir.global")
        nodes = [f"!{number} = {node}" for number, node in enumerate(self.nodes)]
        return "\n".join([*merged(parts), *self.declarations, *self.kept_names(), *nodes]) + "\n"

    def kept_names(self) -> list[str]:
        """What keeps functions that nothing calls yet."""
        names = ", ".join(f"ptr @{name}" for name in self.kept)
        count = len(self.kept)
        return [f'@llvm.compiler.used = appending global [{count} x ptr] [{names}], section "llvm.metadata"'] if count else []

    def rare(self, op: llvm.FuncOp) -> str:
        """The definitions that belong to a declaration of `rare`'s."""
        types = [type_text(kind) for kind in op.function_type.inputs.data]
        found = rare.definition(op.sym_name.data, types, self.attributes)
        if found.declaration:
            self.declare(found.declaration)
        self.kept += found.variants
        return found.text

    def declare(self, text: str) -> None:
        """Have this declaration in the module once."""
        self.declarations[text] = None

    def metadata(self, node: str, distinct: bool = False) -> str:
        """The number (`!3`) of a metadata node; equal ones are shared unless distinct."""
        if not distinct and node in self.shared:
            return self.shared[node]
        number = f"!{len(self.nodes)}"
        self.nodes.append(f"distinct {node}" if distinct else node)
        return number if distinct else self.shared.setdefault(node, number)

    def loop_metadata(self, text: str) -> str:
        """A loop node for the hints of `phi.loop`: its first element is itself, which keeps loops apart."""
        hints = [self.metadata(node) for node in loop_hints(text)]
        return self.metadata("!{" + ", ".join([f"!{len(self.nodes)}", *hints]) + "}", distinct=True)

    def global_variable(self, op: llvm.GlobalOp) -> str:
        """`@table = internal constant [4 x double] [...]`."""
        if op.body.blocks:
            raise TranslationError(f"global @{op.sym_name.data} with an initializer region has no LLVM text here")
        kind = op.global_type
        assert isinstance(kind, Attribute)
        linkage = op.linkage.linkage.data
        words = "constant" if op.constant is not None else "global"
        if op.value is None:
            return f"{symbol(op.sym_name.data)} = external {words} {type_text(kind)}"
        align = f", align {op.alignment.value.data}" if op.alignment is not None else ""
        hidden = "internal " if linkage in ("internal", "private") else ""
        return f"{symbol(op.sym_name.data)} = {hidden}{words} {type_text(kind)} {constant_text(op.value, kind)}{align}"

    def function(self, op: llvm.FuncOp) -> str:
        """A definition, or a declaration where there is no body."""
        name = op.sym_name.data
        if not op.body.blocks:
            if name.startswith(rare.PREFIX):
                return self.rare(op)
            return RUNTIME_DECLARATIONS.get(name) or self.declaration(op)
        return self.functions(self, op).run()

    def declaration(self, op: llvm.FuncOp) -> str:
        """`declare double @exp(double)`."""
        kinds = op.function_type.inputs.data
        inputs = [type_text(kind) + words for kind, words in zip(kinds, argument_words(op), strict=True)]
        inputs += ["..."] * op.function_type.is_variadic
        output = type_text(op.function_type.output)
        return f"declare {output} {symbol(op.sym_name.data)}({', '.join(inputs)}) {self.attributes}"


def _private_name(op: llvm.FuncOp) -> str | None:
    """The name of a function with a body that nothing outside of the module knows."""
    name = op.sym_name.data
    private = op.body.blocks and op.linkage.linkage.data in ("internal", "private")
    return name if private and symbol(name) == f"@{name}" else None


def argument_words(op: llvm.FuncOp) -> list[str]:
    """The attributes of each argument of a function, as text."""
    count = len(op.function_type.inputs.data)
    return [argument_attributes(dict(row.data)) for row in op.arg_attrs.data] if op.arg_attrs else [""] * count


class FunctionPrinter:
    """Prints one function: names values and blocks, collects the edges into each block, then writes line by line."""

    rows = ROWS

    def __init__(self, module: ModulePrinter, op: llvm.FuncOp):
        self.module = module
        self.op = op
        self.names: dict[SSAValue, str] = {}
        self.labels: dict[Block, str] = {block: f"%b{number}" for number, block in enumerate(op.body.blocks)}
        self.incoming: dict[Block, list[tuple[str, Sequence[SSAValue]]]] = {block: [] for block in self.labels}
        self.edges: dict[tuple[Operation, int], str] = {}
        self.extra: list[str] = []

    def run(self) -> str:
        """The whole definition."""
        for block in self.labels:
            self.name_constants(block)
            self.collect_edges(block)
        lines = [self.header()]
        for number, block in enumerate(self.labels):
            lines.append(f"{self.labels[block][1:]}:")
            if number:
                lines.extend(self.phis(block))
            self.instructions(block, lines)
        return "\n".join([*lines, *self.extra, "}"])

    def header(self) -> str:
        """`define internal i32 @f(ptr noalias %v0, i64 %v1) nounwind {`."""
        op = self.op
        hidden = "internal " if self.module.hide or op.linkage.linkage.data in ("internal", "private") else ""
        words = argument_words(op)
        arguments = op.body.blocks[0].args
        inputs = [
            f"{type_text(argument.type)}{word} {self.name(argument)}" for argument, word in zip(arguments, words, strict=True)
        ]
        inline = op.attributes.get("phi.inline")
        extra = INLINING.get(inline.data, "") if isinstance(inline, StringAttr) else ""
        extra += "".join([f' "{name}"' for name in MARKS if name in op.attributes])
        output = type_text(op.function_type.output)
        name = symbol(op.sym_name.data)
        return f"define {hidden}{output} {name}({', '.join(inputs)}) {self.module.attributes}{extra} {{"

    def name(self, value: SSAValue) -> str:
        """The text that stands for a value."""
        name = self.names.get(value)
        if name is None:
            name = self.names[value] = f"%v{len(self.names)}"
        return name

    def typed(self, value: SSAValue) -> str:
        """A value with its type before it."""
        return f"{type_text(value.type)} {self.name(value)}"

    def label(self, block: Block) -> str:
        """`%b3`."""
        return self.labels[block]

    def edge(self, op: Operation, index: int) -> str:
        """Where edge `index` of a branch goes: its block, or the block made for the edge."""
        return self.edges.get((op, index)) or self.labels[op.successors[index]]

    def loop(self, op: Operation) -> str:
        """`, !llvm.loop !0` where the branch carries hints."""
        hints = op.attributes.get("phi.loop")
        return f", !llvm.loop {self.module.loop_metadata(hints.data)}" if isinstance(hints, StringAttr) else ""

    def intrinsic_call(self, name: str, kind: Attribute, operands: Sequence[SSAValue], words: str) -> str:
        """A call of an intrinsic, which the module then declares."""
        result = type_text(kind)
        self.module.declare(f"declare {result} @{name}({', '.join([type_text(value.type) for value in operands])})")
        return f"call{words} {result} @{name}({', '.join([self.typed(value) for value in operands])})"

    def name_constants(self, block: Block) -> None:
        """Constants are written where they are used; known before any line is, since blocks come in any order."""
        for op in block.ops:
            row = CONSTANTS.get(type(op))
            if row is not None:
                self.names[op.results[0]] = row(op)

    def collect_edges(self, block: Block) -> None:
        """Note at each successor where control comes from and with which values; split edges that share both ends."""
        last = block.last_op
        if last is None or not last.successors:
            return
        seen: set[Block] = set()
        for index, (target, values) in enumerate(edge_values(last)):
            source = self.labels[block]
            if target in seen and target.args:
                source = f"{self.labels[block]}.e{index}"
                self.edges[(last, index)] = source
                self.extra += [f"{source[1:]}:", f"  br label {self.labels[target]}"]
            elif target in seen:
                continue
            seen.add(target)
            self.incoming[target].append((source, values))

    def phis(self, block: Block) -> Iterable[str]:
        """`%v4 = phi i64 [ 0, %b0 ], [ %v9, %b2 ]`, one for each argument of the block."""
        for number, argument in enumerate(block.args):
            sources = ", ".join([f"[ {self.name(values[number])}, {label} ]" for label, values in self.incoming[block]])
            if not sources:
                raise TranslationError(f"@{self.op.sym_name.data}: a block with arguments has no branch to it")
            yield f"  {self.name(argument)} = phi {type_text(argument.type)} {sources}"

    def instructions(self, block: Block, lines: list[str]) -> None:
        """A line for every op that is not a constant."""
        for op in block.ops:
            row = self.rows.get(type(op))
            if row is None:
                if type(op) in CONSTANTS:
                    continue
                raise TranslationError(f"@{self.op.sym_name.data}: {op.name} has no row in codegen/rows.py")
            text = row(self, op)
            lines.append(f"  {self.name(op.results[0])} = {text}" if op.results else f"  {text}")


ModulePrinter.functions = FunctionPrinter


def edge_values(op: Any) -> list[tuple[Block, Sequence[SSAValue]]]:
    """The successors of a terminator, each with the values its block arguments take."""
    if isinstance(op, llvm.BrOp):
        return [(op.successors[0], op.operands)]
    if isinstance(op, llvm.CondBrOp):
        return [(op.then_block, op.then_arguments), (op.else_block, op.else_arguments)]
    if isinstance(op, SwitchOp):
        return [
            (op.default_destination, op.default_operands),
            *((block, values) for _, block, values in op.cases()),
        ]
    raise TranslationError(f"{op.name} has successors but no row for its edges")
