"""Activations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from phintys.ir.types import upcast_to_float

from ..build import as_tensor_variable, cast, constant
from ..elementwise import abs_, clip, expm1, sgn, sigmoid, softplus, switch
from ..var import TensorVariable

__all__ = ["elu", "hard_sigmoid", "relu", "selu", "sigmoid", "softplus", "softsign", "ultra_fast_sigmoid"]


def _float(x: Any) -> TensorVariable:
    value = as_tensor_variable(x)
    return cast(value, upcast_to_float(value.dtype))


def relu(x: Any, alpha: Any = 0) -> TensorVariable:
    """`x` where it is positive, `alpha * x` elsewhere.

    At zero its derivative is the mean of both sides (Theano's choice).
    """
    value = as_tensor_variable(x)
    if isinstance(alpha, int | float) and alpha == 0:
        return 0.5 * (value + abs_(value))
    slope = as_tensor_variable(alpha)
    return 0.5 * (1 + slope) * value + 0.5 * (1 - slope) * abs_(value)


def elu(x: Any, alpha: Any = 1) -> TensorVariable:
    """`x` where it is positive, `alpha * (exp(x) - 1)` elsewhere (Clevert, Unterthiner, Hochreiter 2015)."""
    value = as_tensor_variable(x)
    return switch(value > 0, value, alpha * expm1(value))


def selu(x: Any) -> TensorVariable:
    """`elu` scaled so that it keeps mean 0 and variance 1 (Klambauer, Unterthiner, Mayr, Hochreiter 2017)."""
    return 1.0507009873554805 * elu(x, 1.6732632423543772)


def softsign(x: Any) -> TensorVariable:
    """`x / (1 + abs(x))`."""
    value = as_tensor_variable(x)
    return value / (1 + abs_(value))


def hard_sigmoid(x: Any) -> TensorVariable:
    """`sigmoid` by three straight lines: `clip(0.2 * x + 0.5, 0, 1)`."""
    value = _float(x)
    return clip(value * constant(0.2, dtype=value.dtype) + constant(0.5, dtype=value.dtype), 0, 1)


def ultra_fast_sigmoid(x: Any) -> TensorVariable:
    """`sigmoid` by a quotient near zero and straight lines beyond, off by 0.02 at most; the derivative is not its own.

    tanh(h) is taken as 1.5 h / (1 + h) below 1.7, as a line up to 3, and as constant from there.
    """
    value = _float(x)
    half = abs_(value) * constant(0.5, dtype=value.dtype)
    line = constant(0.935409070603099 - 1.7 * 0.0458812946797165, dtype=value.dtype)
    slope, top = (constant(number, dtype=value.dtype) for number in (0.0458812946797165, 0.99505475368673))
    tanh = switch(half < 1.7, 1.5 * half / (1 + half), switch(half < 3, line + slope * half, top))
    return 0.5 * (sgn(value) * tanh + 1)


if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...

else:

    def __getattr__(name: str) -> Any:
        """`ScalarSigmoid`, `scalar_sigmoid`: the operation of single numbers, and its class; softplus likewise."""
        from ... import scalar

        if name in ("ScalarSigmoid", "ScalarSoftplus"):
            return getattr(scalar, name)
        if name in ("scalar_sigmoid", "scalar_softplus"):
            return getattr(scalar, name.removeprefix("scalar_"))
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
