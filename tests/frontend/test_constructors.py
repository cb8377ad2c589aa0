"""Types and inputs: names, dtypes, broadcast patterns, equality, and what a type accepts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys.ir.types import TensorType as CoreType
from phintys.tensor.constructors import KINDS, LETTERS


@pytest.mark.parametrize("letter", LETTERS)
@pytest.mark.parametrize("kind", KINDS)
def test_letters_and_kinds(letter: str, kind: str) -> None:
    x = getattr(T, letter + kind)("x")
    assert (x.dtype, x.broadcastable, x.ndim, x.name) == (LETTERS[letter], KINDS[kind], len(KINDS[kind]), "x")


@pytest.mark.parametrize("floatx", ["float32", "float64"])
def test_no_letter_is_floatx_when_the_variable_is_made(floatx: str) -> None:
    with phintys.change_flags(floatX=floatx):
        assert T.matrix().dtype == floatx
        assert T.matrix(dtype="uint8").dtype == "uint8"
        assert T.tensor("floatX", (True, False)).type == T.TensorType(floatx, (True, False))


def test_plurals() -> None:
    assert [x.name for x in T.dmatrices("a", "b")] == ["a", "b"]
    assert [x.name for x in T.vectors(3)] == [None] * 3
    assert T.dscalars("x", "y")[0].type == T.dscalar


@pytest.mark.parametrize(
    ("type", "text"),
    [
        (T.dscalar, "TensorType(float64, scalar)"),
        (T.fvector, "TensorType(float32, vector)"),
        (T.irow, "TensorType(int32, row)"),
        (T.lcol, "TensorType(int64, col)"),
        (T.zmatrix, "TensorType(complex128, matrix)"),
        (T.dtensor4, "TensorType(float64, 4D)"),
        (T.TensorType("bool", (True, False, True)), "TensorType(bool, (True, False, True))"),
        (T.TensorType("float64", shape=(None, 784)), "TensorType(float64, (?, 784))"),
        (T.TensorType("float64", shape=(3,)), "TensorType(float64, (3,))"),
        (T.TensorType("float64", (), name="mine"), "mine"),
    ],
)
def test_text(type: T.TensorType, text: str) -> None:
    assert str(type) == repr(type) == text


def test_a_type_equals_the_core_type_of_its_fields() -> None:
    mine, core = T.TensorType("float32", shape=(None, 4)), CoreType("float32", (None, 4))
    assert mine == core and core == mine and hash(mine) == hash(core)
    assert mine.text == str(core) == "f32[?, 4]"
    assert T.dmatrix != T.drow and T.dmatrix != T.fmatrix and T.dmatrix != "TensorType(float64, matrix)"


def test_type_errors() -> None:
    with pytest.raises(TypeError, match="Unsupported dtype for TensorType: float16; expected one of bool, int8"):
        T.TensorType("float16", ())
    with pytest.raises(ValueError, match="contradicts"):
        T.TensorType("float64", (True, False), shape=(3, 4))


class Subclass(np.ndarray):
    """An array that is not exactly an ndarray."""


ACCEPTED: list[tuple[T.TensorType, Any]] = [
    (T.dvector, [1, 2]),
    (T.dvector, np.arange(3)),
    (T.dvector, np.arange(3, dtype="float32")),
    (T.dvector, np.arange(6.0)[::2]),
    (T.dvector, np.arange(3, dtype=">f8")),
    (T.dscalar, 3),
    (T.dscalar, np.float32(0.5)),
    (T.fscalar, 0.5),
    (T.bscalar, 100),
    (T.ivector, []),
    (T.drow, [[1.0, 2.0]]),
    (T.dmatrix, np.zeros((3, 2), order="F")),
    (T.dmatrix, np.ones((1, 2)).view(Subclass)),
    (T.zscalar, 1.5),
]


@pytest.mark.parametrize(("type", "value"), ACCEPTED)
def test_filter_gives_exact_arrays(type: T.TensorType, value: Any) -> None:
    result = type.filter(value)
    assert result.__class__ is np.ndarray and result.dtype is np.dtype(type.dtype)
    assert result.flags.c_contiguous and result.flags.aligned
    np.testing.assert_array_equal(result, np.asarray(value))


def test_filter_keeps_an_exact_array() -> None:
    value = np.ones(3)
    assert T.dvector.filter(value) is value


REFUSED: list[tuple[T.TensorType, Any, str]] = [
    (T.fvector, np.ones(3), "cannot store a value of dtype float64 without risking loss of precision"),
    (T.ivector, np.arange(3), "cannot store a value of dtype int64 without risking loss of precision"),
    (T.fscalar, 0.1, "cannot store accurately value 0.1, it would be represented as 0.1"),
    (T.bscalar, 300, "cannot store accurately value 300"),
    (T.iscalar, 1.5, "cannot store accurately value 1.5"),
    (T.dmatrix, [1, 2, 3], r"Wrong number of dimensions: expected 2, got 1 with shape \(3,\)\."),
    (T.drow, [[1.0], [2.0]], "Non-unit value on shape on a broadcastable dimension"),
    (T.TensorType("float64", shape=(None, 4)), np.ones((2, 3)), "Dimension 1 has size 3, expected 4"),
    (T.dscalar, "one", "expects numbers, got one of type str"),
    (T.dscalar, None, "expects numbers"),
    (T.dscalar, T.dscalar(), "Expected an array-like object, but found a Variable"),
]


@pytest.mark.parametrize(("type", "value", "message"), REFUSED)
def test_filter_refuses(type: T.TensorType, value: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        type.filter(value)


def test_filter_options() -> None:
    assert T.fvector.filter(np.ones(3), allow_downcast=True).dtype == np.float32
    assert T.bscalar.filter(300, allow_downcast=True) == 44
    with pytest.raises(TypeError, match="expected a ndarray object"):
        T.dvector.filter([1.0], strict=True)
    with phintys.change_flags(floatX="float32"):
        assert T.fscalar.filter(0.1) == np.float32(0.1)
        with pytest.raises(TypeError, match="accurately"):
            T.fscalar.filter(0.1, allow_downcast=False)
