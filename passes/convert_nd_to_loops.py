"""convert-nd-to-loops: tensors become buffers and scalars, operations become loops and library calls.

Expects: fused `nd` (after `fuse`). Leaves: `func`, `scf`, `memref`, `arith`, `math`, `xmath`, `rt`, `blas`, `lapack`; no
`nd` operation.
Bufferization happens here: transposes, slices and reshapes become views, every other tensor result gets a buffer; the new
value of a state is written into the state's own buffer where nothing can observe it (`buffer_plan`). Size arithmetic and
checks go to the entry, before the first loop, so that a bad shape fails before anything is written.

    %s = nd.fused %x {combine = ["add"], ...}        %r = scf.for %i = %c0 to %n iter_args(%a = %zero) ...
    func.return %s : tensor<f64>               ->    memref.store %r, %out[] ; func.return %out : memref<f64>

For a GPU (option `device`), loops are neither in blocks nor in tiles nor unrolled, and each reduction is one loop inside of
those over what is kept.

Rows by family are in `loops_fused`, `loops_shape`, `loops_indexing`, `loops_linalg` (products) and
`loops_host` (named functions, of which `loops_lapack` and `loops_spectral` lower linear algebra).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from xdsl.context import Context
from xdsl.dialects import arith, func, memref
from xdsl.dialects import builtin as bi
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import VerifyException

from phintys.dialects.convert import from_xdsl, scalar_type
from phintys.dialects.nd import FusedOp, NdOp, RequireOp
from phintys.dialects.rt import AssertOp

from . import loops_copy, loops_fused
from .buffer_plan import BufferPlan
from .buffers import Buffer, Scalar, Storage, Tensor, row_major
from .concatenations import Concatenations
from .elementwise import emit_scalar
from .emit import INDEX, Emitter, Index
from .lowered import erase_unused_arithmetic, free_temporaries, note_unsigned, touches
from .reshaped import take_shape

if TYPE_CHECKING:
    from .lapack_factors import Factors

Row = Callable[["Lowering", NdOp], None]

# The files with the rows of operations, each of which is imported when one of its operations first comes up.
FILES = {
    "loops_shape": ("alloc", "arange", "concatenate", "constant", "dim", "dimshuffle", "make_vector", "reshape"),
    "loops_indexing": ("gather", "inc_subtensor", "scatter_add", "scatter_set", "set_subtensor", "subtensor"),
    "loops_linalg": ("batched_dot", "dot", "gemm"),
    "loops_host": ("host",),
    "loops_mrg": ("random_mrg",),
    "loops_random": ("random_normal", "random_uniform"),
    "loops_sequence": ("cumprod", "cumprod_pairs", "cumsum", "nonzero", "searchsorted", "specify_shape"),
    "loops_sort": ("argsort", "sort"),
}
FILE_OF = {name: file for file, names in FILES.items() for name in names}


class Lowering:
    """Lowers one function. `entry` receives size arithmetic and checks, `body` loops and calls; they are joined at the end."""

    def __init__(self, function: func.FuncOp, device: bool = False) -> None:
        self.function = function
        self.device = device
        self.source = function.body.block
        self.plan = BufferPlan(function)
        self.block = Block(arg_types=[_memref_type(argument.type) for argument in self.source.args])
        self.entry = Emitter(self.block)
        self.body = Emitter(Block(), parent=self.entry)
        self.tensors: dict[SSAValue, Tensor] = {}
        self.copies: dict[SSAValue, Buffer] = {}
        self.concatenations = Concatenations(self)
        self.factors: dict[SSAValue, Factors] = {}
        self.states: list[tuple[SSAValue, SSAValue]] = []
        self.returned: list[SSAValue] = []
        self.shown: Counter[Storage] = Counter()  # how many results each memory has

    def run(self) -> None:
        """Replace the function's body."""
        for number, (old, new) in enumerate(zip(self.source.args, self.block.args, strict=True)):
            new.name_hint = old.name_hint
            self._bind_argument(number, old, new)
        for op in self.source.ops:
            self.entry.location = self.body.location = op.location
            if isinstance(op, func.ReturnOp):
                self._return(op)
            else:
                self._lower(op)
                for value in op.results:
                    self._copy_if_returned(value)
        self._finish()

    # --- values --------------------------------------------------------------------------------------------------------------

    def buffer(self, value: SSAValue) -> Buffer:
        """The buffer of a tensor of rank one or more."""
        tensor = self.tensors[value]
        assert isinstance(tensor, Buffer)
        return tensor

    def scalar(self, value: SSAValue) -> SSAValue:
        """The register of a scalar tensor."""
        tensor = self.tensors[value]
        assert isinstance(tensor, Scalar)
        return tensor.value

    def set_scalar(self, value: SSAValue, register: SSAValue) -> None:
        """Bind a scalar result."""
        self.tensors[value] = Scalar(register, from_xdsl(value.type).dtype)

    def index(self, value: SSAValue) -> Index:
        """An integer scalar tensor as an index: a Python int when it is a constant."""
        register = self.scalar(value)
        owner = register.owner
        if isinstance(owner, arith.ConstantOp) and isinstance(owner.value, bi.IntegerAttr):
            return owner.value.value.data
        if isinstance(owner, arith.IndexCastOp):
            return owner.input
        e = self.at(register)
        if register.type != bi.i64:
            wide = arith.ExtUIOp if from_xdsl(value.type).kind == "u" else arith.ExtSIOp
            register = e.op(wide, [register], bi.i64)
        return e.op(arith.IndexCastOp, [register], INDEX)

    def at(self, *values: Index) -> Emitter:
        """Where arithmetic on these values can stand: in the entry if all of them are known there."""
        return self.entry if all(isinstance(value, int) or self.is_early(value) for value in values) else self.body

    def is_early(self, value: SSAValue) -> bool:
        """Whether a value is known in the entry."""
        owner = value.owner
        return owner is self.block or (isinstance(owner, Operation) and owner.parent is self.block)

    def dims(self, buffer: Buffer) -> list[SSAValue]:
        """The sizes that are values."""
        return [size for size in buffer.sizes if not isinstance(size, int)]

    # --- buffers -------------------------------------------------------------------------------------------------------------

    def allocate(self, dtype: str, sizes: Sequence[Index]) -> Buffer:
        """A fresh contiguous buffer."""
        memory = self.body.alloc(scalar_type(dtype), sizes)
        return self.whole(Storage(memory), list(sizes), dtype)

    def whole(self, storage: Storage, sizes: list[Index], dtype: str) -> Buffer:
        """The tensor that fills a storage."""
        dynamic = [size for size in sizes if not isinstance(size, int)]
        strides = row_major(self.at(*dynamic), sizes)
        return Buffer(storage, sizes, strides, whole=True, dense=True, complete=True, dtype=dtype)

    def destination(self, value: SSAValue, sizes: Sequence[Index]) -> Buffer:
        """Where a result is to be written: the state that it updates, if it may be, else a fresh buffer."""
        argument = self.plan.in_place.get(value)
        if argument is not None:
            target = self.buffer(self.source.args[argument])
        else:
            target = self.allocate(from_xdsl(value.type).dtype, sizes)
        self.tensors[value] = target
        return target

    def require(self, e: Emitter, condition: SSAValue, exception: str, message: str, values: Sequence[SSAValue]) -> None:
        """A run-time check."""
        e.insert(AssertOp.build_op(condition, exception, message, values, e.location))

    # --- the walk ------------------------------------------------------------------------------------------------------------

    def _bind_argument(self, number: int, old: SSAValue, new: SSAValue) -> None:
        type = from_xdsl(old.type)
        if type.kind == "c":
            raise VerifyException(f"argument {number} is {type}: complex numbers have no native code yet")
        storage = Storage(new, argument=number)
        if not type.ndim:
            self.set_scalar(old, self.entry.load(new, []))
            return
        sizes: list[Index] = []
        for axis, size in enumerate(type.shape):
            sizes.append(size if size is not None else self._read_size(new, axis))
        self.tensors[old] = self.whole(storage, sizes, type.dtype)
        self._copy_if_returned(old)

    def _read_size(self, memory: SSAValue, axis: int) -> SSAValue:
        return self.entry.op(memref.DimOp, [memory, self.entry.index(axis)], INDEX)

    def _lower(self, op: Operation) -> None:
        if isinstance(op, FusedOp):
            loops_fused.lower_fused(self, op)
        elif isinstance(op, RequireOp):
            values = [self.scalar(value) for value in op.operands]
            self.require(self.at(*values), values[0], op.exception, op.message, values[1:])
        elif isinstance(op, NdOp) and op.row.family == "elementwise":
            values = [self.scalar(value) for value in op.operands]
            dtypes = [type.dtype for type in op.types]
            result = from_xdsl(op.results[0].type).dtype
            self.set_scalar(op.results[0], emit_scalar(self.at(*values), op.op, values, dtypes, result))
        elif isinstance(op, NdOp) and op.op in FILE_OF:
            import_module(f".{FILE_OF[op.op]}", __package__).ROWS[op.op](self, op)
        else:
            raise VerifyException(f"convert-nd-to-loops: {op.name} should have been lowered before (run decompose and fuse)")

    # --- results -------------------------------------------------------------------------------------------------------------

    def _copy_if_returned(self, value: SSAValue) -> None:
        """A result that shows an argument's memory is copied at once, before an update may change that memory."""
        tensor = self.tensors.get(value)
        if not isinstance(tensor, Buffer) or tensor.storage.argument is None or value in self.plan.in_place:
            return
        if any(isinstance(use.operation, func.ReturnOp) for use in value.uses):
            self.copies[value] = self.copy(tensor)

    def copy(self, source: Buffer) -> Buffer:
        """A fresh contiguous copy."""
        target = self.allocate(source.dtype, source.sizes)
        loops_copy.copy(self, source, target)
        return target

    def _return(self, op: func.ReturnOp) -> None:
        self.returned = list(op.operands)
        self.shown = Counter(tensor.storage for tensor in map(self.tensors.get, op.operands) if isinstance(tensor, Buffer))
        results = [self._result(number, value) for number, value in enumerate(op.operands)]
        for value, memory in self.states:
            self.body.store(value, memory, [])
        self.body.insert(func.ReturnOp.create(operands=results, location=op.location))

    def _result(self, number: int, value: SSAValue) -> SSAValue:
        tensor = self.tensors[value]
        state = self.plan.updates.get(number)
        if isinstance(tensor, Scalar):
            if state is not None:
                self.states.append((tensor.value, self.block.args[state]))
                return self.block.args[state]
            memory = self.body.alloc(scalar_type(tensor.dtype), [])
            self.body.store(tensor.value, memory, [])
            return memory
        if state is not None and self.plan.in_place.get(value) == state:
            return self.block.args[state]
        if state is not None and value is self.source.args[state]:
            return self.block.args[state]
        tensor = self.copies.get(value, tensor)  # of what the argument held before updates
        storage = tensor.storage
        own = storage.argument is None and not storage.returned
        if not own or not (tensor.whole or (self.shown[storage] == 1 and take_shape(self, tensor))):
            tensor = self.copy(tensor)
        tensor.storage.returned = True
        return tensor.storage.memref

    def _finish(self) -> None:
        self._allocate_before_writes()
        free_temporaries(self.body.block)
        for op in list(self.body.block.ops):
            op.detach()
            self.block.add_op(op)
        erase_unused_arithmetic(self.block)
        region = self.function.body
        for op in reversed(list(self.source.ops)):
            op.detach()
            op.drop_all_references()
        region.detach_block(self.source)
        region.add_block(self.block)
        last = self.block.last_op
        assert last is not None
        outputs = [value.type for value in last.operands]
        self.function.properties["function_type"] = bi.FunctionType.from_lists(self.block.arg_types, outputs)
        for name, values in (("arg_attrs", self.source.args), ("res_attrs", self.returned)):
            note_unsigned(self.function, name, values)

    def _allocate_before_writes(self) -> None:
        """Memory is asked for before the first state is written: a call that runs out of it leaves states as they were."""
        block = self.body.block
        targets: set[SSAValue] = {self.block.args[argument] for argument in self.plan.in_place.values()}
        first = next((op for op in block.ops if touches(op, targets)), None)
        if first is None:
            return
        after = False
        for op in list(block.ops):
            after = after or op is first
            if after and isinstance(op, memref.AllocOp) and all(self.is_early(size) for size in op.operands):
                op.detach()
                block.insert_op_before(op, first)


def _memref_type(type: Attribute) -> bi.MemRefType[Attribute]:
    tensor = from_xdsl(type)
    sizes = [bi.DYNAMIC_INDEX if size is None else size for size in tensor.shape]
    return bi.MemRefType(scalar_type(tensor.dtype), sizes)


@dataclass(frozen=True)
class ConvertNdToLoops(ModulePass):
    """Lower fused nd to loops on buffers; `device`: in the plain form that the threads of a GPU share well."""

    name = "convert-nd-to-loops"
    device: bool = False

    def apply(self, ctx: Context, op: bi.ModuleOp) -> None:
        """Work on every function that has a body of tensors."""
        if self.device:  # no LAPACK there
            from .loops_host import ABSENT

            op.attributes["phi.lapack"] = bi.StringAttr(ABSENT)
        for function in list(op.ops):
            if isinstance(function, func.FuncOp) and function.body.blocks:
                Lowering(function, self.device).run()
