"""The functions that take the C library's place on devices, run on the CPU against it and against mpmath."""

from __future__ import annotations

import re
from functools import cache
from math import inf, nan
from typing import Any

import mpmath
import numpy as np
import pytest
from ulp import FORMATS, MEASURED, failed, loop_module, mp_error, points
from xdsl.dialects import math
from xdsl.ir import Operation

from phintys.codegen.assemble import assemble
from phintys.codegen.engine import compile_object
from phintys.codegen.executable import Executable
from phintys.dialects import xmath
from phintys.dialects.text import verify_module
from phintys.passes.convert_loops_to_llvm import ConvertLoopsToLlvm
from phintys.passes.expand_math import FunctionTable, expand


@cache
def on_device(op: type[Operation], name: str, arity: int = 1) -> Any:
    """The operation as a native function of arrays that calls nothing outside."""
    context, module = loop_module(op, name, arity)
    expand(module, FunctionTable(module.body.block, device=True))
    verify_module(module)
    ConvertLoopsToLlvm().apply(context, module)
    text, interface = assemble(module)
    outside = re.compile(r"declare .*@(fmod|cbrt|sin|cos|tan|tgamma|lgamma)[fl]?\(")
    assert not outside.search(text)
    return Executable(compile_object(text), interface).bind_strict([], failed, unpack=True)


FAR = [2.0**30, 1e22, 5.319372648326541e255, 6381956970095103 * 2.0**797, 1.7976931348623157e308, 2.0**1023]


@pytest.mark.parametrize("name", ["sin", "cos", "tan"])
@pytest.mark.parametrize("format_name", FORMATS)
def test_far_angles(name: str, format_name: str) -> None:
    """Beyond 2^30 of either sign, and the numbers that come nearest to multiples of pi / 2."""
    shape = FORMATS[format_name]
    x = points(shape, 400)
    x = np.concatenate([x[np.isfinite(x) & (np.abs(x) > 2.0**30)], np.array(FAR)[: 6 if format_name == "f64" else 2]])
    x = np.concatenate([x, -x]).astype(points(shape, 1).dtype)
    found = on_device(MEASURED[name].op, format_name)(x)
    bound = MEASURED[name].bounds[format_name == "f32"]
    with mpmath.workprec(2400):
        worst = max(
            mp_error(float(y), MEASURED[name].exact(mpmath.mpf(float(a))), shape) for a, y in zip(x, found, strict=True)
        )
    assert worst <= bound
    assert np.isnan(on_device(MEASURED[name].op, format_name)(np.array([inf, -inf, nan], x.dtype))).all()


@pytest.mark.parametrize("format_name", FORMATS)
def test_remainder(format_name: str) -> None:
    """fmod is exact: whatever the magnitudes, with subnormals, zeros, infinities and NaN."""
    shape = FORMATS[format_name]
    x, y = (
        np.concatenate([points(shape, 300, seed), points(shape, 1).dtype.type([0.0, -0.0, inf, -inf, nan])]) for seed in (1, 2)
    )
    np.random.default_rng(3).shuffle(y)
    with np.errstate(all="ignore"):
        x, y = np.concatenate([x, x, y]), np.concatenate([y, x[::-1] * x.dtype.type(0.37), y])
        expected = np.fmod(x, y)
    found = on_device(xmath.FmodOp, format_name, 2)(x, y)
    np.testing.assert_array_equal(found, expected)
    number = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(found[number]), np.signbit(expected[number]))


@pytest.mark.parametrize("format_name", FORMATS)
def test_cube_root(format_name: str) -> None:
    """Nearly correctly rounded."""
    shape = FORMATS[format_name]
    x = points(shape, 300)
    found = on_device(math.CbrtOp, format_name)(x)
    with mpmath.workprec(200):
        errors = [
            mp_error(float(y), mpmath.sign(a) * mpmath.cbrt(abs(mpmath.mpf(float(a)))), shape)
            for a, y in zip(x, found, strict=True)
            if np.isfinite(a) and a
        ]
    assert np.max(errors) <= 0.51
    special = np.array([0.0, -0.0, inf, -inf, nan], x.dtype)
    np.testing.assert_array_equal(on_device(math.CbrtOp, format_name)(special), special)
    assert np.signbit(on_device(math.CbrtOp, format_name)(special))[1]


def test_gamma_of_negative_numbers() -> None:
    """Down to where it is zero."""
    x = np.concatenate(
        [np.random.default_rng(5).uniform(-200.0, -170.0, 400), [-170.5, -171.25, -1e10 - 0.5, -1e300, -inf, -180.0]]
    )
    found = on_device(MEASURED["gamma"].op, "f64")(x)
    with mpmath.workprec(400):
        for a, y in zip(x[:-3].tolist(), found[:-3].tolist(), strict=True):
            exact = mpmath.gamma(mpmath.mpf(a)) if a > -1000 else mpmath.mpf(0)
            assert mp_error(y, exact, FORMATS["f64"]) <= 2 if exact else y == 0, a
            assert np.signbit(y) == (exact < 0 if exact else np.floor(-a) % 2 == 0), a
    assert np.isnan(found[-3:]).all()


ROOTS = [-2.457024738220801, -2.7476826467274127, -3.1435808883499799, -3.9552942848585979, -4.0393618397405268]


def test_logarithm_of_gamma_of_negative_numbers() -> None:
    """A relative error between -8 and 0, also near the roots; infinite at the poles."""
    rng = np.random.default_rng(6)
    x = np.concatenate([rng.uniform(-30.0, 0.0, 300), rng.uniform(-1e9, 0.0, 100), -(10.0 ** rng.uniform(-307, 0, 100))])
    found = on_device(MEASURED["gammaln"].op, "f64")(x)
    with mpmath.workprec(400):
        exact = np.array(
            [
                float(mpmath.log(abs(mpmath.gamma(mpmath.mpf(a))))) if a > -1e5 else float(mpmath.re(mpmath.loggamma(a)))
                for a in x.tolist()
            ]
        )
    np.testing.assert_allclose(found, exact, rtol=4e-16, atol=8e-15)
    near = np.concatenate(
        [rng.uniform(-8.0, -2.0, 1000), [root + step for root in ROOTS for step in (-1e-3, -1e-6, 1e-6, 1e-3)]]
    )
    with mpmath.workprec(400):
        exact = np.array([float(mpmath.log(abs(mpmath.gamma(mpmath.mpf(a))))) for a in near.tolist()])
    np.testing.assert_allclose(on_device(MEASURED["gammaln"].op, "f64")(near), exact, rtol=4e-16, atol=1e-17)
    poles = np.array([-1.0, -2.0, -1e20, -inf, 0.0])
    np.testing.assert_array_equal(on_device(MEASURED["gammaln"].op, "f64")(poles), np.full(5, inf))
