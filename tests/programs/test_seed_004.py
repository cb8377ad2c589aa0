"""The English article: a function of one variable, its derivative, a network that learns the exclusive or."""

from __future__ import annotations

from typing import Any

import numpy as np


def test_program(run_seed: Any) -> None:
    run = run_seed("seed_004.py")
    assert run.values("type(fx)") == ["<class 'phintys.tensor.var.TensorVariable'>"]
    (first,) = run.values("f(10)")[0]
    assert abs(first - 0.602681965908778) < 1e-14
    assert abs(run.values("fprime(15)")[0] - 4.347404090286685) < 1e-12
    lines = run.output.splitlines()
    assert len(lines) == 24 and all(line.startswith("cost: ") for line in lines[:20])
    # Theano 1.0.5's numbers for this seed of the random numbers.
    assert abs(run.final["cur_cost"] - 0.0010651526381260724) < 1e-9
    learned = [0.9695342550912904, 0.03207167194366134, 0.9697953931332985, 0.03262429458796771]
    np.testing.assert_allclose([float(line) for line in lines[20:]], learned, atol=1e-8)
