"""`x[...]`; the assignments `set_subtensor(x[...], y)` and `inc_subtensor(x[...], y)` are in `assignment.py`.

Numbers, slices (with symbolic bounds), `None` and `...` make a `subtensor` node; integer tensors make a `gather` on the
leading dimensions, to which the indexed ones are moved first. The rules of which dimension goes where are NumPy's
("advanced indexing"). Truth tensors index by their true positions, symbolic ones by a `nonzero` node: their dimensions
are joined to one before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from phintys.ir.subscript import Bound, Entry, format_index

from .build import apply, as_tensor_variable, cast, has_symbol
from .shaping import axis_of, dim, dimshuffle, flatten, size_of, sized
from .var import TensorConstant, TensorVariable

__all__ = [
    "index",
    "take",
]

Key = tuple[Any, ...]


def index(x: TensorVariable, key: Any) -> TensorVariable:
    """`x[key]`. IndexError for too many or impossible entries."""
    key = key if isinstance(key, tuple) else (key,)
    if any(_is_mask(entry) for entry in key):
        return _masked(x, key)
    entries = _expand(x, key)
    if any(_is_tensor(entry) for entry in entries):
        return _advanced(x, entries)
    if not entries and x.ndim:
        return _basic(x, [slice(None)])  # `x[...]` is a part of x as any other: it can be assigned to
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
        entries[dots[0] :] = [*rest, *tail] if tail else []
    return entries


def _positions(entry: Any) -> Sequence[Any]:
    """Truth arrays as positions in each of their dimensions; anything else as it is."""
    array = np.asarray(entry) if isinstance(entry, list) and not any(map(_is_symbol, entry)) else entry
    if isinstance(array, np.ndarray | np.bool_ | bool) and np.asarray(array).dtype.kind == "b":
        if not np.ndim(array):
            raise IndexError("a single truth value is no index")
        return np.asarray(array).nonzero()
    return [array]


def _is_mask(entry: Any) -> bool:
    """Whether an entry is a symbolic truth tensor."""
    return isinstance(entry, TensorVariable) and entry.dtype == "bool"


def _masked(x: TensorVariable, key: Key) -> TensorVariable:
    """`x[key]` with symbolic truth tensors: the dimensions of each become one, which positions index."""
    used = sum(max(_dimensions(entry), 0) for entry in key)
    joined, entries, axis = x, list[Any](), 0
    for entry in key:
        if _is_mask(entry):
            if not entry.ndim:
                raise IndexError("a single truth value is no index")
            joined, position = join_masked(joined, entry, axis)
            entries.append(position)
            axis += 1
        else:
            entries.append(entry)
            axis += x.ndim - used if entry is Ellipsis else _dimensions(entry)
    result = index(joined, tuple(entries))
    vars(result)["_joined"] = (x, key)
    return result


def _dimensions(entry: Any) -> int:
    """How many dimensions an entry takes."""
    if entry is None or entry is Ellipsis:
        return 0
    mask = isinstance(entry, TensorVariable | np.ndarray) and entry.dtype == "bool"
    return entry.ndim if mask else 1


def join_masked(x: TensorVariable, mask: TensorVariable, axis: int) -> tuple[TensorVariable, TensorVariable]:
    """`x` with the dimensions of a mask that stands at `axis` joined, and the positions of its true elements in them.

    IndexError when the function runs and the sizes of the mask are others.
    """
    if axis + mask.ndim > x.ndim:
        raise IndexError(f"too many indices for array: a truth tensor of {mask.ndim} dimensions at {axis} for {x.type}")
    sizes = [dim(x, place) if size is None else size for place, size in enumerate(x.type.shape)]
    positions = apply("nonzero", mask, *sizes[axis : axis + mask.ndim])
    if mask.ndim > 1:
        x = sized("reshape", x, [*sizes[:axis], size_of(x, range(axis, axis + mask.ndim)), *sizes[axis + mask.ndim :]])
    return x, positions


def _is_symbol(value: Any) -> bool:
    return isinstance(value, TensorVariable) or (isinstance(value, list | tuple) and has_symbol(value))


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


def take(a: Any, indices: Any, axis: int | None = None, mode: str = "raise") -> TensorVariable:
    """The elements at `indices` (an integer tensor) along `axis`, of the flattened tensor without one.

    `mode` says what happens to indices that are out of bounds: "raise" an IndexError, "wrap" around, or "clip" to the
    first and the last.
    """
    value = as_tensor_variable(a)
    if axis is None:
        return take(flatten(value), indices, 0, mode)
    axis = axis_of(value, axis)
    position = indices if isinstance(indices, int) and mode == "raise" else as_tensor_variable(indices)
    if mode == "clip":
        position = apply("minimum", apply("maximum", position, 0), dim(value, axis) - 1)
    elif mode == "wrap":
        position = apply("mod", position, dim(value, axis))
    elif mode != "raise":
        raise ValueError(f"mode is 'raise', 'wrap' or 'clip', not {mode!r}")
    return index(value, (*[slice(None)] * axis, position))
