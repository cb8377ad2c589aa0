"""What users write where floats overflow, underflow or cancel: values and gradients against 700 digits.

One row for each spelling: the program, the function that it means, for which arguments. The error is in ulp of the result, or
of the row's `size` where that is larger: then the precision is absolute, as of what is a difference by its nature.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import mpmath as mp
import numpy as np
import pytest

import phintys
import phintys.tensor as T

exp, log, sqrt, tanh, sigmoid, softplus = T.exp, T.log, T.sqrt, T.tanh, T.nnet.sigmoid, T.nnet.softplus
DIGITS = 700
POINTS = {
    "float64": [0.0, 1e-300, 1e-160, 1e-20, 1e-4, 0.3, 1.0, 3.0, 40.0, 300.0, 800.0, 1e9, 1e300],
    "float32": [0.0, 1e-37, 1e-10, 1e-3, 0.3, 3.0, 40.0, 200.0, 1e9, 1e37],
}


class Row(NamedTuple):
    """A spelling; `gradient` is False where that is not defined, or not stable."""

    program: Callable[[Any], Any]
    means: Callable[[Any], Any]
    where: Callable[[float], bool] = lambda x: True
    size: float = 0.0
    gradient: bool = True


def p(x: Any) -> Any:
    return 1 / (1 + exp(-x))


def expit(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def log_expit(x: Any) -> Any:
    return -mp.log1p(mp.exp(-x))


def positive(x: float) -> bool:
    return x > 0


def negative(x: float) -> bool:
    return x < 0


def nonzero(x: float) -> bool:
    return x != 0


def moderate(x: float) -> bool:
    return abs(x) < 50


GROUPS: dict[str, dict[str, Row]] = {
    "logistic": {
        "1/(1+exp(-x))": Row(p, expit),
        "(1+exp(-x))**-1": Row(lambda x: (1 + exp(-x)) ** -1, expit),
        "exp(x)/(1+exp(x))": Row(lambda x: exp(x) / (1 + exp(x)), expit),
        "exp(-x)/(1+exp(-x))": Row(lambda x: exp(-x) / (1 + exp(-x)), lambda x: expit(-x)),
        "0.5*(1+tanh(x/2))": Row(lambda x: 0.5 * (1 + tanh(x / 2)), expit),
        "(tanh(x/2)+1)/2": Row(lambda x: (tanh(x / 2) + 1) / 2, expit),
        "0.5+0.5*tanh(0.5*x)": Row(lambda x: 0.5 + 0.5 * tanh(0.5 * x), expit),
        "0.5-0.5*tanh(x)": Row(lambda x: 0.5 - 0.5 * tanh(x), lambda x: expit(-2 * x)),
        "1-sigmoid": Row(lambda x: 1 - sigmoid(x), lambda x: expit(-x)),
        "1-p": Row(lambda x: 1 - p(x), lambda x: expit(-x)),
        "x*p": Row(lambda x: x / (1 + exp(-x)), lambda x: x * expit(x), size=1),
        "s*(1-s)": Row(lambda x: sigmoid(x) * (1 - sigmoid(x)), lambda x: expit(x) * expit(-x), size=1e-1),
        "p/(1-p)": Row(lambda x: p(x) / (1 - p(x)), mp.exp),
    },
    "log of the logistic": {
        "log(p)": Row(lambda x: log(p(x)), log_expit),
        "log(sigmoid)": Row(lambda x: log(sigmoid(x)), log_expit),
        "log(1-sigmoid)": Row(lambda x: log(1 - sigmoid(x)), lambda x: log_expit(-x)),
        "log(1-p)": Row(lambda x: log(1 - p(x)), lambda x: log_expit(-x)),
        "log1p(-p)": Row(lambda x: T.log1p(-p(x)), lambda x: log_expit(-x)),
        "log(1-exp(x)/(1+exp(x)))": Row(lambda x: log(1 - exp(x) / (1 + exp(x))), lambda x: log_expit(-x)),
        "log(0.5*(1+tanh(x/2)))": Row(lambda x: log(0.5 * (1 + tanh(x / 2))), log_expit),
        "log(1-0.5*(1+tanh(x/2)))": Row(lambda x: log(1 - 0.5 * (1 + tanh(x / 2))), lambda x: log_expit(-x)),
        "-log(1+exp(-x))": Row(lambda x: -log(1 + exp(-x)), log_expit),
        "log(1+exp(x))": Row(lambda x: log(1 + exp(x)), lambda x: -log_expit(-x)),
        "log1p(exp(x))": Row(lambda x: T.log1p(exp(x)), lambda x: -log_expit(-x)),
        "log(p/(1-p))": Row(lambda x: log(p(x) / (1 - p(x))), lambda x: x),
        "log(p)-log(1-p)": Row(lambda x: log(p(x)) - log(1 - p(x)), lambda x: x),
        "softplus(x)-x": Row(lambda x: softplus(x) - x, lambda x: -log_expit(x)),
        "cross-entropy": Row(lambda x: -0.25 * log(p(x)) - 0.75 * log(1 - p(x)),
                             lambda x: -(log_expit(x) + 3 * log_expit(-x)) / 4, size=1),
    },
    "log of exponentials": {
        "log(exp(x))": Row(lambda x: log(exp(x)), lambda x: x),
        "log(3*exp(x))": Row(lambda x: log(3 * exp(x)), lambda x: x + mp.log(3)),
        "log(exp(x)/3)": Row(lambda x: log(exp(x) / 3), lambda x: x - mp.log(3)),
        "log(2+exp(x))": Row(lambda x: log(2 + exp(x)), lambda x: mp.log(2 + mp.exp(x))),
        "log(exp(x)*sigmoid)": Row(lambda x: log(exp(x) * sigmoid(x)), lambda x: x + log_expit(x)),
        "log(exp(x)+exp(-x))": Row(lambda x: log(exp(x) + exp(-x)), lambda x: mp.log(2 * mp.cosh(x)), size=1),
        "log(cosh(x))": Row(lambda x: log(T.cosh(x)), lambda x: mp.log(mp.cosh(x)), size=1e-300),
        "log(exp(x)-1)": Row(lambda x: log(exp(x) - 1), lambda x: mp.log(mp.expm1(x)), positive),
        "log(1-exp(x))": Row(lambda x: log(1 - exp(x)), lambda x: mp.log(-mp.expm1(x)), negative),
        "log1p(-exp(x))": Row(lambda x: T.log1p(-exp(x)), lambda x: mp.log(-mp.expm1(x)), negative),
        "log(exp(x)-exp(-x))": Row(lambda x: log(exp(x) - exp(x - 1)), lambda x: x + mp.log(1 - mp.exp(-1)), moderate, size=1),
        "log(1-tanh(x)**2)": Row(lambda x: log(1 - tanh(x) ** 2), lambda x: -2 * mp.log(mp.cosh(x)), size=1e-300),
        "sqrt(exp(x))": Row(lambda x: log(sqrt(exp(x))), lambda x: x / 2),
        "exp(x)**3": Row(lambda x: log(exp(x) ** 3), lambda x: 3 * x),
    },
    "hyperbolic": {
        "exps": Row(lambda x: (exp(x) - exp(-x)) / (exp(x) + exp(-x)), mp.tanh, size=1e-300, gradient=False),
        "(exp(2x)-1)/(exp(2x)+1)": Row(lambda x: (exp(2 * x) - 1) / (exp(2 * x) + 1), mp.tanh, gradient=False),
        "(1-exp(-2x))/(1+exp(-2x))": Row(lambda x: (1 - exp(-2 * x)) / (1 + exp(-2 * x)), mp.tanh, gradient=False),
        "2*sigmoid(2x)-1": Row(lambda x: 2 * sigmoid(2 * x) - 1, mp.tanh, gradient=False),
        "1-2/(exp(2x)+1)": Row(lambda x: 1 - 2 / (exp(2 * x) + 1), mp.tanh, gradient=False),
        "sinh/cosh": Row(lambda x: T.sinh(x) / T.cosh(x), mp.tanh, gradient=False),
        "tanh's gradient": Row(lambda x: T.sinh(x) / T.cosh(x), mp.tanh, size=1),
        "(exp(x)-exp(-x))/2": Row(lambda x: (exp(x) - exp(-x)) / 2, mp.sinh, lambda x: abs(x) < 709),
        "(exp(x)+exp(-x))/2": Row(lambda x: (exp(x) + exp(-x)) / 2, mp.cosh, lambda x: abs(x) < 709),
        "log(x+sqrt(1+x**2))": Row(lambda x: log(x + sqrt(1 + x**2)), mp.asinh, gradient=False),
        "log((1+x)/(1-x))/2": Row(lambda x: log((1 + x) / (1 - x)) / 2, mp.atanh, lambda x: abs(x) < 1),
    },
    "near 1": {
        "log(1+x)": Row(lambda x: log(1 + x), mp.log1p, lambda x: x > -1),
        "log(1-x)": Row(lambda x: log(1 - x), lambda x: mp.log1p(-x), lambda x: x < 1),
        "exp(x)-1": Row(lambda x: exp(x) - 1, mp.expm1),
        "1-exp(-x)": Row(lambda x: 1 - exp(-x), lambda x: -mp.expm1(-x)),
        "1-cos(x)": Row(lambda x: 1 - T.cos(x), lambda x: 1 - mp.cos(x), moderate, size=1e-300),
        "cos(x)-1": Row(lambda x: T.cos(x) - 1, lambda x: mp.cos(x) - 1, moderate, size=1e-300),
        "1-erf(x)": Row(lambda x: 1 - T.erf(x), mp.erfc, moderate),
        "1+erf(x)": Row(lambda x: 1 + T.erf(x), lambda x: mp.erfc(-x), moderate),
        "erf(x)-1": Row(lambda x: T.erf(x) - 1, lambda x: -mp.erfc(x), moderate),
        "1-erfc(x)": Row(lambda x: 1 - T.erfc(x), mp.erf, moderate),
        "log(erfc(x))": Row(lambda x: log(T.erfc(x)), lambda x: mp.log(mp.erfc(x)), lambda x: x < 1e4),
        "log(1-erf(x))": Row(lambda x: log(1 - T.erf(x)), lambda x: mp.log(mp.erfc(x)), lambda x: x < 1e4),
        "log(erfc(x)/2)": Row(lambda x: log(0.5 * T.erfc(x)), lambda x: mp.log(mp.erfc(x) / 2), lambda x: -30 < x < 1e4),
        "log(gamma(x))": Row(lambda x: log(T.gamma(x)), mp.loggamma, lambda x: 1e-5 < x < 900 and x != 1, size=1),
    },
    "powers": {
        "sqrt(x**2)": Row(lambda x: sqrt(x**2), abs, nonzero),
        "sqrt(x*x)": Row(lambda x: sqrt(x * x), abs, nonzero),
        "(x**2)**0.5": Row(lambda x: (x**2) ** 0.5, abs, nonzero),
        "x/sqrt(x**2)": Row(lambda x: x / sqrt(x**2), mp.sign, nonzero, gradient=False),
        "log(x**2)": Row(lambda x: log(x**2), lambda x: 2 * mp.log(abs(x)), nonzero),
        "log(sqr(x))": Row(lambda x: log(T.sqr(x)), lambda x: 2 * mp.log(abs(x)), nonzero),
        "log(x*x)": Row(lambda x: log(x * x), lambda x: 2 * mp.log(abs(x)), nonzero),
        "log(x**3)": Row(lambda x: log(x**3), lambda x: 3 * mp.log(x), positive),
        "log(sqrt(x))": Row(lambda x: log(sqrt(x)), lambda x: mp.log(x) / 2, positive),
        "log(abs(x))": Row(lambda x: log(abs(x)), lambda x: mp.log(abs(x)), nonzero),
        "x*log(x)": Row(lambda x: x * log(x), lambda x: x * mp.log(x) if x else mp.mpf(0), lambda x: x >= 0, gradient=False),
        "x**0.5": Row(lambda x: x**0.5, mp.sqrt, positive),
    },
}  # fmt: skip


def exact(row: Row, x: float, derivative: bool) -> Any:
    """The function or its central difference with a step far below what floats can see."""
    at = mp.mpf(x)
    if not derivative:
        return row.means(at)
    step = mp.mpf(10) ** -340 if x == 0 else abs(at) / max(1, min(abs(at), mp.mpf(10) ** 6)) * mp.mpf(10) ** -30
    return (row.means(at + step) - row.means(at - step)) / (2 * step)


def agrees(found: float, expected: Any, dtype: str, ulps: float, size: float) -> bool:
    """Whether the error is within `ulps`; what is out of range is infinite, what is below it may be 0."""
    limits = np.finfo(dtype)
    if abs(expected) > float(limits.max):
        return bool(np.isinf(found)) and (found > 0) == (expected > 0)
    allowed = ulps * float(limits.eps) * max(abs(expected), size) + 4 * float(limits.tiny)
    return bool(np.isfinite(found)) and abs(mp.mpf(found) - expected) <= allowed


@cache
def points(dtype: str) -> Any:
    return np.array(sorted({sign * x for x in POINTS[dtype] for sign in (-1, 1)}), dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("group", GROUPS)
def test_spellings(group: str, dtype: str) -> None:
    rows = GROUPS[group]
    x = T.TensorType(dtype, (False,))("x")
    outputs = [row.program(x) for row in rows.values()]
    slopes = [T.grad(output.sum(), x) for output in outputs]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = phintys.function([x], [*outputs, *slopes])(points(dtype))
    wrong = []
    with mp.workdps(DIGITS):
        for number, array in enumerate(found):
            derivative, place = divmod(number, len(rows))
            name, row = list(rows.items())[place]
            for at, value in zip(points(dtype).tolist(), array.tolist(), strict=True):
                if (derivative and not row.gradient) or not row.where(at):
                    continue
                expected = exact(row, at, bool(derivative))
                if not agrees(value, expected, dtype, 24, row.size):
                    wrong.append(f"{'slope of ' * derivative}{name} at {at}: {value}, expected {mp.nstr(expected, 17)}")
    assert not wrong, "\n".join(wrong)
