"""A net of one hidden layer learns XOR; the numbers are those of Theano 1.0.5 from the same seed."""

from __future__ import annotations

from typing import Any

import numpy as np

import phintys
import phintys.tensor as T
import phintys.tensor.nnet as nnet


def layer(x: Any, w: Any) -> Any:
    b = np.array([1], dtype=phintys.config.floatX)
    return nnet.sigmoid(T.dot(w.T, T.concatenate([x, b])))


def descent(cost: Any, theta: Any) -> Any:
    return theta - (0.1 * T.grad(cost, wrt=theta))


def test_xor() -> None:
    np.random.seed(0)
    x, y = T.dvector(), T.dscalar()
    theta1, theta2 = phintys.shared(np.random.rand(3, 3)), phintys.shared(np.random.rand(4, 1))
    out = T.sum(layer(layer(x, theta1), theta2))
    fc = (out - y) ** 2
    cost = phintys.function([x, y], fc, updates=[(theta1, descent(fc, theta1)), (theta2, descent(fc, theta2))])
    run_forward = phintys.function([x], out)
    inputs, expected = np.array([[0, 1], [1, 0], [1, 1], [0, 0]]), np.array([1, 1, 0, 0])
    for _ in range(10_000):
        for k in range(4):
            current = cost(inputs[k], expected[k])
    assert current < 0.002
    assert abs(current - 0.0010651526381260724) < 1e-9
    found = [float(run_forward(pair)) for pair in ([0, 1], [1, 1], [1, 0], [0, 0])]
    np.testing.assert_allclose(
        found, [0.9695342550912904, 0.03207167194366134, 0.9697953931332985, 0.03262429458796771], atol=1e-8
    )
