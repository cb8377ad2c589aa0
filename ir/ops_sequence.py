"""Rows of the operation table that go along a dimension in order, and products of stacks of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import infer as i
from . import infer_rows as r
from .op_row import REQUIRED, OpRow
from .types import TensorType, TypeInferenceError, upcast


def _along(types: Sequence[TensorType], attrs: dict[str, Any]) -> list[TensorType]:
    """Same type; the axis is normalized."""
    (attrs["axis"],) = i.normalize_axes([attrs["axis"]], types[0].ndim)
    return [types[0]]


def _of_pairs(types: Sequence[TensorType], attrs: dict[str, Any]) -> list[TensorType]:
    """Same type: floats with a last dimension of 2, which is not gone along."""
    (type,) = types
    if not type.ndim or type.shape[-1] != 2 or type.kind != "f":
        raise TypeInferenceError(f"cumprod_pairs takes floats with a last dimension of 2, got {type}")
    (attrs["axis"],) = i.normalize_axes([attrs["axis"]], type.ndim - 1)
    return [type]


def _positions(types: Sequence[TensorType], attrs: dict[str, Any]) -> list[TensorType]:
    return [type.with_dtype("int64") for type in _along(types, attrs)]


def _searchsorted(types: Sequence[TensorType], attrs: dict[str, Any]) -> list[TensorType]:
    if types[0].ndim != 1:
        raise TypeInferenceError(f"searchsorted looks in a sorted vector, got {types[0]}")
    if attrs["side"] not in ("left", "right"):
        raise TypeInferenceError(f"searchsorted: side is 'left' or 'right', got '{attrs['side']}'")
    return [types[1].with_dtype("int64")]


def _nonzero(types: Sequence[TensorType], attrs: dict[str, Any]) -> list[TensorType]:
    mask, *sizes = types
    if not mask.ndim or mask.kind != "b":
        raise TypeInferenceError(f"nonzero takes a bool tensor of rank 1 or more, got {mask}")
    r.index_scalars(sizes, "nonzero")
    if len(sizes) not in (0, mask.ndim):
        raise TypeInferenceError(f"nonzero: {len(sizes)} sizes to compare with those of {mask}")
    return [TensorType("int64", (None,))]


def _batched_dot(types: Sequence[TensorType], attrs: dict[str, Any]) -> list[TensorType]:
    x, y = types
    if x.ndim != 3 or y.ndim != 3:
        raise TypeInferenceError(f"batched_dot takes two stacks of matrices, got {x} and {y}")
    for a, b in ((x.shape[0], y.shape[0]), (x.shape[2], y.shape[1])):
        if None not in (a, b) and a != b:
            raise TypeInferenceError(f"batched_dot: sizes {a} and {b} differ, in {x} and {y}")
    batch = x.shape[0] if x.shape[0] is not None else y.shape[0]
    return [TensorType(upcast(x.dtype, y.dtype), (batch, x.shape[1], y.shape[2]))]


def _specify_shape(types: Sequence[TensorType], attrs: dict[str, Any]) -> list[TensorType]:
    value, *sizes = types
    wanted = tuple(attrs["sizes"])
    r.index_scalars(sizes, "specify_shape")
    if len(wanted) != value.ndim or wanted.count(None) != len(sizes):
        raise TypeInferenceError(f"specify_shape: {len(wanted)} sizes, {len(sizes)} of them operands, for {value}")
    for axis, (have, size) in enumerate(zip(value.shape, wanted, strict=True)):
        if None not in (have, size) and size not in (have, -1):
            raise TypeInferenceError(f"specify_shape: dimension {axis} of {value} is {have}, not {size}")
    known = (have if size in (None, -1) else size for have, size in zip(value.shape, wanted, strict=True))
    return [TensorType(value.dtype, tuple(known))]


SEQUENCE: tuple[OpRow, ...] = (
    OpRow("cumsum", 1, _along, "sequence", {"axis": 0}, doc="Sums of the first elements along an axis."),
    OpRow("cumprod", 1, _along, "sequence", {"axis": 0}, doc="Products of the first elements along an axis."),
    OpRow("cumprod_pairs", 1, _of_pairs, "sequence", {"axis": 0}, doc="cumprod of complex numbers, as pairs of their parts."),
    OpRow(
        "sort",
        1,
        i.refuse_complex(_along),
        "sequence",
        {"axis": -1},
        doc="The elements in ascending order along an axis, NaN last.",
    ),
    OpRow(
        "argsort",
        1,
        i.refuse_complex(_positions),
        "sequence",
        {"axis": -1},
        doc="Positions that sort along an axis, NaN last; equal elements keep their order.",
    ),
    OpRow(
        "searchsorted",
        2,
        i.refuse_complex(_searchsorted),
        "sequence",
        {"side": "left"},
        doc="Where elements of y would be put in a sorted vector x: before equal ones (left) or after (right).",
    ),
    OpRow(
        "nonzero",
        1,
        _nonzero,
        "indexing",
        variadic=True,
        doc="Positions of the true elements, in order, in the flattened tensor; its sizes have to be those given.",
    ),
    OpRow(
        "specify_shape",
        1,
        _specify_shape,
        "shape",
        {"sizes": REQUIRED},
        variadic=True,
        doc="x, whose sizes have to be the given ones; -1 leaves one open.",
    ),
    OpRow("batched_dot", 2, _batched_dot, "linalg", doc="Products of the matrices of two stacks, pair by pair."),
)
