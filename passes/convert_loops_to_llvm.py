"""convert-loops-to-llvm: one walk from structured loops on memrefs to blocks and pointers of the `llvm` dialect.

Expects: loops after `expand-math`. Leaves: `llvm` only. A function with memref arguments becomes the body that the native
entry calls, with the `phi.*` attributes that say what it takes, gives and checks (see `codegen/interface`); others, the scalar
functions, keep their signature.

    %y = memref.load %x[%i] : memref<?xf64>     ->     %p = llvm.getelementptr %x[%i] ; %y = llvm.load %p

Memref descriptors exist only while lowering: no value of the result is a struct, so LLVM sees plain `noalias` pointers.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects import builtin as bi
from xdsl.dialects import func, llvm, memref, scf
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import VerifyException

from phintys.dialects.convert import elements, location_text
from phintys.dialects.rt import AssertOp

from . import llvm_ahead, llvm_host, llvm_kernels, llvm_memory, llvm_parallel, llvm_profile, llvm_rows, llvm_while
from .llvm_emit import I32, I64, PTR, Int, LlvmEmitter
from .llvm_interface import arguments_text, results_text, signature_memory
from .llvm_memory import Descriptor, byte_size, stored
from .llvm_temporaries import Temporaries

CALLS_AND_LOOPS = {**llvm_host.ROWS, **llvm_while.ROWS, **llvm_profile.ROWS}


class FunctionLowering:
    """Lowers one function. `temporaries` are those of the heap, which a failing check has to free."""

    plain = False  # whether no loop has come up that LLVM could do better
    strided = False  # whether a loop without others in it has come up whose iterations touch what lies apart
    innermost: Block | None = None  # the body of the loop without others in it that is being lowered

    def __init__(self, function: func.FuncOp, declarations: dict[str, llvm.FuncOp]) -> None:
        self.function = function
        self.declarations = declarations
        self.source = function.body.block
        types = [argument.type for argument in self.source.args] + list(function.function_type.outputs)
        # The one public function, as opposed to scalar helpers, which always have a result.
        self.is_body = not types or any(isinstance(type, bi.MemRefType) for type in types)
        self.values: dict[SSAValue, SSAValue] = {}
        self.memrefs: dict[SSAValue, Descriptor] = {}
        self.temporaries = Temporaries(self)
        self.slots: list[SSAValue] = []
        self.checks: list[str] = []
        self.hosts: list[str] = []
        self.parts: list[llvm.FuncOp] = []
        self.part_names: dict[Hashable, dict[str, Region]] = {}
        self.plain = self.is_body
        self.outlined = llvm_kernels.outlined(function) if self.is_body else set[scf.ForOp]()
        last = self.source.last_op
        assert last is not None
        self.returned = list(last.operands)

    def run(self) -> llvm.FuncOp:
        """The lowered function."""
        types, attributes = self._signature()
        entry = Block(arg_types=types)
        region = Region(entry)
        self.e = LlvmEmitter(region, entry)
        self._bind_arguments(entry)
        for op in self.source.ops:
            self.lower(op)
        self.temporaries.finish()
        return self._wrap(region, types, attributes)

    # --- values --------------------------------------------------------------------------------------------------------------

    def value(self, value: SSAValue) -> SSAValue:
        """The register of a scalar value."""
        return self.values[value]

    @property
    def context(self) -> SSAValue:
        """The call's context pointer."""
        return self.e.entry.args[0]

    def counts(self, index: SSAValue) -> bool:
        """Whether an index differs from one iteration of an innermost loop to the next."""
        return self.innermost in (index.owner, index.owner.parent)

    def result_number(self, value: SSAValue) -> int | None:
        """Position among the results, for a buffer that is returned."""
        for number, returned in enumerate(self.returned):
            if returned is value:
                return number
        return None

    def declare(self, name: str, inputs: Sequence[Attribute], output: Attribute | None) -> None:
        """Declare an external function of the module once."""
        if name not in self.declarations:
            type = llvm.LLVMFunctionType(list(inputs), output)
            self.declarations[name] = llvm.FuncOp(name, type, llvm.LinkageAttr("external"))

    # --- failure -------------------------------------------------------------------------------------------------------------

    def fail_if_null(self, pointer: SSAValue) -> None:
        """Return -1 when memory has run out."""
        address = self.e.op(llvm.PtrToIntOp, [pointer], I64)
        fine = self.e.op(llvm.ICmpOp, [address, self.e.int(0)], bi.i1, {"predicate": bi.IntegerAttr(1, bi.i64)})
        failed, go_on = self.e.new_block(), self.e.new_block()
        self.e.branch_if(fine, go_on, failed)
        self.e.block = failed
        self.temporaries.leave(-1)
        self.e.block = go_on

    def _assert(self, op: AssertOp) -> None:
        self.checks.append(f"{op.exception}|{location_text(op)}|{op.message}")
        failed, go_on = self.e.new_block(), self.e.new_block()
        self.e.branch_if(self.value(op.condition), go_on, failed)
        self.e.block = failed
        for number, value in enumerate(op.values):
            self.e.store(self.value(value), self.e.element(self.context, number, I64))
        self.temporaries.leave(len(self.checks))
        self.e.block = go_on

    # --- operations ----------------------------------------------------------------------------------------------------------

    def lower(self, op: Operation) -> None:
        """Lower one operation at the end of the current block."""
        e = self.e
        e.location = op.location
        kind = type(op)
        if kind in llvm_rows.ROWS:
            self.values[op.results[0]] = llvm_rows.ROWS[kind](e, op, [self.values[value] for value in op.operands])
        elif kind in llvm_memory.ROWS:
            llvm_memory.ROWS[kind](self, op)
        elif kind in CALLS_AND_LOOPS:
            CALLS_AND_LOOPS[kind](self, op)
        elif isinstance(op, scf.ForOp):
            self._for(op)
        elif isinstance(op, scf.IfOp):
            self._if(op)
        elif isinstance(op, AssertOp):
            self._assert(op)
        elif isinstance(op, func.CallOp):
            self._call(op)
        elif isinstance(op, func.ReturnOp):
            operands = [e.int(0, I32)] if self.is_body else [self.value(value) for value in op.operands]
            e.effect(llvm.ReturnOp, operands)
        elif op.name.startswith("lapack."):
            from .llvm_lapack import call  # loads a dialect that few programs have

            call(self, op)
        elif op.name.startswith("vector."):
            from .llvm_vectors import lower  # loads a dialect that the CPU's own code does without

            lower(self, op)
        else:
            raise VerifyException(f"convert-loops-to-llvm: {op.name} has no row: it should have been lowered before")

    def _call(self, op: func.CallOp) -> None:
        operands = [self.value(value) for value in op.operands]
        result = self.e.call(op.callee.string_value(), operands, llvm_rows.lowered(op.results[0].type))
        self.values[op.results[0]] = result

    def lower_block(self, block: Block) -> list[SSAValue]:
        """Lower a nested block's operations; the values that it yields."""
        for op in block.ops:
            if isinstance(op, scf.YieldOp):
                return [self.value(value) for value in op.operands]
            self.lower(op)
        return []

    def _for(self, op: scf.ForOp) -> None:
        if llvm_parallel.is_parallel(op):
            llvm_parallel.lower(self, op)
        elif op in self.outlined:
            llvm_kernels.call(self, op)
        elif not llvm_ahead.lower(self, op):
            self.loop(op, *(self.value(value) for value in op.operands[:3]))

    def loop(
        self, op: scf.ForOp, low: SSAValue, high: SSAValue, step: SSAValue, *, given: Sequence[SSAValue] = (), hints: str = ""
    ) -> None:
        """Lower a loop, between bounds, from values and with hints that may be others than its own."""
        e = self.e
        self.plain = self.plain and _is_plain(op)
        start = given or [self.value(value) for value in op.operands[3:]]
        types = [I64, *(value.type for value in start)]
        header = e.new_block(types)
        e.branch(header, [low, *start])
        iv, *carried = header.args
        e.block = header
        more = e.op(llvm.ICmpOp, [iv, high], bi.i1, {"predicate": bi.IntegerAttr(2, bi.i64)})
        body = e.new_block()
        self.values.update(zip(op.body.block.args, header.args, strict=True))
        at = e.block
        e.block = body
        inside = op.body.block
        self.innermost = inside if not any(isinstance(inner, scf.ForOp) for inner in inside.walk()) else None
        yielded = self.lower_block(inside)
        self.innermost = None
        latch = e.branch(header, [e.int(e.add(iv, step)), *yielded])
        latch.attributes.update({key: value for key, value in op.attributes.items() if key == "phi.loop"})
        if hints:
            latch.attributes["phi.loop"] = bi.StringAttr(hints)
        leave = e.new_block()
        e.block = at
        e.branch_if(more, body, leave)
        e.block = leave
        self.values.update(zip(op.results, carried, strict=True))

    def _if(self, op: scf.IfOp) -> None:
        e = self.e
        then, merge = e.new_block(), Block(arg_types=[llvm_rows.lowered(value.type) for value in op.results])
        otherwise = e.new_block() if op.false_region.blocks else merge
        e.branch_if(self.value(op.operands[0]), then, otherwise)
        branches = [(then, op.true_region), (otherwise, op.false_region)]
        for block, region in branches[: 1 + (otherwise is not merge)]:
            e.block = block
            e.branch(merge, self.lower_block(region.block))
        e.region.add_block(merge)
        e.block = merge
        self.values.update(zip(op.results, merge.args, strict=True))

    # --- the signature -------------------------------------------------------------------------------------------------------

    def _signature(self) -> tuple[list[Attribute], list[dict[str, Attribute]]]:
        if not self.is_body:
            types = [llvm_rows.lowered(argument.type) for argument in self.source.args]
            return types, [{} for _ in types]
        types, attributes = [PTR], [dict[str, Attribute]()]
        for argument in self.source.args:
            types.append(PTR)
            attributes.append({"llvm.noalias": bi.UnitAttr()})
            for size in signature_memory(argument.type).get_shape():
                if size == bi.DYNAMIC_INDEX:
                    types.append(I64)
                    attributes.append({})
        return types, attributes

    def _bind_arguments(self, entry: Block) -> None:
        if not self.is_body:
            self.values.update(zip(self.source.args, entry.args, strict=True))
            return
        arguments = iter(entry.args[1:])
        for argument in self.source.args:
            type = signature_memory(argument.type)
            pointer = next(arguments)
            pointer.name_hint = argument.name_hint
            sizes: list[Int] = [next(arguments) if size == bi.DYNAMIC_INDEX else size for size in type.get_shape()]
            self.memrefs[argument] = llvm_memory.contiguous(self, pointer, sizes, type.element_type)

    def _wrap(self, region: Region, types: list[Attribute], attributes: list[dict[str, Attribute]]) -> llvm.FuncOp:
        extra = {key: value for key, value in self.function.attributes.items() if key.startswith("phi.")}
        if self.is_body:
            output: Attribute = I32
            for name, texts in zip(("arguments", "results", "checks"), self._interface(), strict=True):
                extra[f"phi.{name}"] = bi.ArrayAttr([bi.StringAttr(text) for text in texts])
            if self.plain:
                extra["phi.plain"] = bi.UnitAttr()
            if self.strided:
                extra["phi.strided"] = bi.UnitAttr()
            if self.hosts:
                extra["phi.hosts"] = bi.ArrayAttr([bi.StringAttr(text) for text in self.hosts])
        else:
            output = llvm_rows.lowered(self.function.function_type.outputs.data[0])
        arg_attrs = bi.ArrayAttr([bi.DictionaryAttr(row) for row in attributes])
        return llvm.FuncOp(
            self.function.sym_name,
            llvm.LLVMFunctionType(types, output),
            llvm.LinkageAttr("external" if self.is_body else "internal"),
            body=region,
            other_props={"arg_attrs": arg_attrs} if self.is_body else None,
            extra_attrs=extra,
        )

    def _interface(self) -> tuple[list[str], list[str], list[str]]:
        return arguments_text(self.function), results_text(self.function, self.returned), self.checks


def _is_plain(loop: scf.ForOp) -> bool:
    """Whether LLVM leaves a loop as it is: it says so itself, or a check may end it."""
    return llvm_kernels.is_left_alone(loop) or any(isinstance(op, AssertOp) for op in loop.body.block.ops)


def _all_bytes(data: bytes, wanted: int) -> bytes:
    """The bytes of an array of which equal elements may be stored as one."""
    return data if len(data) == wanted or not data else data * (wanted // len(data))


def _global(op: memref.GlobalOp) -> llvm.GlobalOp:
    """A constant array, flat; truth values as bytes."""
    value = op.initial_value
    assert isinstance(value, bi.DenseIntOrFPElementsAttr) and isinstance(op.type, bi.MemRefType)
    element = stored(op.type.element_type)
    count = 1
    for size in op.type.get_shape():
        count *= size
    flat = elements(
        bi.TensorType(element, [count]), np.frombuffer(_all_bytes(value.data.data, count * byte_size(element)), dtype="uint8")
    )
    return llvm.GlobalOp(
        llvm.LLVMArrayType(bi.IntAttr(count), element), op.sym_name, llvm.LinkageAttr("internal"), constant=True, value=flat
    )


def _external(op: func.FuncOp) -> llvm.FuncOp:
    types = [llvm_rows.lowered(type) for type in op.function_type.inputs]
    type = llvm.LLVMFunctionType(types, llvm_rows.lowered(op.function_type.outputs.data[0]))
    return llvm.FuncOp(op.sym_name, type, llvm.LinkageAttr("external"))


def _functions(op: func.FuncOp, declarations: dict[str, llvm.FuncOp]) -> list[llvm.FuncOp]:
    """The function, lowered, and those that its parallel loops become."""
    if not op.body.blocks:
        return [_external(op)]
    lowering = FunctionLowering(op, declarations)
    return [lowering.run(), *lowering.parts]


@dataclass(frozen=True)
class ConvertLoopsToLlvm(ModulePass):
    """Lower loops on memrefs to the llvm dialect."""

    name = "convert-loops-to-llvm"

    def apply(self, ctx: Context, op: bi.ModuleOp) -> None:
        """Replace every function and global of the module."""
        declarations: dict[str, llvm.FuncOp] = {}
        lowered: list[Operation] = []
        for item in list(op.ops):
            if isinstance(item, memref.GlobalOp):
                lowered.append(_global(item))
            elif isinstance(item, func.FuncOp):
                lowered += _functions(item, declarations)
                if isinstance(slots := item.attributes.get("phi.profile"), bi.ArrayAttr):
                    lowered.append(llvm_profile.table(len(slots)))
            else:
                raise VerifyException(f"convert-loops-to-llvm: {item.name} at the top of a module has no lowering")
        for item in reversed(list(op.ops)):
            item.detach()
            item.erase(safe_erase=False)
        op.body.block.add_ops([*declarations.values(), *lowered])
