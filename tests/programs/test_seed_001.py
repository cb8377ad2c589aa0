"""The French article: shared variables, givens, a search for a minimum, gradients and their text, Rosenbrock's valley."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

# What the article prints, and Theano 1.0.5 in mode FAST_COMPILE.
GRADIENT = (
    "((TensorConstant{1.0} * (((x ** TensorConstant{2}) * TensorConstant{2}) + TensorConstant{6})) + "
    "((((TensorConstant{1.0} * (x - TensorConstant{4})) * TensorConstant{2}) * TensorConstant{2}) * (x ** TensorConstant{1})))"
)


def test_program(run_seed: Any, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    pytest.importorskip("matplotlib")
    run = run_seed("seed_001.py")
    assert run.values("f_1(2,3)") == [8.0]
    assert "[0. 0. 0. 0. 0. 0. 0. 0. 0. 0.]\na\nb\n8.0\n9.0\n10.0\n11.0\n12.0\n" in run.output
    values = [run.values(f"s_{kind}.get_value()")[0].tolist() for kind in ("default", "false", "true")]
    borrowed = [1, 1] if request.config.getoption("--device") == "cuda" else [2, 2]  # a GPU has no array of the program's
    assert values == [[1, 1], [1, 1], borrowed]
    assert run.values("f_2a(2, 3)") == [-4.0]
    assert run.final["refusal"] == (
        "Cannot use a shared variable (w2) as explicit input. "
        "Consider substituting a non-shared variable via the `givens` parameter"
    )
    assert abs(run.final["x_min"] - 0.99) < 1e-6
    assert run.values("theano.pp(f.maker.fgraph.outputs[0])") == [GRADIENT]
    assert [run.values(f"f({place})") for place in range(3)] == [[6.0], [-4.0], [-2.0]]
    assert "(x,y)_init = (    2.000,     2.000)\n(x,y)_final= (    1.008,     1.016)\n" in run.output
    np.testing.assert_allclose(run.final["x_fin"], [1.00806392, 1.01622497], atol=1e-7)
    assert (tmp_path / "rosenbrock.png").stat().st_size > 20000
