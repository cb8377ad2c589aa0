"""Rows added to tables at places that come often: the bits of the loop, for few places and for many."""

from __future__ import annotations

import numpy as np
import pytest

import phintys
import phintys.tensor as T

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
