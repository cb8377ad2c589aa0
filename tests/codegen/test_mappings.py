"""How the threads of a GPU share what each operation does, and that they do it right: kernels executed by loops."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from xdsl.context import Context

import phintys
import phintys.tensor as T
from phintys.codegen import device as devices
from phintys.codegen.compiler import graph_module, lower
from phintys.codegen.emulated_kernels import EmulatedDevice
from phintys.codegen.launch_plan import plan_of
from phintys.codegen.ptx import ptx
from phintys.dialects.text import verify_module
from phintys.ir.examples import example
from phintys.ir.ops import OPS
from phintys.ir.parser import parse_graph
from phintys.passes.legality import check_level
from phintys.passes.pipeline import stages
from phintys.passes.rule_counts import counting_rules

sys.path.insert(0, str(Path(__file__).parent))

import ptxas

# What keeps its order: streams whose next number follows from the last, and products of complex numbers along a vector.
IN_ORDER = {"random_uniform", "random_normal", "random_mrg", "cumprod_pairs"}
SIZES = ((5, 7), (1, 1), (67, 513), (300, 33), (2, 6001))  # the last has rows that are too long for shared memory
TARGETS = ("cuda_emulated", "cuda_emulated_backward")


@pytest.mark.parametrize("name", OPS)
def test_every_operation_has_kernels(name: str) -> None:
    module = graph_module(parse_graph(example(name)))
    with counting_rules() as counts:
        for stage in stages("nd", "gpu"):
            stage.make().apply(Context(), module)
    verify_module(module)
    check_level(module, "gpu")
    assert bool(counts["kernel: one thread"]) == (name in IN_ORDER)
    assert plan_of(module).source.startswith("def main(")  # the host has code, too


@pytest.mark.parametrize("target", TARGETS)
def test_rows_columns_and_totals(target: str) -> None:
    x, y = T.dmatrix("x"), T.lvector("y")
    p = T.nnet.softmax(x)
    cost = -T.mean(T.log(p)[T.arange(y.shape[0]), y])
    results = [cost, T.grad(cost, x), T.argmax(p, axis=1), x.argmin(), x.max(axis=0), x.std(axis=0), x.prod(axis=1), x.sum()]
    results += [x.T * 2.0, T.cumsum(x, axis=0), T.cumsum(x, axis=1), T.concatenate([x, x], axis=1)]
    check([x, y], results, target, lambda n, m, draw: (draw.normal(size=(n, m)), draw.integers(0, m, n)))


@pytest.mark.parametrize(("target", "dtype"), zip(TARGETS, ("float64", "float32"), strict=True))
def test_few_long_rows_in_stages(target: str, dtype: str) -> None:
    x = T.matrix("x", dtype=dtype)
    p, middle = T.nnet.softmax(x), x.mean(axis=1, keepdims=True)
    normal = (x - middle) / T.sqrt(((x - middle) ** 2).mean(axis=1, keepdims=True) + 1.0)
    results = [p, T.log(p), normal, x.std(axis=1), T.argmax(p, axis=1), (x / abs(x).sum(axis=1, keepdims=True)).max(axis=1)]
    wanted, found = (phintys.function([x], results, target=name) for name in ("cpu", target))
    for shape in ((1, 40000), (3, 33001), (0, 40000), (2, 32767)):  # the last is short enough for a block a row
        given = np.random.default_rng(3).normal(2.0, 1.0, shape).astype(dtype)
        for a, b in zip(wanted(given), found(given), strict=True):
            np.testing.assert_allclose(b, a, rtol=0, atol=(1e-13 if dtype == "float64" else 1e-5) * np.abs(a).max(initial=0))


@pytest.mark.parametrize("architecture", ["sm_75", "sm_120"])
def test_kernels_of_stages_take_no_stack(architecture: str, tmp_path: Path) -> None:
    if ptxas.ptxas_path() is None:
        pytest.skip("no ptxas: pip install nvidia-cuda-nvcc")
    module = graph_module(parse_graph("graph f(x: f32[?, ?]) {\n  return softmax(x)\n}\n"))
    usage = ptxas.assemble(ptx(lower(module, "nvvm"), architecture), architecture, tmp_path)
    assert usage and not any(one.stack or one.spilled for one in usage.values()), usage


@pytest.mark.parametrize(("shape", "launches"), [((2, 40000), [(10, 256)] * 3), ((2, 1000), [(2, 256)])])
def test_a_softmax_of_few_long_rows_keeps_a_device_busy(shape: tuple[int, int], launches: list[tuple[int, int]]) -> None:
    device = EmulatedDevice()
    before = devices.use(device)
    try:
        x = T.fmatrix("x")
        f = phintys.function([x], T.nnet.softmax(x), target="cuda")
        f(np.zeros(shape, "float32"))
    finally:
        devices.use(before)
    assert [event[2:4] for event in device.events if event[0] == "launch"] == launches


@pytest.mark.parametrize("target", TARGETS)
def test_rows_at_places_that_come_twice(target: str) -> None:
    w, u, v = T.dmatrix("w"), T.dmatrix("u"), T.dvector("v")
    i, j = T.lvector("i"), T.lvector("j")
    results = [T.inc_subtensor(w[i], u), T.set_subtensor(w[i], u), T.inc_subtensor(w[i, j], v), T.set_subtensor(w[i, j], v)]

    def draw(n: int, m: int, draw: np.random.Generator) -> tuple[object, ...]:
        places = draw.integers(-n, n, n), draw.integers(-m, m, n)
        return draw.normal(size=(n, m)), draw.normal(size=(n, m)), draw.normal(size=n), *places

    check([w, u, v, i, j], results, target, draw)


def check(inputs: list[object], results: list[object], target: str, draw: object) -> None:
    """Compare with what the CPU's own code gives."""
    wanted, found = (phintys.function(inputs, results, target=name) for name in ("cpu", target))
    generator = np.random.default_rng(0)
    for rows, columns in SIZES:
        arguments = draw(rows, columns, generator)  # type: ignore[operator]
        for a, b in zip(wanted(*arguments), found(*arguments), strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-11, atol=1e-13)


def test_the_first_index_that_is_wrong_is_named() -> None:
    x, i = T.dvector("x"), T.lvector("i")
    state = phintys.shared(np.zeros(3))
    f = phintys.function([x, i], x[i], updates=[(state, state + 1.0)], target="cuda_emulated")
    with pytest.raises(IndexError, match="index 7 is out of bounds for dimension 0 of size 4"):
        f(np.zeros(4), np.array([1, 7, -9, 2]))
    assert not state.get_value().any()
    f(np.zeros(4), np.array([1, -4]))
    assert state.get_value().all()


def test_places_that_only_the_device_knows() -> None:
    x, i = T.dvector("x"), T.lvector("i")
    k, s = T.argmax(x), phintys.shared(np.int64(2))
    results = [x[k] * x, x[i[s]], T.switch(T.gt(x[k], 0.5), x[s], x[k]) * x, x[:k], T.arange(k)]
    wanted, found = (phintys.function([x, i], results, target=name) for name in ("cpu", "cuda_emulated"))
    arguments = np.array([0.3, 0.1, 0.9, 0.2]), np.array([3, 2, 1, 0])
    for a, b in zip(wanted(*arguments), found(*arguments), strict=True):
        np.testing.assert_array_equal(b, a)


@pytest.mark.parametrize("target", TARGETS)
def test_sums_of_what_comes_of_positions_only(target: str) -> None:
    x = T.dvector("x")
    places = T.arange(x.shape[0])
    results = [x * T.sqrt(places).sum(), T.exp(-places).max(), T.alloc(x.shape[0], places[:4].sum())]
    wanted, found = (phintys.function([x], results, target=name) for name in ("cpu", target))
    for size in (0, 1, 3, 5000):
        given = np.linspace(1.0, 2.0, size)
        if not size:
            with pytest.raises(ValueError, match="maximum of no elements"):
                found(given)  # there is no greatest of none
            continue
        for a, b in zip(wanted(given), found(given), strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-13)


def test_loops_without_memory_are_kernels_for_all_threads() -> None:
    module = graph_module(parse_graph("graph f(n: i64) { return sum(sqrt(arange(0, n, 1, dtype='float64'))) }"))
    with counting_rules() as counts:
        for stage in stages("nd", "gpu"):
            stage.make().apply(Context(), module)
    assert counts["kernel: totals"] and not counts["kernel: one thread"]
    assert not any(op.name == "scf.for" for op in next(iter(module.body.block.ops)).walk())
