"""Result types of the operations that are no elementwise ones or reductions, one function for each; see `infer`."""

from __future__ import annotations

from functools import cache
from typing import Any

from .infer import Attrs, Infer, Types, broadcast_shapes, normalize_axes
from .types import DTYPES, TensorType, TypeInferenceError, upcast


def cast(types: Types, attrs: Attrs) -> list[TensorType]:
    """Same shape, dtype of the attribute; complex to real is refused (take the real part)."""
    (type,) = types
    if attrs["dtype"] not in DTYPES:
        raise TypeInferenceError(f"unknown dtype '{attrs['dtype']}'; expected one of {', '.join(DTYPES)}")
    if type.kind == "c" and DTYPES[attrs["dtype"]].kind != "c":
        raise TypeInferenceError(f"a cast from {type.dtype} to {attrs['dtype']} drops the imaginary part")
    return [type.with_dtype(attrs["dtype"])]


def constant(types: Types, attrs: Attrs) -> list[TensorType]:
    """dtype and shape of the array."""
    return [TensorType(_dtype_name(attrs["value"].dtype), attrs["value"].shape)]


@cache
def _dtype_name(dtype: Any) -> str:
    return str(dtype)  # NumPy takes microseconds for it


def softmax(types: Types, attrs: Attrs) -> list[TensorType]:
    """Same shape; floating dtype; the axis is normalized."""
    (type,) = types
    if type.kind not in "f":
        raise TypeInferenceError(f"softmax takes a floating operand, got {type}")
    (attrs["axis"],) = normalize_axes([attrs["axis"]], type.ndim)
    return [type]


def dot(types: Types, attrs: Attrs) -> list[TensorType]:
    """NumPy's dot for vectors and matrices: the last dimension of x against the first of y."""
    x, y = types
    if not (1 <= x.ndim <= 2 and 1 <= y.ndim <= 2):
        raise TypeInferenceError(f"dot takes vectors and matrices, got {x} and {y}")
    if None not in (x.shape[-1], y.shape[0]) and x.shape[-1] != y.shape[0]:
        raise TypeInferenceError(f"dot: x has {x.shape[-1]} columns but y has {y.shape[0]} rows, in {x} and {y}")
    return [TensorType(upcast(x.dtype, y.dtype), x.shape[:-1] + y.shape[1:])]


def gemm(types: Types, attrs: Attrs) -> list[TensorType]:
    """A matrix, a scalar, two matrices and a scalar, of float32 or float64."""
    c, _, x, y, _ = types
    dtypes = {type.dtype for type in types}
    if [type.ndim for type in types] != [2, 0, 2, 2, 0] or len(dtypes) > 1 or c.kind != "f":
        given = ", ".join(map(str, types))
        raise TypeInferenceError(f"gemm takes a matrix, a scalar, two matrices and a scalar of one float dtype, got {given}")
    (result,) = dot([x, y], attrs)
    sizes = [own if own is not None else other for own, other in zip(c.shape, result.shape, strict=True)]
    if any(None not in pair and pair[0] != pair[1] for pair in zip(c.shape, result.shape, strict=True)):
        raise TypeInferenceError(f"gemm: the product is {result}, but what it is added to {c}")
    return [TensorType(c.dtype, tuple(sizes))]


def dimshuffle(types: Types, attrs: Attrs) -> list[TensorType]:
    """Permutation of dimensions; -1 in `order` inserts one of size 1, a dimension left out must be known to be 1."""
    (type,) = types
    order = tuple(attrs["order"])
    kept = [axis for axis in order if axis != -1]
    normalize_axes(kept, type.ndim)
    for axis, size in enumerate(type.shape):
        if axis not in kept and size != 1:
            raise TypeInferenceError(f"dimshuffle drops dimension {axis} of {type}, whose size is not known to be 1")
    return [TensorType(type.dtype, tuple(1 if axis == -1 else type.shape[axis] for axis in order))]


def index_scalars(types: Types, what: str) -> None:
    """TypeInferenceError unless all types are integer scalars."""
    for type in types:
        if type.ndim or type.kind not in "iu":
            raise TypeInferenceError(f"{what} takes integer scalars, got {type}")


def sized(what: str) -> Infer:
    """`reshape` and `alloc`: result sizes are `attrs['sizes']`, with `None` for each given by an operand, -1 for inferred."""

    def infer(types: Types, attrs: Attrs) -> list[TensorType]:
        value, *dims = types
        index_scalars(dims, what)
        sizes = tuple(attrs["sizes"])
        if sizes.count(None) != len(dims):
            raise TypeInferenceError(f"{what} has {len(dims)} size operands for {sizes.count(None)} dynamic sizes")
        if sizes.count(-1) > 1 or (what == "alloc" and -1 in sizes):
            raise TypeInferenceError(f"{what}: sizes {sizes} cannot be inferred")
        if what == "alloc":
            broadcast_shapes([value.shape, sizes])
        elif None not in value.shape and None not in sizes:
            sizes = _infer_reshape(value, sizes)
        return [TensorType(value.dtype, tuple(None if size == -1 else size for size in sizes))]

    return infer


def _infer_reshape(value: TensorType, sizes: tuple[int, ...]) -> tuple[int, ...]:
    total = 1
    for size in value.shape:
        total *= size or 0
    known = 1
    for size in sizes:
        known *= size if size != -1 else 1
    if (-1 in sizes and (known == 0 or total % known)) or (-1 not in sizes and known != total):
        raise TypeInferenceError(f"cannot reshape {value} of {total} elements into {sizes}")
    return tuple(total // known if size == -1 else size for size in sizes)


def dim(types: Types, attrs: Attrs) -> list[TensorType]:
    """Size of one dimension, an int64 scalar."""
    (attrs["axis"],) = normalize_axes([attrs["axis"]], types[0].ndim)
    return [TensorType("int64")]


def stack_scalars(types: Types, attrs: Attrs) -> list[TensorType]:
    """A vector of scalars."""
    if not types or any(type.ndim for type in types):
        raise TypeInferenceError(f"make_vector takes scalars, got {', '.join(map(str, types))}")
    return [TensorType(upcast(*(type.dtype for type in types)), (len(types),))]


def arange(types: Types, attrs: Attrs) -> list[TensorType]:
    """A vector of unknown length."""
    if any(type.ndim or type.kind == "c" for type in types):
        raise TypeInferenceError(f"arange takes real scalars, got {', '.join(map(str, types))}")
    if attrs["dtype"] is not None and DTYPES[attrs["dtype"]].kind == "c":
        raise TypeInferenceError(f"arange makes real numbers, not {DTYPES[attrs['dtype']].short}; cast its result")
    return [TensorType(attrs["dtype"] or upcast("int8", *(type.dtype for type in types)), (None,))]


def concatenate(types: Types, attrs: Attrs) -> list[TensorType]:
    """Tensors of one rank joined along an axis; other known sizes must agree."""
    ranks = {type.ndim for type in types}
    if len(ranks) != 1 or 0 in ranks:
        raise TypeInferenceError(f"concatenate takes tensors of one rank >= 1, got {', '.join(map(str, types))}")
    (attrs["axis"],) = normalize_axes([attrs["axis"]], types[0].ndim)
    shape: list[int | None] = []
    for axis in range(types[0].ndim):
        sizes = [type.shape[axis] for type in types]
        known = {size for size in sizes if size is not None}
        if axis == attrs["axis"]:
            shape.append(None if None in sizes else sum(size or 0 for size in sizes))
        elif len(known) > 1:
            raise TypeInferenceError(f"concatenate: dimension {axis} has sizes {sorted(known)}")
        else:
            shape.append(known.pop() if known else None)
    return [TensorType(upcast(*(type.dtype for type in types)), tuple(shape))]


def gather_shape(types: Types, what: str) -> tuple[int | None, ...]:
    """Shape of `x[i, j, ...]` where integer tensors index the leading dimensions together (NumPy's advanced indexing)."""
    value, *indices = types
    if not 1 <= len(indices) <= value.ndim:
        raise TypeInferenceError(f"{what}: {len(indices)} index tensors for {value}")
    for index in indices:
        if index.kind not in "iu":
            raise TypeInferenceError(f"{what}: indices must be integers, got {index}")
    return broadcast_shapes([index.shape for index in indices]) + value.shape[len(indices) :]


def gather(types: Types, attrs: Attrs) -> list[TensorType]:
    """`x[i, j, ...]`, see `gather_shape`."""
    return [TensorType(types[0].dtype, gather_shape(types, "gather"))]


def scatter_add(types: Types, attrs: Attrs) -> list[TensorType]:
    """`x` with `y` added at `[i, j, ...]`; repeated positions add up."""
    value, update, *indices = types
    broadcast_shapes([gather_shape([value, *indices], "scatter_add"), update.shape])
    return [value]


def grad(types: Types, attrs: Attrs) -> list[TensorType]:
    """Gradients of a scalar cost with respect to the other operands, each of its operand's type."""
    cost, *wrt = types
    if cost.ndim or cost.kind != "f":
        raise TypeInferenceError(f"cost must be a scalar. grad differentiates a floating scalar, got {cost}")
    for type in wrt:
        if type.kind not in "f":
            raise TypeInferenceError(f"grad is with respect to floating tensors, got {type}")
    return list(wrt)


def jacobian(types: Types, attrs: Attrs) -> list[TensorType]:
    """Derivatives of the elements of a floating vector: its dimension in front of those of each other operand."""
    vector, *wrt = types
    if vector.ndim != 1 or vector.kind != "f":
        raise TypeInferenceError(f"jacobian differentiates the elements of a floating vector, got {vector}")
    for type in wrt:
        if type.kind not in "f":
            raise TypeInferenceError(f"jacobian is with respect to floating tensors, got {type}")
    return [TensorType(type.dtype, (vector.shape[0], *type.shape)) for type in wrt]
