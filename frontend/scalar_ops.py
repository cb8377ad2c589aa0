"""Operations of single numbers, as objects of Theano's classes: `isinstance(node.op.scalar_op, theano.scalar.Exp)`.

`SCALAR` names the class of each elementwise operation of our table. A program's own is a class with a method `impl`:

    class I0(UnaryScalarOp):
        def impl(self, x):
            return scipy.special.i0(x)

        def grad(self, inputs, gradients):
            return [gradients[0] * i1(inputs[0])]

    i0 = T.Elemwise(I0(upgrade_to_float, name="i0"))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from phintys.ir.ops import OPS
from phintys.ir.types import upcast, upcast_to_float

from .names import SCALARS
from .types import TensorType

__all__ = ["BinaryScalarOp", "ScalarOp", "UnaryScalarOp", "float_out", "same_out", "upgrade_to_float", "upgrade_to_float64"]

Types = Sequence[TensorType]
Preference = Callable[..., list[TensorType]]

# Class names that are not the operation's name with capitals.
SPELLED = {
    **{"sign": "Sgn", "div": "TrueDiv", "floordiv": "IntDiv", "select": "Switch", "round": "RoundHalfToEven"},
    **{"and": "AND", "or": "OR", "xor": "XOR", "eq": "EQ", "ne": "NEQ", "lt": "LT", "le": "LE", "gt": "GT", "ge": "GE"},
    **{"arcsin": "ArcSin", "arccos": "ArcCos", "arctan": "ArcTan", "arctan2": "ArcTan2", "arcsinh": "ArcSinh"},
    **{"arccosh": "ArcCosh", "arctanh": "ArcTanh", "gammaln": "GammaLn", "sigmoid": "ScalarSigmoid"},
    **{"xlogx": "XlogX", "gammainc": "GammaInc", "gammaincc": "GammaIncC"},
    **{"softplus": "ScalarSoftplus", "round_half_away": "RoundHalfAwayFromZero"},
}
# Operations that Theano had and we write in terms of others: the function of `phintys.tensor` that does.
WRITTEN = {
    **{"Sqr": "sqr", "Inv": "inv", "Clip": "clip", "IsNan": "isnan", "IsInf": "isinf", "Deg2Rad": "deg2rad"},
    **{"Rad2Deg": "rad2deg", "Second": "second", "Identity": "tensor_copy"},
    **{"Chi2SF": "chi2sf", "GammaL": "gammal", "GammaU": "gammau"},
}
REDUCED = {"sum": "add", "prod": "mul", "max": "maximum", "min": "minimum", "all": "and", "any": "or"}


def _names() -> dict[str, str]:
    """Our operation by Theano's class name."""
    listed = [op for op, row in OPS.items() if row.family == "elementwise"]
    return {SPELLED.get(op) or "".join(part.capitalize() for part in op.split("_")): op for op in listed}


SCALAR: dict[str, str] = _names()
CLASS_OF = {op: name for name, op in SCALAR.items()}


def same_out(*types: TensorType) -> list[TensorType]:
    """The promoted dtype of the operands."""
    return [TensorType(upcast(*(type.dtype for type in types)), ())]


def upgrade_to_float(*types: TensorType) -> list[TensorType]:
    """The same; of integers, a float dtype."""
    return [TensorType(upcast_to_float(*(type.dtype for type in types)), ())]


def upgrade_to_float64(*types: TensorType) -> list[TensorType]:
    """float64."""
    return [TensorType("float64", ())]


def float_out(*types: TensorType) -> list[TensorType]:
    """floatX."""
    from .config import config

    return [TensorType(config.floatX, ())]


class ScalarOp:
    """An operation of single numbers; called with tensors, it is applied to each element."""

    operation: str = ""  # its name in our table
    written: str = ""  # or the function that writes it
    nin: int = -1
    nout: int = 1

    def __init__(self, output_types_preference: Preference | None = None, name: str | None = None) -> None:
        if output_types_preference is not None:
            self.output_types_preference = output_types_preference
        self.name = name

    output_types_preference: Preference = staticmethod(same_out)

    def impl(self, *numbers: Any) -> Any:
        """The result for numbers."""
        raise NotImplementedError(f"{type(self).__name__} needs a method impl")

    def grad(self, inputs: Sequence[Any], output_gradients: Sequence[Any]) -> Sequence[Any]:
        """Gradients of the operands, as expressions of single numbers."""
        raise NotImplementedError(f"{type(self).__name__} has no derivative: give it a method grad")

    def __call__(self, *operands: Any) -> Any:
        """The operation of each element."""
        from . import tensor
        from .tensor.build import apply

        if self.operation:
            options = {"dtype": self.o_type.dtype} if self.operation == "cast" else {}
            return apply(self.operation, *operands, **options)
        if self.written:
            return getattr(tensor, self.written)(*operands)
        from .scalar_elemwise import ScalarElemwise

        return ScalarElemwise(self)(*operands)

    def __getattr__(self, key: str) -> Any:
        raise AttributeError(f"the scalar operation {self} has no attribute {key!r}")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(type(self))

    def __str__(self) -> str:
        return str(vars(self).get("name") or type(self).__name__)

    __repr__ = __str__


class UnaryScalarOp(ScalarOp):
    """Of one number."""

    nin = 1


class BinaryScalarOp(ScalarOp):
    """Of two numbers."""

    nin = 2


@cache
def named(name: str) -> type[ScalarOp]:
    """The class of that name. KeyError when there is none."""
    if name in WRITTEN:
        nin = {"Clip": 3, "Second": 2, "Chi2SF": 2, "GammaL": 2, "GammaU": 2}.get(name, 1)
        parts = {"written": WRITTEN[name], "nin": nin, "__doc__": f"`T.{WRITTEN[name]}` of single numbers."}
    else:
        row = OPS[SCALAR[name]]
        nin, parts = row.operands, {"operation": row.name, "nin": row.operands, "__doc__": row.doc}
    base = {1: UnaryScalarOp, 2: BinaryScalarOp}.get(nin, ScalarOp)
    return type(name, (base,), {**parts, "__module__": __name__, "__reduce__": _reduced})


def _reduced(self: ScalarOp) -> tuple[Any, ...]:
    return _restored, (type(self).__name__, vars(self))


def _restored(name: str, state: dict[str, Any]) -> ScalarOp:
    made = object.__new__(named(name))
    vars(made).update(state)
    return made


def of_operation(op: str, attrs: dict[str, Any]) -> ScalarOp:
    """The scalar operation of an elementwise one of our table."""
    shown = {"fill": ("Second", "second"), "sqr": ("Sqr", "sqr")}  # nodes that only prints have
    cls, name = shown.get(op) or (CLASS_OF[op], SCALARS.get(op, op))
    made = named(cls)(name=name)
    if op == "cast":
        vars(made)["o_type"] = TensorType(attrs["dtype"], ())
        made.name = f"Cast{{{attrs['dtype']}}}"
    return made


INSTANCES = {SCALARS.get(op, op): op for op in CLASS_OF}  # `theano.scalar.exp`


def __getattr__(name: str) -> Any:
    """Classes by name."""
    if name in SCALAR or name in WRITTEN:
        return named(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
