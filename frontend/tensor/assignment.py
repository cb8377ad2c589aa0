"""Assignments to a part of a tensor: `set_subtensor(x[...], y)`, `inc_subtensor(x[...], y)`.

Both give a new tensor; the node that made `x[...]` says which part is meant. What an index expression did to the tensor
before and after its `subtensor` or `gather` node is undone for the new values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .build import apply, as_tensor_variable, cast
from .filling import fill
from .indexing import _basic, _index_tensor, _is_index, _is_mask, _placement, _slices_of, _split, index
from .shaping import dim, dimshuffle, sized
from .var import TensorVariable

__all__ = [
    "flatnonzero",
    "inc_subtensor",
    "nonzero",
    "nonzero_values",
    "set_subtensor",
]


def inc_subtensor(
    x: Any, y: Any, inplace: bool = False, set_instead_of_inc: bool = False, tolerate_inplace_aliasing: bool = False
) -> TensorVariable:
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


def set_subtensor(x: Any, y: Any, inplace: bool = False, tolerate_inplace_aliasing: bool = False) -> TensorVariable:
    """The tensor that `x`, which is some `base[key]`, was taken from, with `y` in its place. See `inc_subtensor`.

    Where integer tensors name a position twice the last value stays.
    """
    return inc_subtensor(x, y, inplace, set_instead_of_inc=True)


def _update(x: TensorVariable, y: TensorVariable, replace: bool) -> TensorVariable:
    if "_joined" in vars(x):
        base, key = vars(x)["_joined"]
        return _update_masked(base, key, x, y, replace)
    if "_indexed" in vars(x):
        base, entries = vars(x)["_indexed"]
        return _scatter(base, entries, x, y, replace)
    node = x.node
    assert node is None or all(isinstance(value, TensorVariable) for value in node.inputs)
    if node is not None and node.op == "subtensor":
        name = "set_subtensor" if replace else "inc_subtensor"
        return apply(name, node.inputs[0], y, *node.inputs[1:], index=node.attrs["index"])
    if node is not None and node.op in ("dimshuffle", "reshape"):
        inner = as_tensor_variable(node.inputs[0])
        whole = y if y.ndim == x.ndim and y.broadcastable == x.broadcastable else fill(x, y)
        if node.op == "dimshuffle":
            return _update(inner, dimshuffle(whole, *_back(node.attrs["order"], inner.ndim)), replace)
        return _update(inner, _like(whole, inner), replace)
    raise TypeError("x must be the result of a subtensor operation")


def _back(order: Sequence[int], ndim: int) -> list[Any]:
    """The dimshuffle that undoes another."""
    return [order.index(axis) if axis in order else "x" for axis in range(ndim)]


def _like(x: TensorVariable, model: TensorVariable) -> TensorVariable:
    """The elements of `x` in the shape of `model`."""
    sizes = [dim(model, axis) if size is None else size for axis, size in enumerate(model.type.shape)]
    return sized("reshape", x, sizes)


def _update_masked(
    base: TensorVariable, key: tuple[Any, ...], x: TensorVariable, y: TensorVariable, replace: bool
) -> TensorVariable:
    """A number goes where the only mask is true, without looking for positions; else dimensions are joined and parted."""
    if len(key) == 1 and _is_mask(key[0]) and not y.ndim:
        mask = dimshuffle(key[0], *range(key[0].ndim), *["x"] * (base.ndim - key[0].ndim))
        return apply("select", mask, y if replace else apply("add", base, y), base)
    joined, entries = vars(x)["_indexed"]
    return _like(_scatter(joined, entries, x, y, replace), base)


def _scatter(base: TensorVariable, entries: list[Any], x: TensorVariable, y: TensorVariable, replace: bool) -> TensorVariable:
    """`base` with `y` put at, or added to, the positions of `x = base[entries]`: the steps of `_advanced`, backwards."""
    sliced = _slices_of(base, entries)
    indexed, others = _split(sliced, entries)
    moved = [*indexed, *others]
    order = _placement(x, indexed, others)
    value = y if order == list(range(x.ndim)) else dimshuffle(fill(x, y), *_back(order, x.ndim))
    indices = [_index_tensor(entry) for entry in entries if _is_index(entry)]
    name = "scatter_set" if replace else "scatter_add"
    updated = dimshuffle(apply(name, dimshuffle(sliced, *moved), value, *indices), *_back(moved, len(moved)))
    if sliced is base:
        return updated
    plain = [slice(None) if _is_index(entry) else entry for entry in entries if entry is not None]
    added = [axis for axis, entry in enumerate(entries) if entry is None]
    kept = [axis for axis in range(updated.ndim) if axis not in added]
    return _update(_basic(base, plain), dimshuffle(updated, *kept), replace=True)


def nonzero(a: Any, return_matrix: bool = False) -> Any:
    """The positions of the elements that are not zero: one int64 vector for each dimension, or these as rows."""
    from .joining import stack

    value = as_tensor_variable(a)
    if not value.ndim:
        raise ValueError("Nonzero only supports non-scalar arrays.")
    rest = flatnonzero(value)
    found: list[TensorVariable] = []
    for axis in range(value.ndim - 1, 0, -1):
        found.append(rest % dim(value, axis))
        rest = rest // dim(value, axis)
    positions = (rest, *reversed(found))
    return stack(list(positions), axis=0) if return_matrix else positions


def flatnonzero(a: Any) -> TensorVariable:
    """The positions of the elements that are not zero in the flattened tensor."""
    value = as_tensor_variable(a)
    if not value.ndim:
        raise ValueError("Nonzero only supports non-scalar arrays.")
    return apply("nonzero", value if value.dtype == "bool" else apply("ne", value, 0))


def nonzero_values(a: Any) -> TensorVariable:
    """The elements that are not zero, as a vector."""
    value = as_tensor_variable(a)
    return index(value.flatten(), flatnonzero(value))
