"""What the rows of `operation_rows.py` are made of: the row itself, attributes of operations, what objects do when called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from phintys.ir.graph import Node

Made = Callable[..., Callable[..., Any]]


@dataclass(frozen=True)
class Row:
    """A class. `when` chooses among the rows of an operation, the first that fits; `call(...)` takes the constructor's
    arguments and gives the function of the operands; `options` maps those of a host function to the constructor's."""

    name: str
    doc: str
    ops: tuple[str, ...] = ()
    base: str = "Operation"
    when: Callable[[Node], bool] | None = None
    facts: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    call: Made | None = None
    options: Callable[[dict[str, Any]], dict[str, Any]] | None = None


def function_of(name: str) -> Any:
    """A function of `phintys.tensor`, or of a module below it: "nnet.softmax"."""
    module, _, attribute = f"phintys.tensor.{name}".rpartition(".")
    return getattr(import_module(module), attribute)


def plain(name: str) -> Made:
    """Objects without parameters: `Softmax()(x)`."""

    def call() -> Callable[..., Any]:
        return lambda *operands: function_of(name)(*operands)

    return call


def reduction(name: str) -> Made:
    """`Sum(axis)(x)`."""

    def call(axis: Any = None, dtype: Any = None, acc_dtype: Any = None) -> Callable[..., Any]:
        chosen = {key: value for key, value in (("dtype", dtype), ("acc_dtype", acc_dtype)) if value is not None}
        return lambda x: function_of(name)(x, axis=axis, **chosen)

    return call


def along(name: str) -> Made:
    """`CumsumOp(axis)(x)`."""

    def call(axis: int | None = None) -> Callable[..., Any]:
        return lambda x: function_of(name)(x, axis)

    return call


def cumulative(axis: int | None = None, mode: str = "add") -> Callable[..., Any]:
    """`CumOp(axis, mode)(x)`."""
    return along({"add": "cumsum", "mul": "cumprod"}[mode])(axis)


def sorting(name: str) -> Made:
    """`SortOp(kind)(x, axis)`."""

    def call(kind: str = "quicksort", order: Any = None) -> Callable[..., Any]:
        return lambda x, axis=-1: function_of(name)(x, axis, kind, order)

    return call


def dimshuffle(input_broadcastable: Any, new_order: Any, inplace: bool = True) -> Callable[..., Any]:
    """`DimShuffle(broadcastable, order)(x)`."""
    return lambda x: function_of("shaping.dimshuffle")(x, list(new_order))


def reshape(ndim: int, name: str | None = None) -> Callable[..., Any]:
    """`Reshape(ndim)(x, shape)`."""
    return lambda x, shape: function_of("reshape")(x, shape, ndim)


def arange(dtype: str) -> Callable[..., Any]:
    """`ARange(dtype)(start, stop, step)`."""
    return lambda start, stop, step=1: function_of("arange")(start, stop, step, dtype)


def clipping(clip_lower_bound: Any, clip_upper_bound: Any) -> Callable[..., Any]:
    """`GradClip(low, high)(x)`."""
    return lambda x: import_module("phintys.gradient").grad_clip(x, clip_lower_bound, clip_upper_bound)


def scaling(multiplier: Any) -> Callable[..., Any]:
    """`GradScale(number)(x)`."""
    return lambda x: import_module("phintys.gradient").grad_scale(x, multiplier)


def one_vector(node: Node) -> bool:
    """Whether the first dimension is indexed, by one vector."""
    index = node.inputs[1:] if node.op == "gather" else node.inputs[2:]
    return len(index) == 1 and index[0].type.ndim == 1


def axes_of(op: Any) -> tuple[int, ...]:
    """Reduced dimensions."""
    return tuple(op.attrs["axes"])


def order_of(op: Any) -> tuple[int | str, ...]:
    """The number of an old dimension, or "x" for a new one, at each place."""
    return tuple("x" if axis == -1 else axis for axis in op.attrs["order"])


def scalar_of(op: Any) -> Any:
    """What a reduction does with two numbers."""
    from .scalar_ops import REDUCED, of_operation

    return of_operation(REDUCED[op.name], {})


def index_list(op: Any) -> list[Any]:
    """Numbers and slices; `None` stands for what is an operand."""
    from phintys.ir.subscript import parse_index

    def known(value: Any) -> Any:
        return None if value == "?" else value

    entries = parse_index(op.attrs["index"])
    return [
        slice(known(entry.start), known(entry.stop), known(entry.step)) if entry.is_slice else known(entry.start)
        for entry in entries
    ]


def is_set(op: Any) -> bool:
    """Whether a part is replaced, not added to."""
    return op.name in ("set_subtensor", "scatter_set")


AXIS = {"axis": axes_of, "scalar_op": scalar_of}
MODE = {"mode": lambda op: {"cumsum": "add", "cumprod": "mul"}.get(op.name) or op.attrs.get("mode", "add")}
INDEX = {"idx_list": index_list, "set_instead_of_inc": is_set, "inplace": lambda op: False}
SET = {"set_instead_of_inc": is_set, "inplace": lambda op: False}

DRAWN = ("random_uniform", "random_normal")
HOST_DRAWN = tuple(
    f"random_{name}" for name in ("binomial", "choice", "multinomial", "permutation", "poisson", "random_integers")
)
SOLVE = "phintys.tensor.slinalg:Solve"


def triangular(options: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `Solve` for a triangular matrix."""
    lower = options.get("lower", True)
    return {"A_structure": "lower_triangular" if lower else "upper_triangular", "lower": lower}


def linalg(name: str, ops: tuple[str, ...], options: Callable[[dict[str, Any]], dict[str, Any]] | None = None) -> Row:
    """A class that `nlinalg` or `slinalg` writes out; its constructor's arguments are those of the node."""
    place = "slinalg" if name in ("Cholesky", "Solve", "Eigvalsh", "Expm") else "nlinalg"
    return Row(name, "", ops, f"phintys.tensor.{place}:{name}", options=options or (lambda found: {}))
