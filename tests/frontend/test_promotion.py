"""dtypes of expressions: autocast of numbers, promotion, floats of ints, reductions. Values seen on Theano 1.0.5."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (1, "int8"),
        (-128, "int8"),
        (128, "int16"),
        (40000, "int32"),
        (2**31, "int64"),
        (2**63, "uint64"),
        (0.5, "float32"),
        (0.1, "float64"),
        (1e300, "float64"),
        (float("inf"), "float32"),
        (float("nan"), "float64"),
        (1j, "complex128"),
        (np.float64(0.5), "float64"),
        (np.int64(1), "int64"),
        ([1, 2], "int64"),
        ([1, 0.5], "float64"),
        ([], "float64"),
        (np.ones(2, "float32"), "float32"),
        (np.array(True), "bool"),
    ],
)
def test_autocast(value: Any, dtype: str) -> None:
    assert T.constant(value).dtype == T.as_tensor_variable(value).dtype == dtype


@pytest.mark.parametrize(("value", "dtype"), [(0.1, "float32"), (1e300, "float32"), (1, "int8"), ([], "float32")])
def test_autocast_with_floatx_float32(value: Any, dtype: str) -> None:
    with phintys.change_flags(floatX="float32"), np.errstate(over="ignore"):
        assert T.as_tensor_variable(value).dtype == dtype


def test_autocast_with_numpys_policy() -> None:
    with phintys.change_flags(cast_policy="numpy+floatX", floatX="float32"):
        assert T.as_tensor_variable(1).dtype == "int64"
        assert T.as_tensor_variable(0.5).dtype == "float32"


def test_a_truth_value_is_no_tensor() -> None:
    with pytest.raises(phintys.AsTensorError, match=r"Cannot cast True or False as a tensor variable. Please use np"):
        T.as_tensor_variable(True)


B, N, F, D, Z, U, P = (
    T.bvector(), T.ivector(), T.fvector(), T.dvector(), T.zvector(), T.vector(dtype="uint8"),
    T.vector(dtype="bool"),
)  # fmt: skip

PROMOTED = [
    (B + 1, "int8"),
    (B + 300, "int16"),
    (B + U, "int16"),
    (N + F, "float64"),
    (B + F, "float32"),
    (F + 0.1, "float64"),
    (F + 0.5, "float32"),
    (F * 2, "float32"),
    (F * 100000, "float64"),
    (D * F, "float64"),
    (F + Z, "complex128"),
    (N / N, "float64"),
    (N // N, "int32"),
    (B**2, "int8"),
    (F**2, "float32"),
    (F % 2, "float32"),
    (T.exp(B), "float32"),
    (T.exp(N), "float64"),
    (T.sqrt(F), "float32"),
    (abs(Z), "float64"),
    (T.floor(N), "int32"),
    (D > 0.5, "bool"),
    (T.eq(N, D), "bool"),
    (P & P, "bool"),
    (~B, "int8"),
    (T.switch(D > 0, 1, 0), "int8"),
    (T.switch(N, F, D), "float64"),
    (B.sum(), "int64"),
    (U.sum(), "uint64"),
    (P.sum(), "int64"),
    (F.sum(), "float32"),
    (F.sum(dtype="float64"), "float64"),
    (F.sum(acc_dtype="float64"), "float64"),
    (F.mean(), "float32"),
    (N.mean(), "float64"),
    (P.mean(), "float64"),
    (F.var(), "float32"),
    (F.std(), "float32"),
    (B.max(), "int8"),
    (F.argmax(), "int64"),
    (F.shape, "int64"),
    (F.size, "int64"),
    (T.arange(3), "int64"),
    (T.arange(T.iscalar()), "int64"),
    (T.arange(0.0, 1.0, 0.1), "float64"),
    (T.zeros((2,)), "float64"),
    (T.ones_like(N), "int32"),
    (T.concatenate([F, N]), "float64"),
    (T.dot(F, D), "float64"),
    (T.clip(F, 0.0, 1.0), "float32"),
    (T.cast(N, "floatX"), "float64"),
    (T.nnet.sigmoid(N), "float64"),
    (T.nnet.softmax(F), "float32"),
    (T.nnet.relu(F), "float32"),
    (np.ones(3, "float32") * F, "float32"),
    (np.float64(2) * F, "float64"),
]


@pytest.mark.parametrize(("expression", "dtype"), PROMOTED, ids=str)
def test_promotion(expression: T.TensorVariable, dtype: str) -> None:
    assert expression.dtype == dtype


def test_true_division_of_ints_is_floatx() -> None:
    with phintys.change_flags(floatX="float32"):
        assert (N / 2).dtype == "float32"
        assert (N / D).dtype == "float64"


@pytest.mark.parametrize("operation", [lambda: -P, lambda: P - P, lambda: D & D, lambda: Z < Z, lambda: T.cast(Z, "float64")])
def test_operations_without_meaning(operation: Any) -> None:
    with pytest.raises(TypeError):
        operation()
