"""Gradients that do not exist, and operands that do not count."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys import Apply, DisconnectedInputError, NullTypeGradError, Op
from phintys.gradient import DisconnectedType, NullType, grad_not_implemented, grad_undefined

X, B = T.dmatrix("X"), T.dvector("B")


class Pick(Op):
    """`x[k]`, whose derivative with respect to `k` is not written."""

    def __init__(self, last: Any) -> None:
        self.last = last

    def make_node(self, x: Any, k: Any) -> Apply:
        x, k = map(T.as_tensor_variable, (x, k))
        return Apply(self, [x, k], [T.dscalar()])

    def perform(self, node: Any, inputs: Any, output_storage: Any) -> None:
        output_storage[0][0] = np.asarray(inputs[0][int(inputs[1])])

    def grad(self, inputs: Any, gradients: Any) -> Any:
        x, k = inputs
        return [T.zeros_like(x) + gradients[0], self.last(self, 1, k)]


@pytest.mark.parametrize(
    "missing, words", [(grad_undefined, "mathematically undefined"), (grad_not_implemented, "not implemented")]
)
def test_own_op(missing: Any, words: str) -> None:
    k = T.dscalar("k")
    y = Pick(missing)(B, k)
    np.testing.assert_array_equal(phintys.function([B, k], T.grad(y, B))([1.0, 2.0], 1), [1.0, 1.0])
    with pytest.raises(NullTypeGradError, match=f"encountered a NaN.*input 1.*{words}.*test_null_gradients.py:"):
        T.grad(y, k)
    gradients = T.grad(y, [B, k], null_gradients="return")
    assert isinstance(gradients[1].type, NullType) and words in gradients[1].type.why_null
    assert gradients[0].type == B.type
    with pytest.raises(TypeError):
        gradients[1] + 1


def test_disconnected() -> None:
    class Chosen(Pick):
        def connection_pattern(self, node: Any) -> Any:
            return [[True], [False]]

    k = T.dscalar("k")
    y = Chosen(lambda op, number, x: DisconnectedType()())(B, k)
    assert phintys.function([B, k], T.grad(y, B))([1.0, 2.0], 1).tolist() == [1.0, 1.0]
    with pytest.raises(DisconnectedInputError):
        T.grad(y, k)


def test_random_numbers() -> None:
    stream = T.shared_randomstreams.RandomStreams(1)
    drawn = T.cast(stream.binomial(B.shape, p=T.nnet.sigmoid(B)), "float64")
    with pytest.raises(NullTypeGradError, match="No gradient defined through raw random numbers op"):
        T.grad((drawn * B).sum(), B)
    gradient = T.grad((drawn * B).sum(), B, consider_constant=[drawn])
    assert set(phintys.function([B], gradient)([0.5, 2.0]).tolist()) <= {0.0, 1.0}
    half = stream.binomial((2,), p=0.5, dtype="float64")
    assert set(phintys.function([B], T.grad((half * B).sum(), B))([0.5, 2.0]).tolist()) <= {0.0, 1.0}


def test_functions_without_a_derivative() -> None:
    with pytest.raises(NullTypeGradError, match="QRFull"):
        T.grad(T.nlinalg.qr(X, "raw")[0].sum(), X)

    @phintys.as_op([T.dvector], [T.dvector])
    def twice(x: Any) -> Any:
        return 2 * x

    with pytest.raises(NotImplementedError, match=r"twice.*no derivative.*method grad"):
        T.grad(twice(B).sum(), B)
    assert phintys.function([B], T.grad((B * phintys.gradient.disconnected_grad(twice(B))).sum(), B))([3.0]).tolist() == [6.0]
