"""Accesses of 16 bytes: where data lies as it should they are taken, elsewhere one element at a time, with the same numbers."""

from __future__ import annotations

import re

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys.codegen.compiler import graph_module, lower
from phintys.codegen.ptx import ptx
from phintys.ir.parser import parse_graph

TARGETS = ("cuda_emulated", "cuda_emulated_backward")
# program, and its loads and stores of global memory by 16 bytes
PROGRAMS = {
    "x: f64[?], y: f64[?]) { return x * y + 2.0 / x }": {"ld.global.nc.v2.b64": 2, "st.global.v2.b64": 1},
    "x: f32[?, ?], y: f32[?, 1], z: f32[?]) { return (x - y) * z }": {"ld.global.nc.v4.b32": 2, "st.global.v4.b32": 1},
    "x: f32[?], y: f64[?]) { return cast(x, 'f64') * y }": {
        "ld.global.nc.v4.b32": 1,
        "ld.global.nc.v2.b64": 2,
        "st.global.v2.b64": 2,
    },
    "x: i8[?]) { return x + x }": {"ld.global.nc.v4.b32": 1, "st.global.v4.b32": 1},
    "x: f64[?]) { return sum(x) }": {"ld.global.nc.v2.b64": 1},
    "x: f32[?, ?]) { return sum(x, axis=1) }": {"ld.global.nc.v4.b32": 3},
    "x: f32[?, ?]) { return sum(x, axis=0) }": {"ld.global.nc.v4.b32": 1},
    "x: f32[?, 1000]) { return softmax(x) }": {
        "ld.global.nc.v4.b32": 4,
        "st.global.v4.b32": 2,
        "st.shared.v4.b32": 2,
        "ld.shared.v4.b32": 2,
    },
    "x: f64[?, 3], y: f64[3]) { return x * y }": {},  # three to a row: no chunk of a row is at a multiple of 16 bytes
    "x: f64[?], i: i64[?]) { return x[i] }": {},  # a check for each
    "x: f32[?, ?], i: i64[?]) { return x[i] }": {"ld.global.nc.v4.b32": 1, "st.global.v4.b32": 1},  # a check for each row
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_wide_accesses(program: str) -> None:
    text = ptx(lower(graph_module(parse_graph(f"graph f({program}\n")), "nvvm"), "sm_90")
    found = re.findall(r"(?:ld|st)\.(?:global(?:\.nc)?|shared)\.v[24]\.\w+", text)
    assert {name: found.count(name) for name in found} == PROGRAMS[program]


def arrays(n: int, m: int, shift: int) -> list[np.ndarray]:
    """A matrix and vectors that begin `shift` elements behind a multiple of 16 bytes."""
    draw = np.random.default_rng(n + m)

    def shifted(shape: tuple[int, ...], dtype: str) -> np.ndarray:
        size = int(np.prod(shape))
        room = np.zeros(size + 64, dtype)
        start = (-room.ctypes.data % 16) // room.itemsize + shift
        view = room[start : start + size].reshape(shape)
        view[...] = draw.normal(size=shape) * 50
        return view

    return [
        shifted((n, m), "float64"),
        shifted((n, m), "float32"),
        shifted((m,), "float32"),
        shifted((n,), "float64"),
        shifted((n, m), "int8"),
    ]


def results() -> tuple[list[object], list[object]]:
    x, y, v, u, b = T.dmatrix("x"), T.fmatrix("y"), T.fvector("v"), T.dvector("u"), T.bmatrix("b")
    elements = [x * 2.0 + y, T.exp(y / 64.0) * v, (x - u[:, None]) * v, b + b, T.gt(x, y), T.switch(T.gt(b, 0), b, -b)]
    totals = [x.sum(), y.max(), b.sum(), T.argmax(v), T.argmin(x), T.argmax(b, axis=1), T.argmax(y, axis=0)]
    rows = [
        T.nnet.softmax(y),
        x.std(axis=1),
        y.sum(axis=1),
        x.sum(axis=0),
        y.max(axis=0),
        x[:, 1:].sum(axis=0),
        y[1:].sum(axis=1),
    ]
    at = T.argmax(y, axis=0) % x.shape[0]
    return [x, y, v, u, b], [*elements, *totals, *rows, y[at], x[at] * 2.0]


@pytest.mark.parametrize("target", TARGETS)
def test_all_alignments(target: str) -> None:
    inputs, outputs = results()
    wanted, found = (phintys.function(inputs, outputs, target=name) for name in ("cpu", target))
    for n, m in ((1, 1), (3, 4), (2, 129), (7, 1024), (64, 66), (700, 12)):
        for shift in (0, 1, 2):
            given = arrays(n, m, shift)
            for number, (a, b) in enumerate(zip(wanted(*given), found(*given), strict=True)):
                rtol = 1e-4 if a.dtype == np.float32 else 1e-11
                np.testing.assert_allclose(
                    b, a, rtol=rtol, atol=rtol, err_msg=f"result {number} of {n} x {m}, shifted by {shift}"
                )


@pytest.mark.parametrize("target", TARGETS)
def test_a_row_that_is_none(target: str) -> None:
    x, i = T.dmatrix("x"), T.lvector("i")
    f = phintys.function([x, i], [x[i], T.exp(x)[i].sum(axis=1)], target=target)
    given = np.random.default_rng(8).normal(size=(9, 64))
    for result, wanted in zip(
        f(given, np.array([3, -9, 3])), (given[[3, 0, 3]], np.exp(given[[3, 0, 3]]).sum(axis=1)), strict=True
    ):
        np.testing.assert_allclose(result, wanted, rtol=1e-12)
    with pytest.raises(IndexError, match="index 9 is out of bounds for dimension 0 of size 9"):
        f(given, np.array([8, 9, -1]))
