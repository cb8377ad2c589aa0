"""fuse: elementwise operations and reductions over one iteration space become one `nd.fused`, so that memory is read once.

Expects: `nd` after `check-shapes` (sizes that meet are equal). Leaves: fused `nd`: no elementwise operation on a tensor of rank
one or more and no reduction of one is left outside of a fused region; scalar operations stay as they are.

    %e = nd.exp %x                                   %s = nd.fused %x {combine = ["add"], axes = array<i64: 1>} {
    %s = nd.sum %e {axes = array<i64: 1>}    ->      ^bb0(%a: f64):  %0 = math.exp %a    nd.yield %0 }

The plan (which operations go together) is made in `fuse_plan`; this file writes the regions.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects import arith, func
from xdsl.dialects import builtin as bi
from xdsl.ir import Block, Region, SSAValue
from xdsl.passes import ModulePass

from phintys.dialects.convert import from_xdsl, scalar_type
from phintys.dialects.nd import MAP, MAY_BE_EMPTY, FusedOp, NdOp, YieldOp
from phintys.ir.types import TensorType, TypeInferenceError

from .combiners import NO_IDENTITY
from .elementwise import UnsupportedScalar, cast, emit_scalar
from .emit import Emitter
from .fuse_plan import MAX_MEMBERS, Unit, plan
from .provenance import replace_uses

COMBINERS: dict[str, str] = {
    "sum": "add",
    "prod": "mul",
    "max": "max",
    "min": "min",
    "all": "and",
    "any": "or",
    "argmax": "argmax",
    "argmin": "argmin",
}


@dataclass
class _Region:
    """A region being written: operands of the fused op, and scalar values of tensors computed in it."""

    emitter: Emitter
    operands: list[SSAValue] = field(default_factory=list)
    values: dict[SSAValue, SSAValue] = field(default_factory=dict)

    def read(self, value: SSAValue) -> SSAValue:
        """Scalar of a tensor: computed here, a constant, or a new block argument."""
        found = self.values.get(value)
        if found is None:
            type = from_xdsl(value.type)
            number = _splat(value)
            if number is not None:
                found = self.emitter.constant(number, scalar_type(type.dtype))
            else:
                self.operands.append(value)
                block = self.emitter.block
                found = block.insert_arg(scalar_type(type.dtype), len(block.args))
            self.values[value] = found
        return found


def _splat(value: SSAValue) -> float | int | None:
    """The number of a scalar constant."""
    op = value.owner
    if not isinstance(op, NdOp) or op.op != "constant":
        return None
    array = op.attrs["value"]
    if array.ndim or array.dtype.kind == "c":
        return None
    number: float | int = array.item()
    return number


def _emit_member(region: _Region, op: NdOp) -> SSAValue:
    """Scalar code of one member; for a reduction, of what it combines."""
    region.emitter.location = op.location
    args = [region.read(value) for value in op.operands]
    dtypes = [type.dtype for type in op.types]
    result = from_xdsl(op.results[0].type).dtype
    if op.op in ("argmax", "argmin"):
        return _as_signed(region.emitter, args[0]) if op.types[0].kind == "u" else args[0]
    if op.row.family == "reduction":
        return cast(region.emitter, args[0], dtypes[0], result)
    return emit_scalar(region.emitter, op.op, args, dtypes, result)


def _as_signed(e: Emitter, value: SSAValue) -> SSAValue:
    """An unsigned integer with its highest bit turned: signed comparison then orders as unsigned comparison did before."""
    assert isinstance(value.type, bi.IntegerType)
    return e.op(arith.XOrIOp, [value, e.constant(-1 << (value.type.width.data - 1), value.type)])


def _combiner(op: NdOp) -> str:
    if op.row.family != "reduction":
        return MAP
    combiner = COMBINERS[op.op]
    if from_xdsl(op.results[0].type).dtype == "bool":
        return {"max": "or", "min": "and"}.get(combiner, combiner)
    return combiner


def build_fused(unit: Unit) -> tuple[FusedOp, list[SSAValue]]:
    """The fused op of a unit and the values that its results stand for; UnsupportedScalar if it has no scalar code."""
    members = set(unit.members)
    region = _Region(Emitter(Block()))
    outputs: list[NdOp] = []
    for op in unit.members:
        region.values[op.results[0]] = _emit_member(region, op)
        used_outside = any(use.operation not in members for use in op.results[0].uses)
        if used_outside or op.row.family == "reduction":
            outputs.append(op)
    yields = [region.values[op.results[0]] for op in outputs]
    region.emitter.insert(YieldOp.create(operands=yields))
    types: list[TensorType] = [from_xdsl(op.results[0].type) for op in outputs]
    combine = [_combiner(op) for op in outputs]
    fused = FusedOp.build_op(
        region.operands, types, combine, unit.axes or (), Region(region.emitter.block), outputs[0].location
    )
    if any(MAY_BE_EMPTY in op.attributes for op in outputs) and not any(_needs_elements(op) for op in outputs):
        fused.attributes[MAY_BE_EMPTY] = bi.UnitAttr()
    return fused, [op.results[0] for op in outputs]


def _needs_elements(op: NdOp) -> bool:
    """Whether a member needs elements."""
    return op.op in NO_IDENTITY and MAY_BE_EMPTY not in op.attributes


def fuse_function(function: func.FuncOp, largest: int = MAX_MEMBERS) -> None:
    """Rewrite one function's block in the planned order."""
    block = function.body.block
    units = plan(block, largest)
    for op in list(block.ops):
        op.detach()
    for unit in units:
        if not unit.fused:
            block.add_op(unit.members[0])
            continue
        fused, stands_for = build_fused(unit)
        block.add_op(fused)
        for old, new in zip(stands_for, fused.results, strict=True):
            new.name_hint = old.name_hint
            replace_uses(old, new)
    for unit in units:
        if unit.fused:
            for op in reversed(unit.members):
                op.erase()


@dataclass(frozen=True)
class Fuse(ModulePass):
    """Fuse elementwise operations and reductions, at most `members` of them in one region."""

    name = "fuse"
    members: int = MAX_MEMBERS

    def apply(self, ctx: Context, op: bi.ModuleOp) -> None:
        """Work on every function that has a body."""
        for function in op.ops:
            if isinstance(function, func.FuncOp) and function.body.blocks:
                try:
                    fuse_function(function, self.members)
                except UnsupportedScalar as error:
                    raise TypeInferenceError(f"{error} has no native code yet") from None
