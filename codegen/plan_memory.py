"""Memory, transfers, launches, library and Python calls of a launch plan: a row for each operation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects import arith, memref
from xdsl.dialects import builtin as bi
from xdsl.ir import Attribute, Operation, SSAValue

from phintys.dialects import gpu
from phintys.dialects.blas import GemmOp, GemvOp, ProductOp
from phintys.dialects.convert import BY_ELEMENT, location_text, undense
from phintys.dialects.rt import AssertOp, ToDeviceOp, ToHostOp
from phintys.dialects.rt_host import HostOp
from phintys.dialects.rt_profile import ClockOp, RecordOp
from phintys.ir.types import DTYPES

from .interface import Check, Host, Result
from .plan_values import Memory, Size, as_tuple, on_host, product
from .plan_writer import PlanWriter
from .text import TranslationError


def itemsize(dtype: str) -> int:
    """Bytes of an element in memory; truth values take one."""
    return max(1, DTYPES[dtype].bits // 8)


def _type(value: SSAValue) -> bi.MemRefType[Attribute]:
    assert isinstance(value.type, bi.MemRefType)
    return value.type


def _sizes(p: PlanWriter, type: bi.MemRefType[Attribute], dynamic: Sequence[SSAValue]) -> list[Size]:
    values = iter(dynamic)
    return [_number(p.value(next(values))) if size == bi.DYNAMIC_INDEX else size for size in type.get_shape()]


def _number(text: str) -> Size:
    return int(text) if text.isdigit() else text


def address(memory: Memory) -> str:
    """Where the first element of device memory is."""
    if not memory.on_device:
        raise TranslationError(f"{memory.name} is on the host, where a kernel or a library does not reach it")
    if not memory.offset:
        return memory.name
    offset = memory.offset if isinstance(memory.offset, int) else f"({memory.offset})"
    return f"{memory.name} + {product([itemsize(memory.dtype), offset])}"


def array(memory: Memory) -> str:
    """Host memory as an array."""
    if memory.on_device:
        raise TranslationError(f"{memory.name} is on the device, where host code does not reach it")
    if not memory.is_view:
        return memory.name
    return f"host_view({memory.name}, {memory.offset}, {memory.shape}, {as_tuple(memory.row_strides)})"


# --- memory ---------------------------------------------------------------------------------------------------------------


def _alloc(p: PlanWriter, op: Operation) -> None:
    assert isinstance(op, memref.AllocOp)
    root = op.results[0]
    type = _type(root)
    dtype = BY_ELEMENT[type.element_type]
    memory = Memory(p.fresh(root.name_hint, "m"), not on_host(op), dtype, _sizes(p, type, op.operands), root=root)
    p.memory[root] = memory
    if memory.on_device:
        p.held[memory.name] = f"free({memory.name})"
        p.lines.add(f"{memory.name} = allocate({product([itemsize(dtype), *memory.sizes])})")
    else:
        p.lines.add(f"{memory.name} = host_array({memory.shape}, '{dtype}')")


def _dealloc(p: PlanWriter, op: Operation) -> None:
    root = p.memory[op.operands[0]].root
    if root is not None and root not in p.kept:
        p.let_go(root)


def _dim(p: PlanWriter, op: Operation) -> None:
    axis = op.operands[1].owner
    if not isinstance(axis, arith.ConstantOp) or not isinstance(axis.value, bi.IntegerAttr):
        raise TranslationError("memref.dim in host code asks for a known dimension")
    p.values[op.results[0]] = str(p.memory[op.operands[0]].sizes[axis.value.value.data])


def _reinterpret(p: PlanWriter, op: Operation) -> None:
    assert isinstance(op, memref.ReinterpretCastOp)
    source = p.memory[op.source]

    def mixed(static: Attribute, dynamic: Sequence[SSAValue]) -> list[Size]:
        assert isinstance(static, bi.DenseArrayBase)
        values = iter(dynamic)
        return [_number(p.value(next(values))) if n == bi.DYNAMIC_INDEX else int(n) for n in static.get_values()]

    (offset,) = mixed(op.static_offsets, op.offsets)
    sizes, strides = mixed(op.static_sizes, op.sizes), mixed(op.static_strides, op.strides)
    plain = isinstance(_type(op.results[0]).layout, bi.NoneAttr)
    view = Memory(source.name, source.on_device, source.dtype, sizes, None if plain else strides, offset, source.root, True)
    p.memory[op.results[0]] = view


def _load(p: PlanWriter, op: Operation) -> None:
    memory, *indices = op.operands
    at = ", ".join(p.value(index) for index in indices) or "()"
    p.assign(op.results[0], f"{array(p.memory[memory])}[{at}].item()")


def _store(p: PlanWriter, op: Operation) -> None:
    value, memory, *indices = op.operands
    at = ", ".join(p.value(index) for index in indices) or "()"
    p.lines.add(f"{array(p.memory[memory])}[{at}] = {p.value(value)}")


def _copy(p: PlanWriter, op: Operation) -> None:
    source, target = (p.memory[value] for value in op.operands)
    if source.strides is not None or target.strides is not None:
        raise TranslationError("memref.copy in host code copies whole arrays, without strides")
    if source.on_device and target.on_device:
        size = product([itemsize(source.dtype), *source.sizes])
        p.lines.add(f"copy({target.name}, {source.name}, {size})")
    else:
        p.lines.add(f"{array(target)}[...] = {array(source)}")


def _get_global(p: PlanWriter, op: Operation) -> None:
    assert isinstance(op, memref.GetGlobalOp)
    name = op.name_.string_value()
    for item in p.module.body.block.ops:
        if isinstance(item, memref.GlobalOp) and item.sym_name.data == name:
            p.constants[name] = undense(item.initial_value)
    if name not in p.constants:
        raise TranslationError(f"there is no constant @{name}")
    type = _type(op.results[0])
    p.memory[op.results[0]] = Memory(name, False, BY_ELEMENT[type.element_type], list(type.get_shape()), root=op.results[0])


# --- between host and device ------------------------------------------------------------------------------------------------


def _to_device(p: PlanWriter, op: Operation) -> None:
    source, root = p.memory[op.operands[0]], op.results[0]
    if source.on_device:
        p.memory[root] = source
        return
    if source.name in p.constants:
        p.memory[root] = Memory(f"{source.name}_d", True, source.dtype, source.sizes, root=root)
        return
    given = p.argument(source)
    name = p.fresh(root.name_hint or f"{given}_d")
    p.memory[root] = Memory(name, True, source.dtype, source.sizes, root=root)
    own = source.root in p.arguments  # may be on the device already; what the host has made is not
    p.held[name] = f"release({given}, {name})" if own else f"free({name})"
    p.lines.add(f"{name} = to_device({given if own else array(source)})")


def _to_host(p: PlanWriter, op: Operation) -> None:
    source, root = p.memory[op.operands[0]], op.results[0]
    if not source.on_device:
        p.memory[root] = source
        return
    row = p.output_of(root)
    if row is not None and p.stays(root):
        p.memory[root] = source  # `result` gives it to the caller
        return
    name = p.fresh(root.name_hint, "h")
    memory = Memory(name, False, source.dtype, source.sizes, root=root)
    p.memory[root] = memory
    dtype, shape = _seen(memory, row)
    # What only the caller sees need not be there before the call ends.
    p.lines.add(f"{name} = {'to_host' if row is None else 'fetch'}({_whole(source)}, {shape}, '{dtype}')")


def _whole(memory: Memory) -> str:
    """Address of memory that has no gaps."""
    whole = Memory("", True, "", memory.sizes).row_strides
    if any(a != b for size, a, b in zip(memory.sizes, memory.row_strides, whole, strict=True) if size != 1):
        raise TranslationError(f"{memory.name} has gaps, and is moved as a whole only")
    return address(memory)


def _seen(memory: Memory, row: Result | None) -> tuple[str, str]:
    """dtype and shape as the caller of the function sees them."""
    if row is None or row.type is None:
        return memory.dtype, memory.shape
    paired = row.type.dtype.startswith("complex")
    return row.type.dtype, as_tuple(memory.sizes[:-1] if paired else memory.sizes)


def result(p: PlanWriter, value: SSAValue, row: Result, stays: bool) -> str:
    """What the plan returns for a value."""
    memory = p.memory[value]
    if not memory.on_device:
        return memory.name
    if row.kind == "output" and not stays:
        raise TranslationError(f"the result {memory.name} is on the device: expected rt.to_host before func.return")
    dtype, shape = _seen(memory, row)
    if memory.root in p.kept and memory.root not in p.handed:
        p.handed.add(memory.root)
        return f"device_array({memory.name}, {shape}, '{dtype}')"
    return f"copied({_whole(memory)}, {shape}, '{dtype}')"


# --- kernels and calls ------------------------------------------------------------------------------------------------------


def _launch(p: PlanWriter, op: Operation) -> None:
    assert isinstance(op, gpu.LaunchFuncOp)
    arguments = []
    for value in op.arguments:
        if value not in p.memory:
            arguments.append(p.value(value))
            continue
        memory = p.memory[value]
        arguments.append(_whole(memory))
        sizes = zip(memory.sizes, _type(value).get_shape(), strict=True)
        arguments += [str(size) for size, known in sizes if known == bi.DYNAMIC_INDEX]
    shared = "0" if op.shared is None else p.value(op.shared)
    p.lines.add(f"{p.launcher(op)}({', '.join([p.value(op.grid), p.value(op.threads), shared, *arguments])})")


def _product(p: PlanWriter, op: Operation) -> None:
    """A vector is a matrix of one column."""
    assert isinstance(op, ProductOp)
    alpha, left, right, beta, target = op.operands
    matrices = []
    for value in (left, right, target):
        memory = p.memory[value]
        sizes, strides = list(memory.sizes), memory.row_strides
        if len(sizes) == 1:
            sizes, strides = [*sizes, 1], [*strides, 1]
        matrices.append(f"({', '.join(map(str, [address(memory), *sizes, *strides]))})")
    a, b, c = matrices
    p.lines.add(f"gemm('{p.memory[target].dtype}', {p.value(alpha)}, {a}, {b}, {p.value(beta)}, {c})")


def _assert(p: PlanWriter, op: Operation) -> None:
    assert isinstance(op, AssertOp)
    number = len(p.checks)
    p.checks.append(str(Check(op.exception, location_text(op), op.message)))
    p.lines.add(f"if not {p.value(op.condition)}:")
    p.lines.add(f"    fail({number}, {as_tuple([p.value(value) for value in op.values])}, arguments)")


def _host(p: PlanWriter, op: Operation) -> None:
    assert isinstance(op, HostOp)
    number = len(p.hosts)
    p.hosts.append(str(Host(op.text("function"), op.text("gives"), location_text(op), op.text("options"))))
    operands = []
    for value, type in zip(op.operands, op.takes, strict=True):
        memory = p.memory[value]
        operands.append(array(memory) if memory.dtype == type.dtype else f"on_host({array(memory)}, '{type.dtype}')")
    names = [p.fresh(result.name_hint, "h") for result in op.results]
    p.lines.add(f"{', '.join(names)}{',' if len(names) == 1 else ''} = host_{number}({', '.join(operands)})")
    for value, name in zip(op.results, names, strict=True):
        memory_type = _type(value)
        dtype = BY_ELEMENT[memory_type.element_type]
        p.lines.add(f"{name} = on_host({name}, '{dtype}')")
        sizes: list[Size] = []
        for axis, size in enumerate(memory_type.get_shape()):
            sizes.append(p.fresh(f"{name}_{axis}") if size == bi.DYNAMIC_INDEX else size)
            if size == bi.DYNAMIC_INDEX:
                p.lines.add(f"{sizes[-1]} = {name}.shape[{axis}]")
        p.memory[value] = Memory(name, False, dtype, sizes, root=value)


def _clock(p: PlanWriter, op: Operation) -> None:
    p.assign(op.results[0], "clock()")


def _record(p: PlanWriter, op: Operation) -> None:
    assert isinstance(op, RecordOp)
    p.lines.add(f"record({op.slot}, {p.value(op.operands[0])})")


ROWS: dict[type[Operation], Callable[[PlanWriter, Operation], None]] = {
    memref.AllocOp: _alloc,
    memref.DeallocOp: _dealloc,
    memref.DimOp: _dim,
    memref.ReinterpretCastOp: _reinterpret,
    memref.LoadOp: _load,
    memref.StoreOp: _store,
    memref.CopyOp: _copy,
    memref.GetGlobalOp: _get_global,
    ToDeviceOp: _to_device,
    ToHostOp: _to_host,
    gpu.LaunchFuncOp: _launch,
    GemmOp: _product,
    GemvOp: _product,
    AssertOp: _assert,
    HostOp: _host,
    ClockOp: _clock,
    RecordOp: _record,
}
