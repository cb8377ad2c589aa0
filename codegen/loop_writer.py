"""Writes Python of loops: one row for each operation that is no scalar one, which appends statements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from xdsl.dialects import builtin as bi
from xdsl.dialects import func, memref, scf
from xdsl.ir import Block, Operation, SSAValue

from phintys.dialects.blas import GemmOp, GemvOp
from phintys.dialects.lapack import RoutineOp
from phintys.dialects.rt import AssertOp
from phintys.dialects.rt_host import HostOp
from phintys.passes.loop_facts import PARALLEL

from . import interpreter_memory as memory
from . import loop_writer_vectors
from .interpreter import EXCEPTIONS
from .rare import LONG, PREFIX
from .scalar_templates import outside
from .scalar_writer import ScalarWriter, numpy_type


class LoopWriter(ScalarWriter):
    """Writes one function. `flat` are names of the buffers that memrefs lie in."""

    def __init__(self, function: func.FuncOp, namespace: dict[str, Any]) -> None:
        super().__init__("{1} if {0} else {2}")
        self.namespace = namespace
        self.function = function
        self.flat: dict[SSAValue, str] = {}

    def write(self) -> str:
        """The function's text."""
        block = self.function.body.block
        arguments = [self.argument(value) for value in block.args]
        self.block(block)
        head = f"def {symbol(self.function.sym_name.data)}({', '.join(arguments)}):"
        return "\n".join([head, *self.lines, ""])

    def argument(self, value: SSAValue) -> str:
        """The parameters of an argument: two of a memref."""
        name = self.new(value)
        if not isinstance(value.type, bi.MemRefType):
            return name
        self.flat[value] = f"f{name}"
        return f"{name}, f{name}"

    def block(self, block: Block) -> Sequence[SSAValue]:
        """Append a block's statements; the operands of its end."""
        for op in block.ops:
            if isinstance(op, scf.YieldOp | scf.ConditionOp):
                return op.operands
            row = ROWS.get(type(op))
            if row is None and isinstance(op, RoutineOp):
                row = _lapack
            if row is None:
                self.scalar(op)
            else:
                row(self, op)
        return ()

    def of(self, values: Sequence[SSAValue]) -> list[str]:
        """Names of values."""
        return [self.names[value] for value in values]

    def assign(self, targets: Sequence[str], values: Sequence[SSAValue]) -> None:
        """Several at once."""
        if targets:
            self.line(f"{', '.join(targets)} = {', '.join(self.of(values))}")

    def memory(self, value: SSAValue, expression: str) -> None:
        """A memref that an expression makes, with its buffer."""
        name = self.new(value)
        self.flat[value] = f"f{name}"
        self.line(f"{name}, f{name} = {expression}")

    def tuple(self, values: Sequence[str]) -> str:
        """A tuple's text."""
        return f"({', '.join(values)}{',' * (len(values) == 1)})"

    def sizes(self, type: Any, dynamic: Sequence[SSAValue]) -> str:
        """Sizes of a memref's type as a tuple."""
        given = iter(self.of(dynamic))
        return self.tuple([next(given) if size == bi.DYNAMIC_INDEX else str(size) for size in type.get_shape()])


def symbol(name: str) -> str:
    """A function's name in the program."""
    return "f_" + "".join(character if character.isalnum() else f"_{ord(character)}_" for character in name)


def _element(value: SSAValue) -> str:
    assert isinstance(value.type, bi.MemRefType)
    return f"np.{numpy_type(value.type.element_type).__name__}"


def _alloc(w: LoopWriter, op: Operation) -> None:
    (result,) = op.results
    w.memory(result, f"alloc({_element(result)}, {w.sizes(result.type, op.operands)})")


def _dealloc(w: LoopWriter, op: Operation) -> None:
    w.line(f"poison({w.flat[op.operands[0]]})")


def _reinterpret(w: LoopWriter, op: Operation) -> None:
    assert isinstance(op, memref.ReinterpretCastOp)

    def mixed(static: Any, dynamic: Sequence[SSAValue]) -> list[str]:
        given = iter(w.of(dynamic))
        return [next(given) if number == bi.DYNAMIC_INDEX else str(number) for number in static.get_values()]

    (offset,) = mixed(op.static_offsets, op.offsets)
    sizes, strides = (w.tuple(mixed(*pair)) for pair in ((op.static_sizes, op.sizes), (op.static_strides, op.strides)))
    flat = w.flat[op.result] = w.flat[op.source]
    w.line(f"{w.new(op.result)} = view({flat}, {offset}, {sizes}, {strides})")


def _view(w: LoopWriter, op: Operation) -> None:
    assert isinstance(op, memref.ViewOp)
    start, sizes = w.names[op.byte_shift], w.sizes(op.result.type, op.sizes)
    w.memory(op.result, f"retype({w.flat[op.source]}, {start}, {_element(op.result)}, {sizes})")


def _dim(w: LoopWriter, op: Operation) -> None:
    source, axis = w.of(op.operands)
    w.line(f"{w.new(op.results[0])} = {source}.shape[{axis}]")


def _pointer(w: LoopWriter, op: Operation) -> None:
    w.line(f"{w.new(op.results[0])} = {w.flat[op.operands[0]]}.ctypes.data")


def _checked(w: LoopWriter, op: Operation, buffer: SSAValue, indices: Sequence[SSAValue]) -> tuple[str, str]:
    """The element's text, and what to do before it is touched."""
    array, places = w.names[buffer], w.of(indices)
    if not places:
        return f"{array}[()]", ""
    failed = f"outside('{op.name}', {w.tuple(places)}, {array}.shape)"
    return f"{array}[{', '.join(places)}]", f"if {' | '.join(places)} < 0: {failed}"


def _load(w: LoopWriter, op: Operation) -> None:
    element, check = _checked(w, op, op.operands[0], op.operands[1:])
    if check:
        w.line(check)
    w.line(f"{w.new(op.results[0])} = {element}")


def _store(w: LoopWriter, op: Operation) -> None:
    element, check = _checked(w, op, op.operands[1], op.operands[2:])
    if check:
        w.line(check)
    w.line(f"{element} = {w.names[op.operands[0]]}")


def _get_global(w: LoopWriter, op: Operation) -> None:
    name = op.properties["name"]
    assert isinstance(name, bi.SymbolRefAttr)
    constant = symbol(name.string_value())
    w.memory(op.results[0], f"{constant}.reshape({_shape(op.results[0])}), {constant}")


def _shape(value: SSAValue) -> tuple[int, ...]:
    assert isinstance(value.type, bi.MemRefType)
    return tuple(value.type.get_shape())


def _product(w: LoopWriter, op: Operation) -> None:
    w.line(f"gemm({', '.join(w.of(op.operands))})")


def _lapack(w: LoopWriter, op: Operation) -> None:
    assert isinstance(op, RoutineOp)
    letters = {name: op.letter(name) for name in op.row.letters}
    routine = w.keep(memory.Lapack(op.name.partition(".")[2], op.row, letters, op.element_type == bi.f32))
    target = f"{w.new(op.results[0])} = " if op.results else ""
    w.line(f"{target}{routine}({', '.join(w.of(op.operands))})")


def _host(w: LoopWriter, op: Operation) -> None:
    assert isinstance(op, HostOp)
    call = w.keep(memory.host(op.text("function"), op.gives, op.text("options"), op.takes))
    found = f"r{len(w.names)}"
    w.line(f"{found} = {call}({', '.join(w.of(op.operands))})")
    for number, result in enumerate(op.results):
        w.memory(result, f"{found}[{number}]")


def _assert(w: LoopWriter, op: Operation) -> None:
    assert isinstance(op, AssertOp)
    kind, message = w.keep(EXCEPTIONS[op.exception]), w.keep(op.message)
    w.line(f"if not {w.names[op.condition]}: raise {kind}({message}.format({', '.join(w.of(op.values))}))")


def _call(w: LoopWriter, op: Operation) -> None:
    assert isinstance(op, func.CallOp)
    name, operands = op.callee.string_value(), w.of(op.operands)
    if name.startswith(PREFIX):  # what a formula does not hold for
        bare = name.removeprefix(PREFIX)
        rare, *xs, fast = operands
        called = symbol(bare) if symbol(bare) in w.namespace else _external(w, LONG.get(bare, bare), op)
        expression = f"{called}({', '.join(xs)}) if {rare} else {fast}"
    elif symbol(name) in w.namespace:
        expression = f"{symbol(name)}({', '.join(operands)})"
    else:
        expression = f"{_external(w, name, op)}({', '.join(operands)})"
    w.line(f"{w.new(op.results[0])} = {expression}")


def _external(w: LoopWriter, name: str, op: Operation) -> str:
    arity = sum(isinstance(value.type, bi.Float32Type | bi.Float64Type) for value in op.operands) - name_is_rare(op)
    return w.keep(outside(name, op.results[0].type == bi.f32, arity))


def name_is_rare(op: Operation) -> bool:
    """Whether the last operand is what to hand back otherwise."""
    return isinstance(op, func.CallOp) and op.callee.string_value().startswith(PREFIX)


def _for(w: LoopWriter, op: Operation) -> None:
    assert isinstance(op, scf.ForOp)
    low, high, step = w.of(op.operands[:3])
    index, *carried = [w.new(value) for value in op.body.block.args]
    w.assign(carried, op.operands[3:])
    w.line(f"r{index} = range({low}, {high}, {step})")
    w.line(f"spend(len(r{index}) * {len(op.body.block.ops) + 1})")
    w.line(f"for {index} in {f'reversed(r{index})' if PARALLEL in op.attributes else f'r{index}'}:")
    w.depth += 1
    w.line("pass")
    w.assign(carried, w.block(op.body.block))
    w.depth -= 1
    for result, name in zip(op.results, carried, strict=True):
        w.line(f"{w.new(result)} = {name}")


def _if(w: LoopWriter, op: Operation) -> None:
    assert isinstance(op, scf.IfOp)
    results = [w.new(value) for value in op.results]
    for head, region in ((f"if {w.names[op.operands[0]]}:", op.true_region), ("else:", op.false_region)):
        w.line(head)
        w.depth += 1
        w.line("pass")
        if region.blocks:
            w.assign(results, w.block(region.block))
        w.depth -= 1


def _while(w: LoopWriter, op: Operation) -> None:
    assert isinstance(op, scf.WhileOp)
    before = [w.new(value) for value in op.before_region.block.args]
    after = [w.new(value) for value in op.after_region.block.args]
    results = [w.new(value) for value in op.results]
    w.assign(before, op.operands)
    w.line("while True:")
    w.depth += 1
    w.line(f"spend({len(op.before_region.block.ops) + len(op.after_region.block.ops)})")
    condition, *passed = w.block(op.before_region.block)
    w.assign(results, passed)
    w.line(f"if not {w.names[condition]}: break")
    w.assign(after, passed)
    w.assign(before, w.block(op.after_region.block))
    w.depth -= 1


def _return(w: LoopWriter, op: Operation) -> None:
    names = w.of(op.operands)
    scalar = len(names) == 1 and not isinstance(op.operands[0].type, bi.MemRefType)
    w.line(f"return {names[0] if scalar else w.tuple(names)}")


ROWS: dict[type[Operation], Callable[[LoopWriter, Operation], None]] = {
    memref.AllocOp: _alloc,
    memref.DeallocOp: _dealloc,
    memref.ReinterpretCastOp: _reinterpret,
    memref.ViewOp: _view,
    memref.DimOp: _dim,
    memref.ExtractAlignedPointerAsIndexOp: _pointer,
    memref.LoadOp: _load,
    memref.StoreOp: _store,
    memref.GetGlobalOp: _get_global,
    **loop_writer_vectors.ROWS,
    GemmOp: _product,
    GemvOp: _product,
    HostOp: _host,
    AssertOp: _assert,
    func.CallOp: _call,
    func.ReturnOp: _return,
    scf.ForOp: _for,
    scf.IfOp: _if,
    scf.WhileOp: _while,
}
