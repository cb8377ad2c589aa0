"""Rows on a device: short ones a warp each, others a block each, few long ones in parts; the numbers are the CPU's."""

from __future__ import annotations

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys.codegen.compiler import graph_module, lower
from phintys.dialects import gpu
from phintys.ir.parser import parse_graph

TARGETS = ("cuda_emulated", "cuda_emulated_backward")
# Many rows for one access of a warp's threads, or for a few; few rows of these sizes; rows that go in parts; the same, not at
# multiples of 16 bytes.
SIZES = ((1100, 37), (1030, 250), (5, 33), (7, 600), (3, 40000), (2, 33001), (1, 1))


def kernels(program: str) -> list[tuple[bool, bool]]:
    """Of each kernel: whether its threads shuffle, and whether they wait for their block."""
    module = lower(graph_module(parse_graph(f"graph f({program}\n")), "gpu")
    found = [op for op in module.walk() if isinstance(op, gpu.FuncOp)]
    return [
        tuple(any(isinstance(op, kind) for op in kernel.walk()) for kind in (gpu.ShuffleOp, gpu.BarrierOp)) for kernel in found
    ]  # type: ignore[misc]


WARP, BLOCK = (True, False), (True, True)


@pytest.mark.parametrize(
    ("program", "wanted"),
    [
        ("x: f64[?, 60]) { return sum(x, axis=1) }", [WARP]),
        ("x: f64[?, 100000]) { return sum(x, axis=1) }", [BLOCK, BLOCK, BLOCK]),  # parts, rows of parts; whole rows
        ("x: f64[3, 100000]) { return sum(x, axis=1) }", [BLOCK, BLOCK]),
        ("x: f64[?, 100000]) { return softmax(x) }", [BLOCK] * 4),  # parts: the largest, the sum, the numbers; whole rows
        ("x: f64[?, 60]) { return softmax(x) }", [WARP]),
        ("x: f64[5000, 500]) { return softmax(x) }", [WARP]),
        ("x: f64[50, 500]) { return softmax(x) }", [BLOCK]),
    ],
)
def test_who_takes_a_row(program: str, wanted: list[tuple[bool, bool]]) -> None:
    assert kernels(program) == wanted


@pytest.mark.parametrize("target", TARGETS)
def test_numbers(target: str) -> None:
    x, y = T.dmatrix("x"), T.fmatrix("y")
    centred = x - x.mean(axis=1, keepdims=True)
    results = [T.nnet.softmax(x), T.nnet.logsoftmax(y), x.sum(axis=1), T.argmax(y, axis=1), T.max(x, axis=1), x.std(axis=1)]
    results += [
        centred / T.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5),
        T.nnet.softmax(x)[:, ::-1],
        x[:, 1:].prod(axis=1),
    ]
    wanted, found = (phintys.function([x, y], results, target=name) for name in ("cpu", target))
    draw = np.random.default_rng(1)
    for n, m in SIZES:
        given = draw.normal(size=(n, m)), draw.normal(size=(n, m)).astype("float32")
        for number, (a, b) in enumerate(zip(wanted(*given), found(*given), strict=True)):
            rtol = 2e-4 if a.dtype == np.float32 else 1e-10
            np.testing.assert_allclose(b, a, rtol=rtol, atol=1e-9, err_msg=f"result {number} of {n} x {m}")


@pytest.mark.parametrize("target", TARGETS)
def test_a_state_that_is_changed_in_place(target: str) -> None:
    """Warps without a row must not write the last one again."""
    start = np.random.default_rng(2).normal(size=(1031, 20))
    state = phintys.shared(start, borrow=False)
    step = phintys.function([], state.sum(), updates=[(state, T.nnet.softmax(state) + state)], target=target)
    other = phintys.shared(start, borrow=False)
    reference = phintys.function([], other.sum(), updates=[(other, T.nnet.softmax(other) + other)], target="cpu")
    for _ in range(3):
        np.testing.assert_allclose(step(), reference(), rtol=1e-10)
    np.testing.assert_allclose(state.get_value(), other.get_value(), rtol=1e-10)
