"""`x[...]` and its assignments: `set_subtensor(x[...], y)`, `inc_subtensor(x[...], y)`.

Numbers, slices (with symbolic bounds), `None` and `...` make a `subtensor` node; integer tensors make a `gather` on the
leading dimensions, to which the indexed ones are moved first. The rules of which dimension goes where are NumPy's
("advanced indexing"). Truth tensors known when the expression is written index by their true positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from phintys.ir.subscript import Bound, Entry, format_index

from .build import apply, as_tensor_variable, cast
from .filling import fill
from .shaping import dimshuffle, flatten
from .var import TensorConstant, TensorVariable

Key = tuple[Any, ...]


def index(x: TensorVariable, key: Any) -> TensorVariable:
    """`x[key]`. IndexError for too many or impossible entries; NotImplementedError for symbolic truth tensors."""
    entries = _expand(x, key if isinstance(key, tuple) else (key,))
    if any(_is_tensor(entry) for entry in entries):
        return _advanced(x, entries)
    if all(entry is None for entry in entries):
        return _insert_axes(x, entries)
    known = _known_element(x, entries)
    return known if known is not None else _insert_axes(_basic(x, entries), entries)


def _is_tensor(entry: Any) -> bool:
    return isinstance(entry, np.ndarray) or (isinstance(entry, TensorVariable) and entry.ndim > 0)


def _expand(x: TensorVariable, key: Key) -> list[Any]:
    """The key without `...`: lists are arrays, truth arrays are positions, 0-d constants are numbers."""
    entries: list[Any] = []
    for entry in key:
        entries += [_plain(part) for part in _positions(entry)]
    dots = [place for place, entry in enumerate(entries) if entry is Ellipsis]
    if len(dots) > 1:
        raise IndexError("an index can only have a single ellipsis ('...')")
    used = sum(entry is not None and entry is not Ellipsis for entry in entries)
    if used > x.ndim:
        raise IndexError(f"too many indices for array: {used} for {x.type}")
    if dots:
        rest = [slice(None)] * (x.ndim - used)
        tail = entries[dots[0] + 1 :]
        entries[dots[0] :] = [*rest, *tail] if any(entry is not None for entry in tail) else tail
    return entries


def _positions(entry: Any) -> Sequence[Any]:
    """Truth arrays as positions in each of their dimensions; anything else as it is."""
    array = np.asarray(entry) if isinstance(entry, list) and not any(map(_is_symbol, entry)) else entry
    if isinstance(array, np.ndarray | np.bool_ | bool) and np.asarray(array).dtype.kind == "b":
        if not np.ndim(array):
            raise IndexError("a single truth value is no index")
        return np.asarray(array).nonzero()
    if isinstance(array, TensorVariable) and array.dtype == "bool":
        if isinstance(array, TensorConstant) and array.ndim:
            return array.data.nonzero()
        raise NotImplementedError(
            "indexing with a symbolic truth tensor is not available, since the size of the result depends on its "
            "elements: use switch(condition, x, y), or multiply by the condition"
        )
    return [array]


def _is_symbol(value: Any) -> bool:
    return isinstance(value, TensorVariable) or (isinstance(value, list | tuple) and any(map(_is_symbol, value)))


def _plain(entry: Any) -> Any:
    """One entry as `None`, `...`, a slice, an int, an integer array or an integer variable. IndexError for others."""
    if entry is None or entry is Ellipsis or isinstance(entry, slice):
        return entry
    if isinstance(entry, list | tuple):
        entry = as_tensor_variable(entry) if _is_symbol(entry) else np.asarray(entry)
    if isinstance(entry, np.ndarray) and not entry.size and entry.dtype.kind == "f":
        entry = entry.astype("int64")
    if isinstance(entry, TensorConstant):
        entry = entry.data
    if isinstance(entry, TensorVariable):
        kind = entry.type.kind
    elif isinstance(entry, int | np.integer | np.ndarray):
        kind = np.asarray(entry).dtype.kind
    else:
        kind = ""
    if kind not in ("i", "u"):
        raise IndexError(f"an index is an integer, a slice, None, ... or an integer tensor; got {entry!r}")
    if isinstance(entry, TensorVariable) or np.ndim(entry):
        return entry
    return int(entry)


# --- numbers and slices -------------------------------------------------------------------------------------


def _bound(value: Any, operands: list[TensorVariable]) -> Bound:
    """A bound of a slice, or a position, in index text; symbolic ones are collected."""
    if value is None:
        return None
    value = _plain(value)
    if isinstance(value, int):
        return value
    if not isinstance(value, TensorVariable) or value.ndim:
        raise IndexError(f"the bounds of a slice are integers; got {value!r}")
    operands.append(value)
    return "?"


def subscript(entries: Sequence[Any]) -> tuple[str, list[TensorVariable]]:
    """Index text and operands of numbers and slices.

    Whole slices at the end are left out unless there is nothing else.
    """
    operands: list[TensorVariable] = []
    result: list[Entry] = []
    for entry in entries:
        if isinstance(entry, slice):
            start, stop, step = (_bound(bound, operands) for bound in (entry.start, entry.stop, entry.step))
            if step == 0:
                raise ValueError("slice step cannot be zero")
            result.append(Entry(start, stop, step))
        else:
            result.append(Entry(_bound(entry, operands), is_slice=False))
    while len(result) > 1 and result[-1].is_whole:
        result.pop()
    return format_index(result), operands


def _basic(x: TensorVariable, entries: list[Any]) -> TensorVariable:
    text, operands = subscript([entry for entry in entries if entry is not None])
    return apply("subtensor", x, *operands, index=text)


def _insert_axes(x: TensorVariable, entries: list[Any]) -> TensorVariable:
    """Dimensions of size 1 where the key has `None`, in what is left of `x` after the other entries."""
    kept = iter(range(x.ndim))
    order: list[Any] = []
    for entry in entries:
        if entry is None:
            order.append("x")
        elif isinstance(entry, slice) or _is_tensor(entry):
            order.append(next(kept))
    return dimshuffle(x, *order, *kept)


def _known_element(x: TensorVariable, entries: list[Any]) -> TensorVariable | None:
    """`x.shape[0]` without making the vector first; `None` for anything else."""
    if len(entries) != 1 or not isinstance(entries[0], int) or x.node is None or x.node.op != "make_vector":
        return None
    operands = x.node.inputs
    if not -len(operands) <= entries[0] < len(operands):
        return None
    operand = operands[entries[0]]
    assert isinstance(operand, TensorVariable)
    return cast(operand, x.dtype)


# --- integer tensors ----------------------------------------------------------------------------------------


def _advanced(x: TensorVariable, entries: list[Any]) -> TensorVariable:
    """Slices first, then the indexed dimensions to the front, gather, and the result's dimensions to their place."""
    sliced = _slices_of(x, entries)
    indexed, others = _split(sliced, entries)
    indices = [_index_tensor(entry) for entry in entries if _is_index(entry)]
    gathered = apply("gather", dimshuffle(sliced, *indexed, *others), *indices)
    result = dimshuffle(gathered, *_placement(gathered, indexed, others))
    vars(result)["_indexed"] = (x, entries)  # what an assignment to it needs
    return result


def _slices_of(x: TensorVariable, entries: list[Any]) -> TensorVariable:
    """`x` with the slices and new dimensions of a key applied, its integer tensors taken as whole slices."""
    plain = [slice(None) if _is_index(entry) else entry for entry in entries]
    if all(isinstance(entry, slice) and entry == slice(None) for entry in plain):
        return x
    return _insert_axes(_basic(x, plain), plain)


def _split(sliced: TensorVariable, entries: list[Any]) -> tuple[list[int], list[int]]:
    """Dimensions that integers index, and the others."""
    indexed = [axis for axis, entry in enumerate(entries) if _is_index(entry)]
    return indexed, [axis for axis in range(sliced.ndim) if axis not in indexed]


def _placement(gathered: TensorVariable, indexed: list[int], others: list[int]) -> list[int]:
    """Order of the result's dimensions: the indices' replace the indexed ones, or come first if these are apart."""
    batch = list(range(gathered.ndim - len(others)))
    rest = list(range(len(batch), gathered.ndim))
    before = indexed[0] if indexed[-1] - indexed[0] + 1 == len(indexed) else 0
    return [*rest[:before], *batch, *rest[before:]]


def _index_tensor(entry: Any) -> TensorVariable:
    """An index of `gather`; constants are int64."""
    if isinstance(entry, TensorVariable):
        return entry
    return as_tensor_variable(np.asarray(entry, dtype="int64"))


def _is_index(entry: Any) -> bool:
    return entry is not None and not isinstance(entry, slice)


def take(x: Any, indices: Any, axis: int | None = None, mode: str = "raise") -> TensorVariable:
    """The elements at `indices` (an integer tensor) along `axis`, of the flattened tensor without one."""
    if mode != "raise":
        raise NotImplementedError(f"take with mode={mode!r} is not available: only 'raise' is")
    x = as_tensor_variable(x)
    if axis is None:
        return take(flatten(x), indices, 0)
    position = indices if isinstance(indices, int) else as_tensor_variable(indices)
    return index(x, (*[slice(None)] * (axis % x.ndim), position))


# --- assignments --------------------------------------------------------------------------------------------


def inc_subtensor(x: Any, y: Any, inplace: bool = False, set_instead_of_inc: bool = False) -> TensorVariable:
    """The tensor that `x`, which is some `base[key]`, was taken from, with `y` added there.

    `y` broadcasts to the shape of `base[key]` and is cast to its dtype; where integer tensors name a position twice,
    both are added. TypeError when `x` is not an indexing expression or `y` does not fit.
    """
    if not isinstance(x, TensorVariable) or x.node is None:
        raise TypeError("x must be the result of a subtensor operation")
    y = cast(as_tensor_variable(y), x.dtype)
    if y.ndim > x.ndim:
        raise TypeError(f"Trying to increment a {x.ndim}-dimensional subtensor with a {y.ndim}-dimensional value.")
    for axis, (one, known) in enumerate(zip(y.broadcastable[::-1], x.broadcastable[::-1], strict=False)):
        if known and not one:
            raise TypeError(
                f"Trying to increment a subtensor with a value whose dimension {y.ndim - 1 - axis} is not broadcastable."
            )
    return _update(x, y, set_instead_of_inc)


def set_subtensor(x: Any, y: Any, inplace: bool = False) -> TensorVariable:
    """The tensor that `x`, which is some `base[key]`, was taken from, with `y` in its place. See `inc_subtensor`."""
    return inc_subtensor(x, y, inplace, set_instead_of_inc=True)


def _update(x: TensorVariable, y: TensorVariable, replace: bool) -> TensorVariable:
    node = x.node
    if "_indexed" in vars(x):
        if replace:
            raise NotImplementedError(
                "set_subtensor at positions given by integer tensors is not available: inc_subtensor is, and "
                "set_subtensor at numbers and slices"
            )
        base, entries = vars(x)["_indexed"]
        return _scatter(base, entries, x, y)
    if node is None or node.op != "subtensor":
        raise TypeError("x must be the result of a subtensor operation")
    name = "set_subtensor" if replace else "inc_subtensor"
    return apply(name, node.inputs[0], y, *node.inputs[1:], index=node.attrs["index"])


def _scatter(base: TensorVariable, entries: list[Any], x: TensorVariable, y: TensorVariable) -> TensorVariable:
    """`base` with `y` added at the positions of `x = base[entries]`: the steps of `_advanced`, backwards."""
    sliced = _slices_of(base, entries)
    indexed, others = _split(sliced, entries)
    moved = [*indexed, *others]
    order = _placement(x, indexed, others)
    value = y if order == list(range(x.ndim)) else dimshuffle(fill(x, y), *_inverse(order))
    indices = [_index_tensor(entry) for entry in entries if _is_index(entry)]
    updated = dimshuffle(apply("scatter_add", dimshuffle(sliced, *moved), value, *indices), *_inverse(moved))
    if sliced is base:
        return updated
    plain = [slice(None) if _is_index(entry) else entry for entry in entries if entry is not None]
    added = [axis for axis, entry in enumerate(entries) if entry is None]
    kept = [axis for axis in range(updated.ndim) if axis not in added]
    return _update(_basic(base, plain), dimshuffle(updated, *kept), replace=True)


def _inverse(order: Sequence[int]) -> list[int]:
    return [list(order).index(axis) for axis in range(len(order))]
