"""Changes of shape and indexing that do nothing, or less than they seem to; the docstring of each rule is the rule."""

from __future__ import annotations

from xdsl.ir import SSAValue

from phintys.dialects.nd import NdOp
from phintys.ir.subscript import Entry, format_index, parse_index
from phintys.ir.types import TypeInferenceError

from .canonicalize_arithmetic import Found, one_use, same
from .nd_builder import Builder, type_of
from .rewriting import Rules, attribute, constant_value, is_wrt, producer

# --- dimshuffle -------------------------------------------------------------------------------------------------------


def shuffle_nothing(op: NdOp, b: Builder) -> Found:
    """`dimshuffle(x, (0, 1, ...)) -> x`."""
    return op.operands[0] if attribute(op, "order") == tuple(range(type_of(op.operands[0]).ndim)) else None


def shuffle_shuffled(op: NdOp, b: Builder) -> Found:
    """`dimshuffle(dimshuffle(x, p), q) -> dimshuffle(x, p of q)`."""
    inner = producer(op.operands[0], "dimshuffle")
    if inner is None:
        return None
    first, second = attribute(inner, "order"), attribute(op, "order")
    return b.op("dimshuffle", inner.operands[0], order=tuple(-1 if axis == -1 else first[axis] for axis in second))


def shuffle_broadcast(op: NdOp, b: Builder) -> Found:
    """`dimshuffle(alloc(scalar, sizes), p) -> alloc(scalar, p of sizes)`."""
    inner = producer(op.operands[0], "alloc")
    if inner is None or type_of(inner.operands[0]).ndim:
        return None
    sizes, operands = attribute(inner, "sizes"), list(inner.operands)[1:]
    order = attribute(op, "order")
    dims = [operands[sizes[:axis].count(None)] for axis in order if axis != -1 and sizes[axis] is None]
    permuted = tuple(1 if axis == -1 else sizes[axis] for axis in order)
    return b.op("alloc", inner.operands[0], *dims, sizes=permuted)


def shuffle_operands(op: NdOp, b: Builder) -> Found:
    """`dimshuffle(f(x, y), p) -> f(dimshuffle(x, p), dimshuffle(y, p))` between elementwise operations, p a permutation.

    The whole chain is then one loop. What goes to a matrix product keeps its transpose, which costs nothing there.
    """
    inner, order = op.operands[0].owner, attribute(op, "order")
    if not isinstance(inner, NdOp) or inner.row.family != "elementwise" or one_use(op.operands[0], inner.op) is None:
        return None
    users = [use.operation for use in op.results[0].uses]
    if sorted(order) != list(range(type_of(op.operands[0]).ndim)):
        return None
    if not all(isinstance(user, NdOp) and user.row.family == "elementwise" for user in users):
        return None
    return b.op(inner.op, *(_permute(b, value, order) for value in inner.operands), **inner.attrs)


def _permute(b: Builder, value: SSAValue, order: tuple[int, ...]) -> SSAValue:
    """`value`, aligned on the right among `len(order)` dimensions, with these permuted."""
    missing = len(order) - type_of(value).ndim
    moved = [axis - missing if axis >= missing else -1 for axis in order]
    while moved and moved[0] == -1:
        del moved[0]
    return b.op("dimshuffle", value, order=tuple(moved)) if type_of(value).ndim else value


# --- reshape and alloc ------------------------------------------------------------------------------------------------


def _has_shape_of(op: NdOp, x: SSAValue) -> bool:
    """Whether `op` asks for exactly the sizes that `x` has."""
    sizes, dims = attribute(op, "sizes"), iter(list(op.operands)[1:])
    if len(sizes) != type_of(x).ndim:
        return False
    for axis, (size, have) in enumerate(zip(sizes, type_of(x).shape, strict=True)):
        if size is not None:
            if size != have:
                return False
            continue
        asked = producer(next(dims), "dim")
        if asked is None or asked.operands[0] is not x or attribute(asked, "axis") != axis:
            return False
    return True


def size_nothing(op: NdOp, b: Builder) -> Found:
    """`reshape(x, shape(x)) -> x`, `alloc(x, shape(x)) -> x`."""
    return op.operands[0] if _has_shape_of(op, op.operands[0]) else None


def size_sized(op: NdOp, b: Builder) -> Found:
    """`reshape(reshape(x)) -> reshape(x)`, `alloc(alloc(x)) -> alloc(x)`."""
    inner = producer(op.operands[0], op.op)
    if inner is None:
        return None
    return b.op(op.op, inner.operands[0], *list(op.operands)[1:], sizes=attribute(op, "sizes"))


def constant_sizes(op: NdOp, b: Builder) -> Found:
    """Size operands that are constants become static sizes."""
    sizes, operands = list(attribute(op, "sizes")), list(op.operands)
    numbers = [constant_value(value) for value in operands[1:]]
    if all(number is None or int(number) < 0 for number in numbers):
        return None
    slots = [index for index, size in enumerate(sizes) if size is None]
    for slot, number in zip(slots, numbers, strict=True):
        if number is not None and int(number) >= 0:
            sizes[slot] = int(number)
    kept = [v for v, number in zip(operands[1:], numbers, strict=True) if number is None or int(number) < 0]
    return _build(b, op.op, [operands[0], *kept], sizes=tuple(sizes))


def reshape_to_shuffle(op: NdOp, b: Builder) -> Found:
    """A `reshape` that only inserts or drops dimensions of size 1 is a `dimshuffle`."""
    old, new = type_of(op.operands[0]).shape, type_of(op.results[0]).shape
    if None in old or None in new:
        return None
    kept = [axis for axis, size in enumerate(old) if size != 1]
    if [old[axis] for axis in kept] != [size for size in new if size != 1]:
        return None
    axes = iter(kept)
    return b.op("dimshuffle", op.operands[0], order=tuple(-1 if size == 1 else next(axes) for size in new))


def _build(b: Builder, name: str, operands: list[SSAValue], **attrs: object) -> SSAValue | None:
    """A new operation, or `None` where the known numbers contradict each other: that is reported when it runs."""
    try:
        return b.op(name, *operands, **attrs)
    except TypeInferenceError:
        return None


# --- reductions -------------------------------------------------------------------------------------------------------


def reduce_nothing(op: NdOp, b: Builder) -> Found:
    """A reduction over no axes, or over axes of size 1, which are then only dropped."""
    x, axes = op.operands[0], attribute(op, "axes")
    unit = [axis for axis in axes if type_of(x).shape[axis] == 1]
    if type_of(x).dtype != type_of(op.results[0]).dtype or (axes and not unit):
        return None
    order = [axis for axis in range(type_of(x).ndim) if axis not in unit]
    rest = tuple(order.index(axis) for axis in axes if axis not in unit)
    flat = b.op("dimshuffle", x, order=tuple(order)) if unit else x
    return b.op(op.op, flat, axes=rest) if rest else flat


def sum_negative(op: NdOp, b: Builder) -> Found:
    """`sum(-x) -> -sum(x)`."""
    inner = one_use(op.operands[0], "neg")
    if inner is None or type_of(inner.results[0]).dtype != type_of(op.results[0]).dtype:  # -x wraps around before it is widened
        return None
    return b.op("neg", b.op("sum", inner.operands[0], axes=attribute(op, "axes")))


# --- joins and indexing -----------------------------------------------------------------------------------------------


def concatenate_one(op: NdOp, b: Builder) -> Found:
    """Operands without elements along the axis are left out; a `concatenate` of one is that one."""
    axis = attribute(op, "axis")
    kept = [value for value in op.operands if type_of(value).shape[axis] != 0]
    if len(kept) == 1:
        return same(op, kept[0])
    dtypes = {type_of(value).dtype for value in kept}
    fewer = kept and len(kept) < len(op.operands) and len(dtypes) == 1
    return b.op("concatenate", *kept, axis=axis) if fewer else None


def constant_bounds(op: NdOp, b: Builder) -> Found:
    """Bounds that are constants become part of the index; `0:` and a step of 1 are left out."""
    entries, given = list(parse_index(attribute(op, "index"))), iter(list(op.operands)[_first_bound(op) :])
    operands: list[SSAValue] = []

    def known(bound: int | str | None) -> int | str | None:
        if bound != "?":
            return bound
        value = next(given)
        number = constant_value(value)
        if number is None or (number.dtype.kind == "u" and int(number) > 2**62):
            operands.append(value)
            return "?"
        return int(number)

    for index, entry in enumerate(entries):
        start, stop, step = known(entry.start), known(entry.stop), known(entry.step)
        if entry.is_slice:
            step = None if step == 1 else step
            start = None if start == 0 and step is None else start
        entries[index] = Entry(start, stop, step, entry.is_slice)
    text = format_index(entries)
    if text == format_index(parse_index(attribute(op, "index"))):
        return None
    return _build(b, op.op, [*list(op.operands)[: _first_bound(op)], *operands], index=text)


def _first_bound(op: NdOp) -> int:
    return 1 if op.op == "subtensor" else 2


def _is_whole(op: NdOp) -> bool:
    return all(entry.is_whole for entry in parse_index(attribute(op, "index")))


def take_whole(op: NdOp, b: Builder) -> Found:
    """`x[:] -> x`."""
    return op.operands[0] if _is_whole(op) else None


def take_scalar(op: NdOp, b: Builder) -> Found:
    """`make_vector(a, b, ...)[1] -> b`."""
    vector, entries = producer(op.operands[0], "make_vector"), parse_index(attribute(op, "index"))
    if vector is None or len(entries) != 1 or entries[0].is_slice or not isinstance(entries[0].start, int):
        return None
    return b.cast(vector.operands[entries[0].start], type_of(op.results[0]).dtype)


def take_what_was_set(op: NdOp, b: Builder) -> Found:
    """`set_subtensor(x, y, i)[i] -> y`."""
    update = producer(op.operands[0], "set_subtensor")
    if update is None or attribute(update, "index") != attribute(op, "index"):
        return None
    if list(update.operands)[2:] != list(op.operands)[1:] or type_of(update.operands[1]) != type_of(op.results[0]):
        return None
    return update.operands[1]


def take_before_computing(op: NdOp, b: Builder) -> Found:
    """`f(x)[i] -> f(x[i])` for an elementwise f of one tensor (and scalars): only what is taken is computed."""
    inner = op.operands[0].owner
    if not isinstance(inner, NdOp) or inner.row.family != "elementwise" or not op.operands[0].has_one_use():
        return None
    tensors = [value for value in inner.operands if type_of(value).ndim]
    if len(tensors) != 1 or type_of(tensors[0]).shape != type_of(inner.results[0]).shape or is_wrt(inner.results[0]):
        return None
    part = _build(b, "subtensor", [tensors[0], *list(op.operands)[1:]], index=attribute(op, "index"))
    if part is None:
        return None
    attrs = {"dtype": attribute(inner, "dtype")} if inner.op == "cast" else {}
    return _build(b, inner.op, [part if value is tensors[0] else value for value in inner.operands], **attrs)


def set_whole(op: NdOp, b: Builder) -> Found:
    """`x[:] = y -> y`."""
    return same(op, op.operands[1]) if _is_whole(op) else None


def increment_whole(op: NdOp, b: Builder) -> Found:
    """`x[:] += y -> x + y`."""
    x, y = list(op.operands)[:2]
    return b.op("add", x, b.cast(y, type_of(x).dtype)) if _is_whole(op) else None


SHAPE: Rules = {
    "dimshuffle": (shuffle_nothing, shuffle_shuffled, shuffle_broadcast, shuffle_operands),
    "reshape": (size_nothing, constant_sizes, size_sized, reshape_to_shuffle),
    "alloc": (size_nothing, constant_sizes, size_sized),
    **{name: (reduce_nothing,) for name in ("prod", "max", "min", "all", "any")},
    "sum": (reduce_nothing, sum_negative),
    "concatenate": (concatenate_one,),
    "subtensor": (constant_bounds, take_whole, take_scalar, take_what_was_set, take_before_computing),
    "set_subtensor": (constant_bounds, set_whole),
    "inc_subtensor": (constant_bounds, increment_whole),
}
