"""Theano's `sandbox.linalg`, from before its functions moved to `tensor.nlinalg` and `tensor.slinalg`."""

from __future__ import annotations

from typing import Any

from ..tensor.build import as_tensor_variable
from ..tensor.elementwise import pow as pow_
from ..tensor.nlinalg import *  # noqa: F403
from ..tensor.nlinalg import __all__ as _nlinalg
from ..tensor.nlinalg import matrix_power, trace
from ..tensor.slinalg import *  # noqa: F403
from ..tensor.slinalg import __all__ as _slinalg
from ..tensor.var import TensorVariable

__all__ = [*_nlinalg, *_slinalg, "psd", "spectral_radius_bound"]


def psd(v: Any) -> TensorVariable:
    """The matrix itself: Theano took the call as a promise that it is symmetric and positive semi-definite."""
    return as_tensor_variable(v)


def spectral_radius_bound(X: Any, log2_exponent: int) -> TensorVariable:
    """An upper bound of the largest eigenvalue of a symmetric matrix: `trace(X^p)^(1/p)` for p = 2^log2_exponent.

    The larger the exponent, the tighter. TypeError when X is no matrix, ValueError for an exponent that is no integer
    above 0. Source: V. Pan, Estimating the Extremal Eigenvalues of a Symmetric Matrix, Computers Math. Applic. 20 (1990).
    """
    x = as_tensor_variable(X)
    if x.ndim != 2:
        raise TypeError(f"spectral_radius_bound requires a matrix argument, got {x} of {x.type}")
    if not isinstance(log2_exponent, int) or log2_exponent <= 0:
        raise ValueError(f"spectral_radius_bound requires a strictly positive integer log2_exponent, got {log2_exponent!r}")
    return pow_(trace(matrix_power(x, 2**log2_exponent)), 2.0**-log2_exponent)
