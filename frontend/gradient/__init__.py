"""Derivatives: `grad` (`reverse.py`), Jacobians and products with them (`jacobians.py`), values with a derivative of
their own (`marks.py`), and checks by finite differences (`verify.py`). The compiler's pass `autodiff` does the mathematics.
"""

from __future__ import annotations

from ..aliases import names
from ..errors import DisconnectedInputError, NullTypeGradError, with_keywords
from .jacobians import Lop, Rop, hessian, jacobian
from .marks import consider_constant, disconnected_grad, grad_clip, grad_scale, zero_grad
from .null import DisconnectedType, NullType, grad_not_implemented, grad_undefined
from .reverse import grad
from .verify import GradientError, numeric_grad, verify_grad

__all__ = [
    "DisconnectedInputError",
    "DisconnectedType",
    "GradientError",
    "Lop",
    "NullType",
    "NullTypeGradError",
    "Rop",
    "consider_constant",
    "disconnected_grad",
    "grad",
    "grad_clip",
    "grad_not_implemented",
    "grad_scale",
    "grad_undefined",
    "hessian",
    "jacobian",
    "numeric_grad",
    "verify_grad",
    "zero_grad",
]

__getattr__ = names(__name__)

with_keywords(globals(), __all__)
