"""Result types: one short function per family of operations, shared by expressions, graph text and the `nd` verifier.

Every function takes the operand types and the attributes and returns the result types, or raises `TypeInferenceError` with a
sentence that says what was found and what was expected. Shapes broadcast as NumPy's do, aligned on the right, but only a
dimension *known* to be 1 broadcasts (Theano's rule): two sizes of which one is unknown are checked when the function runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Any

from .types import DTYPES, TensorType, TypeInferenceError, accumulator_dtype, upcast, upcast_to_float

Attrs = dict[str, Any]
Types = Sequence[TensorType]
Infer = Callable[[Types, Attrs], list[TensorType]]
DTypeRule = Callable[[Sequence[str]], str]


# --- dtype rules of elementwise operations ------------------------------------------------------------------------------------


def same(dtypes: Sequence[str]) -> str:
    """The common dtype of all operands."""
    return upcast(*dtypes)


def floating(dtypes: Sequence[str]) -> str:
    """Floating dtype for functions such as exp: ints become floats (int8 and int16 float32, wider ones float64)."""
    return upcast(*(upcast_to_float(dtype) for dtype in dtypes))


def quotient(dtypes: Sequence[str]) -> str:
    """True division: two ints give float64 (floatX is applied where expressions are written)."""
    dtype = upcast(*dtypes)
    return dtype if DTYPES[dtype].kind in "fc" else "float64"


def boolean(dtypes: Sequence[str]) -> str:
    """Truth values, whatever the operands are."""
    return "bool"


def real(dtypes: Sequence[str]) -> str:
    """`abs`: complex operands give their real dtype."""
    dtype = upcast(*dtypes)
    return {"complex64": "float32", "complex128": "float64"}.get(dtype, dtype)


def selected(dtypes: Sequence[str]) -> str:
    """`select(condition, a, b)`: the common dtype of the two branches."""
    return upcast(*dtypes[1:])


def words(dtypes: Sequence[str]) -> str:
    """uint64 of uint64 operands; TypeInferenceError for others."""
    if {*dtypes} != {"uint64"}:
        raise TypeInferenceError(f"random bits take uint64 operands, got {' and '.join(dtypes)}: cast them")
    return "uint64"


# --- shapes -------------------------------------------------------------------------------------------------------------------


def broadcast_shapes(shapes: Sequence[tuple[int | None, ...]]) -> tuple[int | None, ...]:
    """Right-aligned broadcast of static shapes; TypeInferenceError where two known sizes differ and neither is 1."""
    return _broadcast(tuple(shapes))


@lru_cache(4096)
def _broadcast(shapes: tuple[tuple[int | None, ...], ...]) -> tuple[int | None, ...]:
    rank = max((len(shape) for shape in shapes), default=0)
    result: list[int | None] = []
    for axis in range(rank):
        sizes = [shape[axis - rank + len(shape)] for shape in shapes if axis - rank + len(shape) >= 0]
        known = {size for size in sizes if size is not None and size != 1}
        if len(known) > 1:
            found = " and ".join(str(size) for size in sorted(known))
            raise TypeInferenceError(f"dimension {axis} has sizes {found}, which do not broadcast together")
        unknown = any(size is None for size in sizes)
        result.append(known.pop() if known else None if unknown else 1)
    return tuple(result)


def fits_into(value: TensorType, region: TensorType) -> bool:
    """Whether a value may be written into a region: its known sizes agree or are 1, unknown ones are checked when it runs."""
    places = region.shape[region.ndim - value.ndim :]
    return value.ndim <= region.ndim and all(
        size in (None, 1) or place in (None, size) for size, place in zip(value.shape, places, strict=True)
    )


def elementwise(rule: DTypeRule) -> Infer:
    """Inference of an elementwise operation whose dtype follows `rule`."""

    def infer(types: Types, attrs: Attrs) -> list[TensorType]:
        shape = broadcast_shapes([type.shape for type in types])
        return [TensorType(rule([type.dtype for type in types]), shape)]

    return infer


def refuse_complex(infer: Infer) -> Infer:
    """`infer` for operations that have no meaning on complex operands."""

    def checked(types: Types, attrs: Attrs) -> list[TensorType]:
        for type in types:
            if type.kind == "c":
                raise TypeInferenceError(f"complex operands are not ordered: got {type}, expected a real dtype")
        return infer(types, attrs)

    return checked


def truth(infer: Infer) -> Infer:
    """`infer` for operations that take their first operand as truth values, which complex numbers are not."""

    def checked(types: Types, attrs: Attrs) -> list[TensorType]:
        if types[0].kind == "c":
            raise TypeInferenceError(f"complex numbers are neither true nor false: got {types[0]}; compare them, as in x != 0")
        return infer(types, attrs)

    return checked


def refuse_bool(infer: Infer) -> Infer:
    """`infer` for operations that have no meaning on truth values (NumPy's and Theano's rule)."""

    def checked(types: Types, attrs: Attrs) -> list[TensorType]:
        if all(type.kind == "b" for type in types):
            raise TypeInferenceError("not defined on bool operands: cast to an int type, or use invert, xor, and, or")
        return infer(types, attrs)

    return checked


def integral(infer: Infer) -> Infer:
    """`infer` for bitwise operations: bool and ints only, of a common dtype (int64 and uint64 have none)."""

    def checked(types: Types, attrs: Attrs) -> list[TensorType]:
        results = infer(types, attrs)
        for type in [*types, *results]:
            if type.kind not in "biu":
                given = " and ".join(map(str, types))
                raise TypeInferenceError(f"bitwise operations take bool or int operands of a common dtype, got {given}")
        return results

    return checked


def normalize_axes(axes: Sequence[int], ndim: int) -> tuple[int, ...]:
    """Sorted non-negative axes; TypeInferenceError for one out of range or given twice."""
    result = []
    for axis in axes:
        if not -ndim <= axis < ndim:
            raise TypeInferenceError(f"axis {axis} is out of range for a tensor of {ndim} dimensions")
        result.append(axis % ndim)
    if len(set(result)) != len(result):
        raise TypeInferenceError(f"axes {tuple(axes)} name a dimension twice")
    return tuple(sorted(result))


def reduction(rule: Callable[[str], str]) -> Infer:
    """Inference of a reduction over `attrs['axes']`; the reduced dimensions disappear."""

    def infer(types: Types, attrs: Attrs) -> list[TensorType]:
        (type,) = types
        attrs["axes"] = axes = normalize_axes(attrs["axes"], type.ndim)
        shape = tuple(size for axis, size in enumerate(type.shape) if axis not in axes)
        return [TensorType(rule(type.dtype), shape)]

    return infer


def keep_dtype(dtype: str) -> str:
    """A reduction whose result has the operand's dtype."""
    return dtype


def sum_dtype(dtype: str) -> str:
    """A reduction that accumulates: see `accumulator_dtype`."""
    return accumulator_dtype(dtype)


def to_bool(dtype: str) -> str:
    """A reduction to truth values."""
    return "bool"


def to_int64(dtype: str) -> str:
    """A reduction to positions."""
    return "int64"


# --- the rest, one function per operation -------------------------------------------------------------------------------------


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
