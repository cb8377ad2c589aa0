"""Inputs: `dmatrix("x")`, `vector("v", dtype="int32")`, `dscalars("a", "b")`, `tensor("float64", shape=(None, 784))`.

The names of the types are a letter of the dtype (b int8, w int16, i int32, l int64, f float32, d float64, c complex64,
z complex128) and a kind. Without a letter the dtype is `config.floatX`, or the one given. A plural makes several
variables at once, from names or from a count.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..config import config
from ..errors import keywords
from ..types import TensorType
from .var import TensorVariable

LETTERS = {
    "b": "int8",
    "w": "int16",
    "i": "int32",
    "l": "int64",
    "f": "float32",
    "d": "float64",
    "c": "complex64",
    "z": "complex128",
}
KINDS: dict[str, tuple[bool, ...]] = {
    "scalar": (),
    "vector": (False,),
    "row": (True, False),
    "col": (False, True),
    "matrix": (False,) * 2,
    **{f"tensor{rank}": (False,) * rank for rank in range(3, 8)},
}
PLURALS = {"matrix": "matrices", **{kind: kind + "s" for kind in KINDS if kind != "matrix"}}

Several = Callable[..., list[TensorVariable]]
Constructor = Callable[..., TensorVariable]


def several(make: Constructor, name: str) -> Several:
    """The plural of a constructor: `dscalars("x", "y")`, or `dscalars(2)` for unnamed ones."""

    def plural(*names: str | int | None) -> list[TensorVariable]:
        if len(names) == 1 and isinstance(names[0], int):
            return [make() for _ in range(names[0])]
        return [make(given) for given in names]

    plural.__name__ = plural.__qualname__ = name
    plural.__doc__ = f"Several variables at once: `{name}('x', 'y')`, or `{name}(2)` without names."
    return plural


def of_dtype(kind: str) -> Constructor:
    """The constructor without a letter: `matrix(name=None, dtype=None)`, floatX unless a dtype is given."""

    @keywords
    def constructor(name: str | None = None, dtype: Any = None) -> TensorVariable:
        return TensorType(dtype or config.floatX, KINDS[kind])(name)

    constructor.__name__ = constructor.__qualname__ = kind
    constructor.__doc__ = f"A new {kind} of the given dtype, `config.floatX` without one."
    return constructor


@keywords
def tensor(
    dtype: Any = "floatX",
    broadcastable: Sequence[bool] | None = None,
    name: str | None = None,
    *,
    shape: Sequence[int | None] | None = None,
) -> TensorVariable:
    """A variable of any type.

    `tensor("float64", (False, True))`, or `tensor("float64", shape=(None, 784))` with known sizes.
    """
    return TensorType(dtype, broadcastable, shape=shape)(name)


TYPES: dict[str, TensorType] = {
    letter + kind: TensorType(dtype, pattern) for letter, dtype in LETTERS.items() for kind, pattern in KINDS.items()
}
CONSTRUCTORS: dict[str, Constructor] = {kind: of_dtype(kind) for kind in KINDS}
SEVERAL: dict[str, Several] = {
    letter + PLURALS[kind]: several((TYPES | CONSTRUCTORS)[letter + kind], letter + PLURALS[kind])
    for letter in ["", *LETTERS]
    for kind in KINDS
}
