"""Write transcendental functions out in arithmetic that LLVM vectorizes.

Expects: the "loops" level; `math` and `xmath` operations on f32 and f64 scalars.
Leaves: no `xmath` operation, and of `math` only what is an instruction of the machine (`math_rows.table.KEPT`). Each
function used becomes one private function a float type, made by its row in `math_rows`, or a declaration of libm's; rows may
use further operations, which become calls in turn.

    %y = math.exp %x : f64
    %z = math.cbrt %x : f64

becomes

    %y = func.call @phi_exp_f64(%x) : (f64) -> f64
    %z = func.call @cbrt(%x) : (f64) -> f64
    ...
    func.func private @phi_exp_f64(%x: f64) -> f64 attributes {phi.inline = "always"} { ... }
    func.func private @cbrt(f64) -> f64

A row may leave seldom arguments to libm, by a call of `@phi_rare_NAME` that `codegen/rare.py` defines. In a `gpu.module`, which
has no libm, both kinds of calls are of functions that the rows of `math_rows/device.py` write.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xdsl.context import Context
from xdsl.dialects import func, scf
from xdsl.dialects.builtin import FunctionType, ModuleOp, StringAttr, SymbolRefAttr
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from phintys.dialects.convert import location_text
from phintys.ir.diagnostics import DiagnosticError, error

from .emit import Emitter
from .float_format import F32, FORMATS, FloatFormat
from .math_rows.table import FAR, INTEGER, KEPT, LIBM, LOOPING, ROWS, WHOLE
from .scalar_flow import FlowBuilder, Row

DIALECTS = ("math.", "xmath.")
DEVICE = "gpu.module"
INLINE = StringAttr("always")
WIDE = StringAttr("width=16")
PRIVATE = StringAttr("private")
PREFIX = "phi_rare_"  # of the names that `ScalarBuilder.rare` calls


def _device() -> Any:
    """The rows for devices."""
    from .math_rows import device

    return device


def refuse(op: Operation, message: str) -> DiagnosticError:
    """The error for an operation that stays as it is."""
    return error(f"{op.name} {message}", name=location_text(op))


def format_of(op: Operation) -> FloatFormat:
    """The float format that `op` computes in."""
    found = op.results[0].type
    if found not in FORMATS:
        raise refuse(op, f"has the type {found}; expected a scalar f32 or f64: cast it, or take it apart before")
    return FORMATS[found]


def function_name(op: Operation, shape: FloatFormat, device: bool) -> str:
    """The symbol that `op` becomes a call of."""
    if type(op) in LIBM and not device:
        return LIBM[type(op)] + ("f" if shape is F32 else "")
    return f"phi_{op.name.split('.')[1]}_{shape.name}"


def declare(name: str, operands: Sequence[Attribute], result: Attribute) -> func.FuncOp:
    """A private function without a body: the code generator or the linker finds it."""
    properties: dict[str, Attribute] = {
        "sym_name": StringAttr(name),
        "function_type": FunctionType.from_lists(operands, [result]),
        "sym_visibility": PRIVATE,
    }
    return func.FuncOp.create(properties=properties, regions=[Region()])


def define(name: str, row: Row, operands: Sequence[Attribute], shape: FloatFormat, inline: bool) -> func.FuncOp:
    """A private function with the body that `row` writes, to be inlined or not."""
    block = Block(arg_types=operands)
    for argument, hint in zip(block.args, "xyz", strict=False):
        argument.name_hint = hint
    return _finish(name, block, row(FlowBuilder(block, shape), *block.args), inline)


def define_integer(op: Operation) -> func.FuncOp:
    """The same for a row of integers."""
    block = Block(arg_types=[operand.type for operand in op.operands])
    return _finish(integer_name(op), block, INTEGER[type(op)](Emitter(block), *block.args), inline=True)


def integer_name(op: Operation) -> str:
    """The symbol that an operation on integers becomes a call of."""
    return f"phi_{op.name.split('.')[1]}_{op.results[0].type}"


def _finish(name: str, block: Block, result: SSAValue, inline: bool) -> func.FuncOp:
    block.add_op(func.ReturnOp.create(operands=[result]))
    function = declare(name, [argument.type for argument in block.args], result.type)
    function.body.add_block(block)
    if inline:
        function.attributes["phi.inline"] = INLINE
    return function


def expand(op: Operation, functions: FunctionTable) -> None:
    """Replace what stands inside of `op`."""
    for inner in list(op.walk()):
        if inner.name.startswith(DIALECTS) and type(inner) not in KEPT:
            replace(inner, functions)


def replace(op: Operation, functions: FunctionTable) -> None:
    """Put a call in the place of `op`."""
    if type(op) not in ROWS and type(op) not in LIBM and type(op) not in INTEGER:
        raise refuse(op, "has no row and no libm function; they stand in passes/math_rows/table.py")
    function = functions.require(op)
    if type(op) in INTEGER:
        _widen(op)
    call = func.CallOp.create(
        operands=op.operands,
        result_types=[op.results[0].type],
        properties={"callee": SymbolRefAttr(function.sym_name)},
        location=op.location,
    )
    Rewriter.replace_op(op, call)


def _widen(op: Operation) -> None:
    """Have the loop around words of 32 bits vectorized by what fits of these, not of the 64 bits that are made of them."""
    loop = op.parent_op()
    if isinstance(loop, scf.ForOp):
        loop.attributes.setdefault("phi.loop", WIDE)


class FunctionTable:
    """The functions of a module, to which those that calls need are added."""

    def __init__(self, block: Block, *, device: bool = False) -> None:
        self.block = block
        self.device = device
        self.known = {op.sym_name.data: op for op in self.block.ops if isinstance(op, func.FuncOp)}

    def add(self, function: func.FuncOp) -> None:
        """Append a function, and those that it calls."""
        self.block.add_op(function)
        self.known[function.sym_name.data] = function
        expand(function, self)
        for call in list(function.walk()):
            if isinstance(call, func.CallOp) and call.callee.string_value() not in self.known:
                self.add(self._rare(call.callee.string_value(), [operand.type for operand in call.operands]))

    def _rare(self, name: str, operands: Sequence[Attribute]) -> func.FuncOp:
        """What a row leaves to another function: the code generator defines it, if it has a C library to call.

        It calls a function of `FAR` by its name, which is added here.
        """
        shape = FORMATS[operands[-1]]
        if self.device and name in _device().RARE:
            return define(name, _device().RARE[name], operands, shape, inline=False)
        own = name.removeprefix(PREFIX)
        if own in FAR and own not in self.known:
            self.add(define(own, FAR[own], operands[1:-1], shape, inline=own.startswith(WHOLE)))
        return declare(name, operands, operands[-1])

    def complete(self) -> None:
        """Write what is declared: functions that were expanded for the CPU before they came to a device."""
        for name, declared in list(self.known.items()):
            if name in _device().OUTSIDE and not declared.body.blocks:
                types = declared.function_type
                declared.detach()
                self.add(define(name, _device().OUTSIDE[name], types.inputs.data, FORMATS[types.outputs.data[0]], inline=False))

    def require(self, op: Operation) -> func.FuncOp:
        """The function to call for `op`, added when it is missing."""
        shape = None if type(op) in INTEGER else format_of(op)
        name = integer_name(op) if shape is None else function_name(op, shape, self.device)
        if name not in self.known and shape is None:
            self.add(define_integer(op))
        elif name not in self.known and shape is not None:
            row, operands = ROWS.get(type(op)), [operand.type for operand in op.operands]
            row = _device().OPERATIONS.get(type(op), row) if self.device else row
            inline = self.device or type(op) not in LOOPING  # a call on a device keeps the caller's registers in memory
            self.add(define(name, row, operands, shape, inline) if row else declare(name, operands, shape.type))
        elif self.known[name].sym_visibility != PRIVATE:
            raise refuse(op, f"becomes a call of @{name}, but that is a public function of this module: rename it")
        return self.known[name]


class ExpandMath(ModulePass):
    """Replace mathematical functions by calls of branch-free polynomials and of libm."""

    name = "expand-math"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Rewrite the module in one walk; DiagnosticError names an operation that no table has.

        Kernels call functions of their own `gpu.module`, and none of a C library.
        """
        for inner in list(op.body.block.ops):
            if inner.name == DEVICE:
                functions = FunctionTable(inner.regions[0].block, device=True)
                functions.complete()
                expand(inner, functions)
        expand(op, FunctionTable(op.body.block))
