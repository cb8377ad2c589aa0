"""Scatters that add, by atomic additions: each thread adds what it has, and the device puts what meets in one order or another.

The fastest way, and its sums of floats round as threads come; whoever asks for it (`cuda.atomics`) wants that.
"""

from __future__ import annotations

from xdsl.dialects import arith, memref
from xdsl.dialects import builtin as bi
from xdsl.ir import Operation

from .gpu_checks import Checks
from .gpu_host import Host
from .gpu_loops import ThreadKernel
from .gpu_nests import Nest

KINDS: dict[type[Operation], int] = {arith.AddfOp: 0, arith.AddiOp: 1}  # numbers of memref.atomic_rmw
TYPES = (bi.f32, bi.f64, bi.i32, bi.i64)


class AtomicKernel(ThreadKernel):
    """A thread for each iteration of all loops."""

    mapping = "scatter"


def atomic(host: Host, nest: Nest, checks: Checks) -> bool:
    """Write a scatter that adds; False where it does something else, or nobody has asked for it."""
    found = _addition(nest) if host.atomic else None
    if found is None:
        return False
    store, add, load = found
    value = next(operand for operand in add.operands if operand is not load.res)
    properties = {"kind": bi.IntegerAttr(KINDS[type(add)], 64)}
    operation = memref.AtomicRMWOp.create(
        operands=[value, store.memref, *store.indices], result_types=[value.type], properties=properties, location=add.location
    )
    leaf = [operation if op is store else op for op in nest.leaf if op not in (add, load)]
    AtomicKernel(host, Nest(nest.loop, nest.parallel, [], leaf, []), checks).write()
    operation.erase()
    return True


def _addition(nest: Nest) -> tuple[memref.StoreOp, Operation, memref.LoadOp] | None:
    """`x[i] = x[i] + v`, if that is what an iteration does, and a device has an atomic addition for it."""
    store = next(op for op in nest.leaf if isinstance(op, memref.StoreOp))
    add = store.value.owner
    if not isinstance(add, Operation) or type(add) not in KINDS or add not in nest.leaf or store.value.type not in TYPES:
        return None
    loads = [value.owner for value in add.operands if isinstance(value.owner, memref.LoadOp)]
    load = next((op for op in loads if op.memref is store.memref and list(op.indices) == list(store.indices)), None)
    once = load is not None and len(list(load.res.uses)) == 1 and len(list(store.value.uses)) == 1
    return (store, add, load) if once and load is not None and load in nest.leaf else None
