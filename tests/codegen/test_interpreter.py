"""The interpreter of `nd`: a row for every operation, and draws that are those of native code to the bit."""

from __future__ import annotations

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys.codegen.compiler import graph_module
from phintys.codegen.interpreter import evaluate
from phintys.codegen.interpreter_rows import ROWS
from phintys.ir.ops import OPS
from phintys.sandbox.rng_mrg import MRG_RandomStreams
from phintys.tensor.shared_randomstreams import RandomStreams


def test_every_operation_has_a_row() -> None:
    """But those that `autodiff` expands."""
    assert {name for name in OPS if name not in ROWS} == {"grad", "jacobian"}


@pytest.mark.parametrize(
    "draw",
    [
        lambda: RandomStreams(5).uniform((7, 3)),
        lambda: RandomStreams(5).normal((7,)),
        lambda: RandomStreams(5).binomial((7,), 3, 0.4),
        lambda: MRG_RandomStreams(5).uniform((7, 3)),
        lambda: MRG_RandomStreams(5).uniform((5,), nstreams=3),
        lambda: MRG_RandomStreams(5).uniform((2,), nstreams=3),
    ],
)
def test_draws(draw: object) -> None:
    f = phintys.function([], draw())  # type: ignore[operator]
    graph = f.maker.plan.graph
    for _ in range(2):  # from the first state and from the next
        (state,) = (state.container.storage[0].copy() for state in f.get_shared())
        expected, after = evaluate(graph_module(graph), state)
        np.testing.assert_allclose(f(), expected, rtol=1e-15)
        np.testing.assert_array_equal(f.get_shared()[0].container.storage[0], after)


def test_refusals() -> None:
    x = T.dvector("x")
    graph = phintys.function([x], T.grad((x**2).sum(), x)).maker.plan.graph
    with pytest.raises(TypeError, match=r"nd.grad has no row in the interpreter; the pass autodiff"):
        evaluate(graph_module(graph), np.ones(2))
    y = T.drow("y")
    with pytest.raises(TypeError, match="argument: computed"):
        evaluate(graph_module(phintys.function([y], y * 2).maker.plan.graph), np.ones((2, 2)))
