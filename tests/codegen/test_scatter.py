"""Rows added to tables at places that come often: the bits of the loop, for few places and for many."""

from __future__ import annotations

import re

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys.codegen.compiler import graph_module, lower
from phintys.codegen.ptx import ptx
from phintys.codegen.recipe import Recipe
from phintys.ir.parser import parse_graph

TARGETS = ("cuda_emulated", "cuda_emulated_backward")


@pytest.mark.parametrize("target", TARGETS)
def test_bits_are_those_of_the_loop(target: str) -> None:
    w, u, v, i, j = T.fmatrix("w"), T.fmatrix("u"), T.fvector("v"), T.lvector("i"), T.lvector("j")
    results = [T.inc_subtensor(w[i], u), T.set_subtensor(w[i], u), T.inc_subtensor(w[i, j], v), T.set_subtensor(w[i, j], v)]
    results += [T.inc_subtensor(w[i, i % 3], v), T.inc_subtensor(w.T[j], v[0]), T.inc_subtensor(w[3:][i % 2], u)]
    wanted, found = (phintys.function([w, u, v, i, j], results, target=name) for name in ("cpu", target))
    draw = np.random.default_rng(4)
    for rows, columns, places in ((7, 3, 5), (7, 3, 256), (7, 3, 257), (5000, 4, 1025), (40, 5, 3000), (100000, 3, 300)):
        given = [draw.normal(size=shape).astype("float32") for shape in ((rows, columns), (places, columns), (places,))]
        at = draw.integers(-rows, rows, places), draw.integers(-columns, columns, places)
        for number, (a, b) in enumerate(zip(wanted(*given, *at), found(*given, *at), strict=True)):
            np.testing.assert_array_equal(b, a, err_msg=f"result {number} of {places} places in {rows} x {columns}")


@pytest.mark.parametrize("target", TARGETS)
def test_a_place_that_is_none_of_many(target: str) -> None:
    w, u, i = T.dvector("w"), T.dvector("u"), T.lvector("i")
    f = phintys.function([w, u, i], T.inc_subtensor(w[i], u), target=target)
    at = np.arange(1000) % 10
    at[[300, 700]] = 10, -11
    with pytest.raises(IndexError, match="index 10 is out of bounds for dimension 0 of size 10"):
        f(np.zeros(10), np.ones(1000), at)


@pytest.mark.parametrize("target", TARGETS)
def test_gradient_of_a_table(target: str) -> None:
    """A lookup's gradient, into a state."""
    start = np.random.default_rng(5).normal(size=(50, 6))
    at = np.random.default_rng(6).integers(0, 50, 700)
    tables = {name: phintys.shared(start, borrow=False) for name in ("cpu", target)}
    for name, table in tables.items():
        i = T.lvector("i")
        cost = (table[i] ** 2).sum()
        phintys.function([i], cost, updates=[(table, table - 0.01 * T.grad(cost, table))], target=name)(at)
    np.testing.assert_allclose(tables[target].get_value(), tables["cpu"].get_value(), rtol=1e-12)


@pytest.mark.parametrize("target", TARGETS)
def test_additions_as_threads_come(target: str) -> None:
    """`cuda.atomics`: one kernel, whose sums may round otherwise; what is set, and not added, keeps its order."""
    w, u, i = T.dmatrix("w"), T.dmatrix("u"), T.lvector("i")
    k, n = T.lvector("k"), T.ivector("n")
    results = [
        T.inc_subtensor(w[i], u),
        T.set_subtensor(w[i], u),
        T.inc_subtensor(k[i], i),
        T.inc_subtensor(n[i], T.cast(i, "int32")),
    ]
    with phintys.change_flags({"cuda.atomics": True}):
        found = phintys.function([w, u, i, k, n], results, target=target)
    wanted = phintys.function([w, u, i, k, n], results, target="cpu")
    draw = np.random.default_rng(7)
    at = draw.integers(-20, 20, 900)
    given = draw.normal(size=(20, 5)), draw.normal(size=(900, 5)), at, draw.integers(0, 9, 20), np.arange(20, dtype="int32")
    for a, b in zip(wanted(*given), found(*given), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-10)
    at[500] = 20
    with pytest.raises(IndexError, match="index 20 is out of bounds"):
        found(*given)


@pytest.mark.parametrize(
    ("dtype", "wanted"), [("f32", "add.f32"), ("f64", "add.f64"), ("i32", "add.u32"), ("i64", "add.u64"), ("i8", None)]
)
def test_instruction(dtype: str, wanted: str | None) -> None:
    graph = parse_graph(f"graph f(x: {dtype}[?], y: {dtype}[?], i: i64[?]) {{ return scatter_add(x, y, i) }}\n")
    text = ptx(lower(graph_module(graph), "nvvm", recipe=Recipe(atomic=True)), "sm_90")
    found = re.findall(r"(?<!\w)(?:red|atom)\.\S+", text)
    assert len(found) == (wanted is not None)
    assert all(wanted is not None and name.endswith(wanted) for name in found)
