"""Reductions beside NumPy's: every dtype, axes, keepdims; dtype and acc_dtype; variances with ddof and correction."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T

DTYPES = ["bool", "int8", "uint8", "int32", "int64", "uint64", "float32", "float64"]
AXES: list[Any] = [None, 0, 1, -1, (0, 2), [0, 1, 2], (-1, 0)]
SHAPE = (3, 1, 5)


def values(dtype: str) -> Any:
    raw = np.random.default_rng(3).uniform(-2.4 if dtype[0] in "if" else 0, 2.4, SHAPE)
    return (raw > 1) if dtype == "bool" else raw.astype(dtype)


def call(dtype: str, outputs: list[Any], x: Any, array: Any = None) -> list[Any]:
    return phintys.function([x], outputs)(values(dtype) if array is None else array)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["sum", "prod", "max", "min", "mean", "argmax", "argmin", "all", "any"])
def test_axes_and_keepdims(dtype: str, name: str) -> None:
    x = T.TensorType(dtype, (False,) * 3)("x")
    cases = [(axis, keepdims) for axis in AXES for keepdims in (False, True)]
    if name.startswith("arg"):
        cases = [(axis, keepdims) for axis, keepdims in cases if axis is None or isinstance(axis, int)]
    outputs = [getattr(T, name)(x, axis=axis, keepdims=keepdims) for axis, keepdims in cases]
    array = values(dtype)
    for (axis, keepdims), found in zip(cases, call(dtype, outputs, x), strict=True):
        given = tuple(axis) if isinstance(axis, list) else axis
        expected = np.asarray(getattr(np, name)(array, axis=given, keepdims=keepdims))
        assert found.dtype == expected.dtype and found.shape == expected.shape, (axis, keepdims)
        np.testing.assert_allclose(found, expected, rtol=1e-5 if found.dtype == "float32" else 1e-13)


@pytest.mark.parametrize("dtype", ["int8", "float32", "float64"])
def test_variances(dtype: str) -> None:
    x = T.TensorType(dtype, (False,) * 3)("x")
    cases = [(axis, ddof, keepdims, corrected) for axis in (None, 0, (0, 2)) for ddof in (0, 1) for keepdims in (False, True)
             for corrected in (False, True)]  # fmt: skip
    outputs = [f(x, axis, ddof, keepdims, corrected) for axis, ddof, keepdims, corrected in cases for f in (T.var, T.std)]
    found = iter(call(dtype, outputs, x))
    for axis, ddof, keepdims, _ in cases:
        for f in (np.var, np.std):
            expected = f(values(dtype), axis=axis, ddof=ddof, keepdims=keepdims)
            np.testing.assert_allclose(next(found), expected, rtol=2e-6 if dtype == "float32" else 1e-13)


def test_corrected_variance_of_far_numbers() -> None:
    x = T.fvector("x")
    array = (np.random.default_rng(0).normal(0, 1, 4097) + 1e4).astype("float32")
    (found,) = call("float32", [T.var(x, corrected=True)], x, array)
    np.testing.assert_allclose(found, array.astype("float64").var(), rtol=1e-5)


def test_dtype_and_acc_dtype() -> None:
    x, i = T.fvector("x"), T.bvector("i")
    array = np.full(300, 100, "int8")
    outputs = [i.sum(), i.sum(dtype="int8"), i.sum(acc_dtype="float64"), i.mean(), i.mean(dtype="float32")]
    outputs += [i.prod(acc_dtype="float64")]
    found = phintys.function([i], outputs)(array)
    assert [str(value.dtype) for value in found] == ["int64", "int8", "float64", "float64", "float32", "float64"]
    np.testing.assert_allclose([float(value) for value in found], [30000, 30000 - 117 * 256, 30000, 100, 100, np.inf])
    tenth = np.full(10_000_000, 0.1, "float32")
    precise = phintys.function([x], x.sum(acc_dtype="float64"))(tenth)
    assert precise == tenth.astype("float64").sum()
    assert phintys.function([x], x.sum(dtype="float64", acc_dtype="float64"))(tenth).dtype == "float64"


def test_others() -> None:
    x = T.dmatrix("x")
    array = np.random.default_rng(0).normal(size=(4, 7))
    outputs = [T.ptp(x), T.ptp(x, 1), *T.max_and_argmax(x, 1), T.prod(x, 1, no_zeros_in_input=True)]
    outputs += [x.norm(2), x.norm(1, axis=0), x.norm(0), x.norm(np.inf, axis=1)]
    flat = np.abs(array)
    expected = [np.ptp(array), np.ptp(array, 1), array.max(1), array.argmax(1), array.prod(1)]
    expected += [np.sqrt((flat**2).sum()), flat.sum(0), 28, flat.max(1)]
    for found, wanted in zip(phintys.function([x], outputs)(array), expected, strict=True):
        np.testing.assert_allclose(found, wanted)


@pytest.mark.parametrize("name", ["max", "min", "argmax", "argmin"])
def test_nothing_has_no_extreme(name: str) -> None:
    x = T.dmatrix("x")
    f = phintys.function([x], getattr(T, name)(x, axis=0))
    assert f(np.zeros((3, 0))).shape == (0,)
    with pytest.raises(ValueError, match="of no elements"):
        f(np.zeros((0, 3)))


@pytest.mark.parametrize("mode", [None, "FAST_COMPILE", phintys.Mode(optimizer=None)])
@pytest.mark.parametrize("dtype", ["bool", "int8", "uint64", "float32", "float64"])
def test_of_scalars(dtype: str, mode: Any) -> None:
    """There are no dimensions to reduce; the dtype may still be another one."""
    x = T.TensorType(dtype, ())("x")
    names = ["sum", "prod", "max", "min", "mean", "var", "argmax", "argmin", "all", "any"]
    value = np.array(1, dtype)
    found = phintys.function([x], [getattr(T, name)(x) for name in names], mode=mode)(value)
    for name, result in zip(names, found, strict=True):
        assert result == getattr(np, name)(value) and result.shape == ()


@pytest.mark.parametrize("dtype", DTYPES)
def test_over_no_axes(dtype: str) -> None:
    """Each element alone, as in NumPy; the dtype may still be another one."""
    x = T.TensorType(dtype, (False,) * 3)("x")
    names = ["sum", "prod", "mean", "all", "any"] + (["var", "std"] if dtype != "bool" else [])
    cases = [(name, axis) for name in names for axis in ([], (), np.zeros(0, "int64"))]
    found = call(dtype, [getattr(T, name)(x, axis=axis, keepdims=isinstance(axis, list)) for name, axis in cases], x)
    for (name, _), result in zip(cases, found, strict=True):
        expected = getattr(np, name)(values(dtype), axis=())
        assert result.dtype == expected.dtype and np.array_equal(result, expected), name


@pytest.mark.parametrize("mode", [None, "FAST_COMPILE", "debug"])
def test_gradients_over_no_axes(mode: Any) -> None:
    x = T.dmatrix("x")
    array = np.array([[1.0, -2.0, 0.0], [0.5, 3.0, 2.0 if mode == "debug" else -np.inf]])
    gradients = [T.grad((f(x, axis=[]) * 3).sum(), x) for f in (T.sum, T.prod, T.mean)]
    for found in phintys.function([x], gradients, mode=mode)(array):
        assert np.array_equal(found, np.full((2, 3), 3.0))


def test_extremes_over_no_axes_are_over_all() -> None:
    """Theano's rule: to them, an empty list is as good as none."""
    x = T.dmatrix("x")
    array = np.random.default_rng(4).normal(size=(3, 5))
    names = ["max", "min", "argmax", "argmin", "ptp"]
    outputs = [getattr(T, name)(x, axis=[]) for name in names] + T.max_and_argmax(x, axis=())
    expected = [getattr(np, name)(array) for name in [*names, "max", "argmax"]]
    assert phintys.function([x], outputs)(array) == expected
    assert T.max(x, axis=[], keepdims=True).eval({x: array}).tolist() == [[array.max()]]


def test_text_over_no_axes() -> None:
    x = T.dmatrix("x")
    total = T.sum(x * 2, axis=[])
    f = phintys.function([x], total)
    assert "sum(x * i8(2), axes=[])" in f.graph()
    array = np.arange(6.0).reshape(2, 3)
    assert np.array_equal(phintys.compile_text(f.graph())(array), array * 2)
    assert phintys.pp(T.sum(x, axis=[])) == "Sum{axis=[], acc_dtype=float64}(x)"
    assert T.sum(x, axis=[])._repr_latex_() == r"$\displaystyle x$"
    assert T.makeKeepDims(x, T.sum(x, axis=[]), []).ndim == 2


@pytest.mark.parametrize("axis", [np.array([0, 1]), np.array(1), np.int8(-1)], ids=repr)
def test_axes_as_arrays(axis: Any) -> None:
    x = T.dmatrix("x")
    array = np.arange(6.0).reshape(2, 3)
    expected = array.sum(tuple(axis) if axis.ndim else int(axis))
    for same in (axis, T.constant(axis)):
        assert np.array_equal(x.sum(axis=same).eval({x: array}), expected)
