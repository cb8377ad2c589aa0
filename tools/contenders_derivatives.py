"""Contenders for second derivatives: the Hessian of Rosenbrock's function of many variables."""

from __future__ import annotations

from typing import Any

import numpy as np

from .contenders import Array, Call, jax_x64

POINT = np.random.RandomState(0).randn(50)


def rosenbrock(x: Any) -> Any:
    """The function, of arrays and of symbols alike."""
    return (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum()


def hessian_phintys() -> Call:
    """As a user writes it."""
    import phintys
    import phintys.tensor as T

    x = T.dvector("x")
    return phintys.function([x], T.hessian(rosenbrock(x), x)), (POINT,)


def hessian_numpy() -> Call:
    """By hand: three diagonals."""

    def hessian(x: Array) -> Array:
        result, i = np.zeros((len(x), len(x))), np.arange(len(x) - 1)
        result[i, i] = 1200.0 * x[:-1] ** 2 - 400.0 * x[1:] + 2.0
        result[i + 1, i + 1] += 200.0
        result[i, i + 1] = result[i + 1, i] = -400.0 * x[:-1]
        return result

    return hessian, (POINT,)


def hessian_jax() -> Call:
    """`jax.hessian`, compiled."""
    jax = jax_x64()
    function = jax.jit(jax.hessian(rosenbrock))
    return lambda x: function(x).block_until_ready(), (POINT,)
