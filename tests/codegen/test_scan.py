"""Running totals on a device: pieces of lines, whatever their number, with the numbers of the CPU."""

from __future__ import annotations

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys.codegen.compiler import graph_module, lower
from phintys.dialects import gpu
from phintys.ir.parser import parse_graph

TARGETS = ("cuda_emulated", "cuda_emulated_backward")


def mappings(program: str) -> list[str]:
    module = lower(graph_module(parse_graph(f"graph f({program}\n")), "gpu")
    return [op.attributes["phi.mapping"].data for op in module.walk() if isinstance(op, gpu.FuncOp)]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("program", "wanted"),
    [
        ("x: f64[2000]) { return cumsum(x, axis=0) }", ["scan"]),
        ("x: f64[3000]) { return cumsum(x, axis=0) }", ["scan"] * 3),
        ("x: f64[?]) { return cumprod(x, axis=0) }", ["scan"] * 4),
        ("x: f64[?, 20]) { return cumsum(x, axis=1) }", ["elements"]),
        ("x: f64[20000, ?]) { return cumsum(x, axis=1) }", ["elements"]),
        ("x: f64[10, 300]) { return cumsum(x, axis=1) }", ["scan"]),
    ],
)
def test_mapping(program: str, wanted: list[str]) -> None:
    assert mappings(program) == wanted


@pytest.mark.parametrize("target", TARGETS)
def test_numbers(target: str) -> None:
    x, i = T.dmatrix("x"), T.imatrix("i")
    flat, found = x.flatten(), T.gt(x, 0.4)
    results = [T.cumsum(flat), T.cumprod(1.0 + flat / 300.0), T.cumsum(x, axis=0), T.cumsum(x, axis=1), T.cumsum(i, axis=1)]
    results += [T.cumprod(i.flatten()), *found.nonzero(), x[found.nonzero()], T.cumsum(x[::-1, ::2], axis=0), T.cumsum(found)]
    wanted, other = (phintys.function([x, i], results, target=name) for name in ("cpu", target))
    draw = np.random.default_rng(3)
    for n, m in ((1, 1), (0, 3), (3, 0), (5, 7), (257, 3), (2, 2300), (1, 6001), (90, 91)):
        given = draw.normal(size=(n, m)), draw.integers(-3, 4, (n, m)).astype("int32")
        for number, (a, b) in enumerate(zip(wanted(*given), other(*given), strict=True)):
            np.testing.assert_allclose(b, a, rtol=1e-10, atol=1e-10, err_msg=f"result {number} of {n} x {m}")


@pytest.mark.parametrize("target", TARGETS)
def test_infinite_and_no_numbers(target: str) -> None:
    x = T.dvector("x")
    f = phintys.function([x], T.cumsum(x), target=target)
    given = np.ones(5000)
    given[700], given[4000] = np.inf, np.nan
    np.testing.assert_array_equal(f(given), np.cumsum(given))
