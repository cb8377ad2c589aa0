"""Transposed operands: read along their rows into tiles, whatever the sizes, with the numbers of the CPU."""

from __future__ import annotations

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys.codegen.compiler import graph_module, lower
from phintys.ir.parser import parse_graph
from phintys.passes.rule_counts import counting_rules

TARGETS = ("cuda_emulated", "cuda_emulated_backward")
PROGRAMS = {
    "x: f64[?, ?]) { return dimshuffle(x, [1, 0]) + 0.0 }": "tiles",
    "x: f64[?, ?]) { return dimshuffle(x, [1, 0]) }": "tiles",
    "x: f32[?, ?], y: f32[?, ?]) { return x * dimshuffle(y, [1, 0]) }": "tiles",
    "x: f32[?, ?, ?]) { return exp(dimshuffle(x, [2, 1, 0])) }": "tiles",
    "x: f64[?, 3]) { return dimshuffle(x, [1, 0]) + 0.0 }": "elements",
    "x: f64[?, ?], y: f64[?]) { return x * dimshuffle(y, [0, -1]) }": "elements",
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_mapping(program: str) -> None:
    with counting_rules() as counts:
        lower(graph_module(parse_graph(f"graph f({program}\n")), "gpu")
    assert [name for name in counts if name.startswith("kernel: ")] == [f"kernel: {PROGRAMS[program]}"]


@pytest.mark.parametrize("target", TARGETS)
def test_numbers(target: str) -> None:
    x, y, z, b = T.dmatrix("x"), T.fmatrix("y"), T.dtensor3("z"), T.bmatrix("b")
    results = [x.T + 1.0, x.T * y, T.gt(x.T, 0.0), T.switch(T.gt(x.T, 0.0), y, -y), b.T + b.T, x[::-1, 1:].T * 2.0]
    results += [z.dimshuffle(2, 1, 0) * 2.0, z.dimshuffle(0, 2, 1) + x[None, :, :].dimshuffle(0, 2, 1), x.T * x.T[0]]
    wanted, found = (phintys.function([x, y, z, b], results, target=name) for name in ("cpu", target))
    draw = np.random.default_rng(0)
    for n, m in ((1, 1), (2, 70), (31, 33), (64, 32), (100, 7), (0, 3)):
        given = (
            draw.normal(size=(n, m)),
            draw.normal(size=(m, n)).astype("float32"),
            draw.normal(size=(3, n, m)),
            draw.integers(-9, 9, (n, m)).astype("int8"),
        )
        for number, (a, c) in enumerate(zip(wanted(*given), found(*given), strict=True)):
            np.testing.assert_array_equal(c, a, err_msg=f"result {number} of {n} x {m}")
