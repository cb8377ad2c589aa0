"""What an error of a running function says: the line, the operands, what to try."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T

X, Y, B, C, N = T.dmatrix("X"), T.dmatrix("Y"), T.dvector("B"), T.dvector("C"), T.lscalar("N")


def message(inputs: list[Any], output: Any, *values: Any) -> str:
    """The error of a call."""
    f = phintys.function(inputs, output)
    with pytest.raises((ValueError, IndexError)) as found:
        f(*values)
    return str(found.value)


def test_shapes_and_small_values() -> None:
    text = message([B, C], B + C, np.zeros(2), np.ones(3))
    assert "test_errors.py:" in text and "(B + C)" in text
    assert "Inputs shapes: [(2,), (3,)]" in text
    assert "Inputs values: [array([0., 0.]), array([1., 1., 1.])]" in text
    assert "HINT: config.exception_verbosity='high'" in text and "strides:" not in text


def test_shapes_of_computed_operands() -> None:
    text = message([X, Y], T.dot(T.exp(X), Y.T), np.zeros((2, 3)), np.zeros((5, 4)))
    assert "Inputs shapes: [(2, 3), (4, 5)]" in text and "Inputs values: ['not shown', 'not shown']" in text


def test_arguments_of_any_kind() -> None:
    """Numbers, lists and arrays in another order, which the entry does not take itself."""
    assert "Inputs shapes: [(2,), ()]" in message([B, N], B[N], [1.0, 2.0], 5)
    assert "Inputs values: [array([1., 2.]), array(5)]" in message([B, N], B[N], [1.0, 2.0], 5)
    assert "Inputs shapes: [(3, 2), (2, 2)]" in message([X, Y], X + Y, np.zeros((2, 3)).T, np.zeros((2, 2)))


def test_states() -> None:
    state = phintys.shared(np.zeros(4), "state")
    f = phintys.function([B], [], updates=[(state, 2 * state + B)])
    with pytest.raises(ValueError, match=r"Inputs shapes: \[\(4,\), \(3,\)\]"):
        f(np.zeros(3))
    np.testing.assert_array_equal(state.get_value(), np.zeros(4))


def test_high_verbosity() -> None:
    with phintys.change_flags(exception_verbosity="high"):
        text = message([X, B], T.dot(X + 1, B), np.zeros((2, 3)), np.zeros(4))
    assert "Inputs strides: [(24, 8), (8,)]" in text
    assert "array([[1., 1., 1.]," in text and "Debugprint of the apply node:" in text and "HINT" not in text


def test_sizes_of_one() -> None:
    assert "T.addbroadcast" in message([X, B], X + B, np.zeros((2, 3)), np.zeros(1))


def test_alloc() -> None:
    text = message([B, N], T.alloc(B, N), np.zeros(3), 4)
    assert "size 0 of the result is to be 4, but that dimension of the value is 3" in text and "-1" not in text


def test_an_operand_that_fails_itself() -> None:
    """The error at hand is told, whatever else is wrong."""
    assert "Inputs shapes:" in message([B, C, N], (B + C)[N], np.zeros(2), np.zeros(3), 9)


def test_python_of_the_program_runs_once() -> None:
    calls = []

    @phintys.as_op([T.dvector], [T.dvector])
    def counted(x: Any) -> Any:
        calls.append(1)
        return x

    text = message([B, C], counted(B) + C, np.zeros(2), np.zeros(3))
    assert "Inputs shapes: [unknown, (3,)]" in text and len(calls) == 1


def test_reshape_names_the_shape() -> None:
    text = message([X, N], X.reshape((N, 5)), np.zeros((3, 4)), 2)
    assert "reshape: cannot put 12 elements into the shape (2, 5)" in text
    assert "the shape (5, -1)" in message([X], X.reshape((5, -1)), np.zeros((3, 4)))
    assert "the shape (7,)" in message([X], X.reshape((7,)), np.zeros((3, 4)))


CYCLIC: list[Any] = [1]
CYCLIC.append(CYCLIC)
WRONG_ARGUMENTS: list[tuple[Any, tuple[Any, ...], type[Exception], str]] = [
    (T.as_tensor_variable, (CYCLIC,), ValueError, "a list that is in itself"),
    (lambda x, key: x[key], (X, ([0], CYCLIC)), ValueError, "a list that is in itself"),
    (phintys.pp, (1.5,), TypeError, "pp shows variables and functions"),
    (phintys.pp, (CYCLIC,), TypeError, "pp shows variables and functions"),
    (phintys.printing.min_informative_str, (len,), TypeError, "shows a variable"),
    (phintys.compile_text, (3,), TypeError, "graph text is a string"),
    (phintys.Apply, (X, [X]), TypeError, "applies an Op"),
    (T.constant, (np.zeros((1,) * 33),), ValueError, "a tensor of 33 dimensions; there are at most 32"),
    (T.batched_tensordot, (X, X, 2**40), ValueError, "1099511627776 dimensions besides the first"),
    (T.batched_tensordot, (X, X, [[3], [1]]), ValueError, "has no dimensions"),
    (T.shape_padleft, (X, 2**40), ValueError, "there are at most 32"),
    (T.as_tensor_variable, (X, None, 2**40), ValueError, "there are at most 32"),
    (T.TensorVariable, ([],), TypeError, "a variable has a TensorType"),
    (T.Rop, (X, "X", X), TypeError, "wrt are variables"),
    (T.makeKeepDims, (X, 7, 1), ValueError, "is no reduction of"),
    (T.transpose, (X, phintys.function([], X.ndim * T.constant(1))), TypeError, "iterable"),
    (lambda target: phintys.function([X], X, target=target), (3,), ValueError, "there is no target 3"),
    (lambda how: T.grad(X.sum(), X, return_disconnected=how), (X,), ValueError, "return_disconnected is 'zero'"),
]


@pytest.mark.parametrize(("call", "arguments", "kind", "said"), WRONG_ARGUMENTS, ids=range(len(WRONG_ARGUMENTS)))
def test_wrong_arguments(call: Any, arguments: tuple[Any, ...], kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        call(*arguments)
