"""Every elementwise operation in every dtype it takes, on special values, as vectors, as scalars and broadcast."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from harness import DTYPES, FLOATS, INTS, check, op, reference, same, special, values, variable
from harness import ULPS as EPS

from phintys.ir.ops import OPS
from phintys.ir.types import TensorType, TypeInferenceError
from phintys.passes.numpy_decimal import DECIMAL

# Casts have an attribute; the others are not relatively precise near their roots: see test_special.py, test_special_orders.py.
OTHERWISE = {"cast", "psi", "tetra_gamma", *DECIMAL}
UNARY = [row.name for row in OPS.values() if row.family == "elementwise" and row.operands == 1 and row.name not in OTHERWISE]
BINARY = [row.name for row in OPS.values() if row.family == "elementwise" and row.operands == 2 and row.name not in OTHERWISE]
ULPS = {"tan": 4, "pow": 4, "sinh": 4, "cosh": 4, "log1p": 4, "expm1": 4, "tanh": 4}


def takes(name: str, *dtypes: str) -> bool:
    try:
        OPS[name].infer([TensorType(dtype) for dtype in dtypes], {})
    except TypeInferenceError:
        return False
    return True


@pytest.mark.parametrize("dtype", DTYPES)
def test_unary(dtype: str) -> None:
    names = [name for name in UNARY if takes(name, dtype)]
    x = variable(dtype, [None], "x")
    check([x], [op(name, x) for name in names], [special(dtype)], ulps=4, labels=names)


def pairs(dtype: str) -> tuple[Any, Any]:
    both = list(itertools.product(special(dtype)[:24], repeat=2))
    return np.array([a for a, _ in both], dtype), np.array([b for _, b in both], dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_binary(dtype: str) -> None:
    names = [name for name in BINARY if takes(name, dtype, dtype) and (name != "pow" or dtype in FLOATS)]
    x, y = (variable(dtype, [None], name) for name in "xy")
    check([x, y], [op(name, x, y) for name in names], pairs(dtype), ulps=4, labels=names)


@pytest.mark.parametrize("dtype", DTYPES)
def test_scalars(dtype: str) -> None:
    names = [name for name in UNARY if takes(name, dtype)]
    twos = [name for name in BINARY if takes(name, dtype, dtype) and (name != "pow" or dtype in FLOATS)]
    x, y = (variable(dtype, [], name) for name in "xy")
    outputs = [op(name, x) for name in names] + [op(name, x, y) for name in twos]
    f = check([x, y], outputs, [np.array(1, dtype), np.array(1, dtype)], ulps=4, labels=names + twos)
    graph = f.maker.plan.graph
    for a, b in zip(special(dtype)[:11], special(dtype)[3:14], strict=True):
        expected = reference(graph, [np.array(a), np.array(b)])
        for label, found, wanted in zip(names + twos, f(np.array(a), np.array(b)), expected, strict=True):
            same(found, wanted, 4 * EPS.get(str(wanted.dtype), 0), label=f"{label} of {a}, {b}")


@pytest.mark.parametrize("dtype", DTYPES)
def test_casts(dtype: str) -> None:
    x, s = variable(dtype, [None], "x"), variable(dtype, [], "s")
    outputs = [op("cast", value, dtype=to) for to in DTYPES for value in (x, s)]
    check([x, s], outputs, [special(dtype), special(dtype)[1]], labels=[f"{to} {k}" for to in DTYPES for k in "xs"])


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint16", "int64", "float32", "float64"])
def test_mixed_dtypes(dtype: str) -> None:
    x = variable(dtype, [None], "x")
    others = [variable(other, [None], other) for other in DTYPES]
    cases = [
        (f"{name} {other.dtype}", op(name, x, other))
        for name in ("add", "mul", "div", "maximum", "lt", "eq", "floordiv")
        for other in others
        if takes(name, dtype, other.dtype)
    ]
    arrays = [special(other) for other in DTYPES]
    check(
        [x, *others],
        [out for _, out in cases],
        [special(dtype)[::-1].copy(), *arrays],
        ulps=4,
        labels=[label for label, _ in cases],
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_select(dtype: str) -> None:
    conditions = [variable(other, [None], "c" + other) for other in ("bool", "int32", "float64")]
    x, y, s = variable(dtype, [None], "x"), variable(dtype, [None], "y"), variable(dtype, [], "s")
    outputs = [op("select", c, a, b) for c in conditions for a, b in ((x, y), (s, y), (x, s), (s, s))]
    given = [values("bool", [37]), values("int32", [37], 1), special("float64")]
    check([*conditions, x, y, s], outputs, [*given, special(dtype), special(dtype)[::-1].copy(), special(dtype)[2]])


SHAPES: list[tuple[tuple[int | None, ...], ...]] = [
    ((None, None), (None,)), ((None, 1), (None,)), ((None, 1), (1, None)), ((1, None), (None, None)), ((), (None, None)),
    ((None, 1, None), (None, 1)), ((None, None, None, None), (None, 1, 1, None)), ((1, 1), (None, None)), ((1,), ()),
    ((1, None, 1, None), (None, None, 1)), ((3, None), (3, 1)), ((None, 5), (3, None)),
]  # fmt: skip


def runtime(shape: tuple[int | None, ...], sizes: list[int]) -> list[int]:
    return [size if size is not None else sizes[k - len(shape)] for k, size in enumerate(shape)]


@pytest.mark.parametrize("shapes", SHAPES)
@pytest.mark.parametrize("sizes", [[2, 7, 3, 5], [1, 1, 3, 5], [4, 0, 3, 5], [3, 13, 3, 5]])
def test_broadcasting(shapes: Any, sizes: list[int]) -> None:
    x, y = (variable("float64", shape, name) for shape, name in zip(shapes, "xy", strict=True))
    outputs = [x * y + 1.0, op("select", x < y, x, y), (x - y).sum(), op("sum", x + y, axes=[0]) if max(x.ndim, y.ndim) else x]
    check([x, y], outputs, [values("float64", runtime(s, sizes), k) for k, s in enumerate(shapes)], ulps=64)


@pytest.mark.parametrize("dtype", FLOATS)
def test_constants_fold_to_the_same(dtype: str) -> None:
    """Values that the compiler computes are those that compiled code computes."""
    x = variable(dtype, [None], "x")
    cases = [
        (f"{name} {value}", op(name, np.array(value))) for name in UNARY if takes(name, dtype) for value in special(dtype)[:20]
    ]
    check([x], [x, *(out for _, out in cases)], [special(dtype)], ulps=4, labels=["x", *(label for label, _ in cases)])


@pytest.mark.parametrize("dtype", INTS)
def test_integer_powers(dtype: str) -> None:
    """They wrap around; a negative exponent gives the integer part of the inverse."""
    x, n = variable(dtype, [None], "x"), variable(dtype, [None], "n")
    bases, exponents = pairs(dtype)
    fine = exponents >= 0
    check([x, n], [op("pow", x, n), op("pow", x, n[:1].sum().astype(dtype))], [bases[fine], exponents[fine]])
    if dtype.startswith("i"):
        f = check([x, n], [op("pow", x, n)], [bases[fine], exponents[fine]])
        (found,) = f(np.array([0, 1, -1, -1, 2, -5], dtype), np.array([-1, -7, -2, -3, -1, -1], dtype))
        assert list(found) == [0, 1, 1, -1, 0, 0]
