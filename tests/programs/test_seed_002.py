"""The Chinese article: algebra, several results, defaults, copies, random streams, logistic regression of 400 x 784."""

from __future__ import annotations

from typing import Any

import numpy as np

LOGISTIC = [[0.5, 0.73105858], [0.26894142, 0.11920292]]
UNIFORM = [[[0.12672381, 0.97091597], [0.13989098, 0.88754825]], [[0.31971415, 0.47584377], [0.24129163, 0.42046081]]]
NORMAL = [[0.37328447, -0.65746672], [-0.36302373, -0.97484625]]
SEEDED = [[[0.28439105, 0.50552141], [0.00215961, 0.98144963]], [[0.33919835, 0.85344878], [0.14881562, 0.79659413]]]


def test_program(run_seed: Any) -> None:
    run = run_seed("seed_002.py")
    assert run.output.startswith("True\nInitial model:\n")
    assert run.values("f(2, 3)") == [5.0] and run.values("numpy.allclose(f(16.3, 12.1), 28.4)") == [True]
    assert run.values("x.type") == ["TensorType(float64, scalar)"] and run.values("theano.pp(z)") == ["(x + y)"]
    assert np.allclose(run.values("z.eval({x: 16.3, y: 12.1})"), 28.4)
    for name in ("logistic", "logistic2"):
        np.testing.assert_allclose(run.values(f"{name}([[0, 1], [-1, -2]])")[0], LOGISTIC, atol=1e-8)
    assert run.values("f([[1, 1], [1, 1]], [[0, 1], [2, 3]])")[0][2].tolist() == [[1, 0], [1, 4]]
    assert run.values("f(33)") == [34.0] and run.values("f(33, w_by_name=1, y=0)") == [33.0]
    assert [int(value) for value in run.values("state.get_value(), new_state.get_value()")[0]] == [10, 100]
    np.testing.assert_allclose(run.values("f(), f()")[0], UNIFORM, atol=1e-7)
    np.testing.assert_allclose(run.values("g(), g()")[0], [NORMAL, NORMAL], atol=1e-7)
    assert np.abs(run.values("nearly_zeros()")[0]).max() < 1e-6
    np.testing.assert_allclose(run.values("f()"), SEEDED, atol=1e-7)
    # 784 weights separate 400 points at random.
    assert np.isfinite(run.final["err"]).all() and np.isfinite(run.final["pred"]).all()
    target = run.output[run.output.index("target values for D:") : run.output.index("prediction on D:")]
    assert target.count("1") == np.count_nonzero(run.final["pred"])
