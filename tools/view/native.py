"""Below the `llvm` dialect: LLVM IR and assembly as steps, each instruction with the operations that it came from.

The way there is LLVM's own debug information: an operation's number stands where the line of a source file would, LLVM keeps
it through its optimizer, and it is taken out of the text again before anybody reads it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby

from xdsl.dialects import llvm
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation

from phintys.codegen import engine, machine
from phintys.codegen.ptx import ptx
from phintys.codegen.rows import ROWS
from phintys.codegen.text import symbol
from phintys.codegen.translate import FunctionPrinter, ModulePrinter

from .listing import shortened
from .recorder import Known, Recorder, Row, Step

UNIT = (
    '!DICompileUnit(language: DW_LANG_C, file: {file}, producer: "", isOptimized: true, runtimeVersion: 0, '
    "emissionKind: DebugDirectivesOnly)"
)
PROGRAM = (
    "!DISubprogram(name: {name}, scope: {file}, file: {file}, line: 1, type: {type}, "
    "spFlags: DISPFlagDefinition | DISPFlagOptimized, unit: {unit})"
)

NODE = re.compile(r"^(!\d+) = (?:distinct )?(!DI\w+)\((.*)\)$")
REPEATED = re.compile(r"(\.\w+(?:\.\w+)?)\1+")
REFERENCE = re.compile(r",? !dbg (!\d+)")
NOTES = re.compile(
    r"^(!llvm\.dbg\.cu|!llvm\.module\.flags) = |^!\d+ = !\{i32 2, !\"Debug Info Version\", i32 3\}$|^!\d+ = !\{null\}$"
)
LOC = re.compile(r"^\s+\.loc\s+\d+ (\d+) ")
INLINED = re.compile(r"ops:(\d+):\d+")
DATA = re.compile(r"\s+\.(quad|long|short|byte|zero)\b")
LONGEST_TABLE = 16
UNREAD = re.compile(r"^\s+\.(file|section\s+\.debug|cfi_)|^\.L(tmp|func_(begin|end))\d+:")


class _Numbered(ModulePrinter):
    """LLVM IR with the number of an operation, plus one, as the line of each instruction."""

    def __init__(self, numbers: dict[Operation, int]) -> None:
        super().__init__(False, machine.function_attributes())
        self.numbers = numbers
        self.file = self.metadata('!DIFile(filename: "ops", directory: "")')
        self.unit = self.metadata(UNIT.format(file=self.file), distinct=True)
        self.type = self.metadata(f"!DISubroutineType(types: {self.metadata('!{null}')})")
        self.version = self.metadata('!{i32 2, !"Debug Info Version", i32 3}')

    def function(self, op: llvm.FuncOp) -> str:
        """A definition, numbered, or a declaration."""
        return _NumberedFunction(self, op).run() if op.body.blocks else super().function(op)

    def text(self, module: ModuleOp) -> str:
        """The whole module."""
        return f"{self.run(module)}!llvm.dbg.cu = !{{{self.unit}}}\n!llvm.module.flags = !{{{self.version}}}\n"


class _NumberedFunction(FunctionPrinter):
    """One function of it."""

    def __init__(self, module: _Numbered, op: llvm.FuncOp) -> None:
        super().__init__(module, op)
        self.numbers = module.numbers
        name = symbol(op.sym_name.data).removeprefix("@")
        quoted = name if name.startswith('"') else f'"{name}"'
        node = PROGRAM.format(name=quoted, file=module.file, type=module.type, unit=module.unit)
        self.program = module.metadata(node, distinct=True)

    def header(self) -> str:
        """The first line, with the subprogram."""
        return f"{super().header().removesuffix(' {')} !dbg {self.program} {{"

    def instructions(self, block: Block, lines: list[str]) -> None:
        """One line for each operation that is not a constant, with its number."""
        start = len(lines)
        super().instructions(block, lines)
        shown = [op for op in block.ops if type(op) in ROWS]
        for place, op in enumerate(shown, start):
            node = f"!DILocation(line: {self.numbers[op] + 1}, scope: {self.program})"
            lines[place] += f", !dbg {self.module.metadata(node)}"


@dataclass(frozen=True)
class _Line:
    """A line of text and the operations of the `llvm` dialect behind it, innermost first; `counts`: it is an instruction
    though they are not known.
    """

    text: str
    numbers: tuple[int, ...] = ()
    counts: bool = False


def native_steps(recorder: Recorder, asm: bool = True) -> None:
    """Append LLVM IR as it is handed to LLVM, as LLVM leaves it, and assembly to a recording that has reached `llvm`."""
    text, seconds = _timed(lambda: _Numbered(recorder.numbers).text(recorder.module))
    _append(recorder, "translate", "LLVM IR, as it is handed over", "llvmir", seconds, _ir_lines(text))
    optimized, seconds = _timed(lambda: engine.optimize(text))
    _append(recorder, "optimize", "LLVM's optimizer", "llvmir", seconds, _ir_lines(optimized))
    if asm:
        code, seconds = _timed(lambda: engine.assembly(optimized, optimize=False))
        _append(recorder, "assembly", "machine code", "asm", seconds, _asm_lines(code))


def device_step(recorder: Recorder) -> None:
    """Append the PTX of the kernels to a recording that has reached `nvvm`."""
    text, seconds = _timed(lambda: ptx(recorder.module))
    _append(recorder, "assemble", "PTX, for the oldest architecture", "ptx", seconds, map(_ptx_line, text.splitlines()))


def _ptx_line(text: str) -> _Line:
    """Instructions stand behind a tab, end with a semicolon and are no directives."""
    return _Line(text, counts=text.startswith("\t") and text.endswith(";") and not text.lstrip().startswith("."))


def _timed(action: Callable[[], str]) -> tuple[str, float]:
    started = time.perf_counter()
    result = action()
    return result, time.perf_counter() - started


def _ir_lines(text: str) -> Iterable[_Line]:
    """The lines without debug information, each with its operations."""
    lines = text.splitlines()
    nodes = {found[1]: found[3] for line in lines if (found := NODE.match(line))}
    for line in lines:
        if NODE.match(line) or NOTES.match(line):
            continue
        found = REFERENCE.search(line)
        numbers = tuple(_chain(found[1], nodes)) if found and not line.startswith("define") else ()
        yield _Line(REPEATED.sub(_once, REFERENCE.sub("", line)), numbers)


def _once(found: re.Match[str]) -> str:
    """`.split.split.split` as `.split*3`: LLVM's labels grow so, to thousands of characters."""
    return f"{found[1]}*{len(found[0]) // len(found[1])}"


def _chain(node: str, nodes: dict[str, str]) -> Iterable[int]:
    """The operations of a location: its own, then those of the calls that it was inlined through."""
    while node in nodes:
        fields = dict(part.split(": ", 1) for part in nodes[node].split(", ") if ": " in part)
        if int(fields.get("line", 0)) > 0:
            yield int(fields["line"]) - 1
        node = fields.get("inlinedAt", "")


def _asm_lines(text: str) -> Iterable[_Line]:
    """The lines without directives for debuggers, and of long tables the beginning."""
    for is_data, lines in groupby(_asm_instructions(text), key=lambda line: DATA.match(line.text) is not None):
        found = list(lines)
        if is_data and len(found) > LONGEST_TABLE:
            yield from found[:LONGEST_TABLE]
            yield _Line(f"        # {len(found) - LONGEST_TABLE} more lines of this table")
        else:
            yield from found


def _asm_instructions(text: str) -> Iterable[_Line]:
    """The lines without directives for debuggers; an instruction belongs to the last `.loc` before it."""
    numbers: tuple[int, ...] = ()
    for line in text.splitlines():
        found = LOC.match(line)
        if found:
            chain = INLINED.findall(line) or [found[1]]
            numbers = tuple(int(number) - 1 for number in chain if int(number) > 0)
        elif not UNREAD.match(line):
            instruction = line[:1].isspace() and not line.strip().startswith((".", "#"))
            yield _Line(line.expandtabs(8), numbers if instruction else ())


def _append(recorder: Recorder, name: str, title: str, level: str, seconds: float, lines: Iterable[_Line]) -> None:
    """A step of text, whose instructions came from those instructions of the step before that share an operation."""
    before = recorder.steps[-1]
    sharing: dict[int, list[int]] = {}
    for row in before.rows:
        for number in row.signature if before.level == "llvmir" else (row.number,):
            sharing.setdefault(number, []).append(row.number)
    step = Step(name, title, level, seconds, [], [], removed=[row.number for row in before.rows])
    for place, line in enumerate(lines):
        step.lines.append(shortened(line.text))
        if not line.numbers and not line.counts:
            continue
        number = len(recorder.known)
        recorder.known.append(Known(_opcode(line.text), _location(recorder, line.numbers)))
        step.rows.append(Row(number, place, place, -1, (), line.numbers))
        step.came_from[number] = list(dict.fromkeys(one for key in line.numbers for one in sharing.get(key, ())))
    recorder.steps.append(step)


def _opcode(line: str) -> str:
    word = line.split("=", 1)[-1].split() if " = " in line else line.split()
    return word[0] if word else ""


def _location(recorder: Recorder, numbers: tuple[int, ...]) -> str:
    """Where the user wrote it: the innermost operation that knows."""
    return next((found for number in numbers if (found := recorder.known[number].location)), "")
