"""Largest and smallest elements of arrays beyond a core's caches, whose loops fetch ahead: values and places as NumPy's."""

from __future__ import annotations

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys import Function
from phintys.codegen.threads import set_threads

REDUCTIONS = ("max", "min", "argmax", "argmin")
COLUMNS = 777  # three blocks of the loop and a rest


def function_of(axis: int | None, dtype: str) -> Function:
    x = T.matrix("x", dtype=dtype)
    return phintys.function([x], [getattr(T, name)(x, axis=axis) for name in REDUCTIONS])


@pytest.mark.parametrize("dtype", ["float64", "float32", "int16"])
@pytest.mark.parametrize("axis", [0, 1, None])
def test_extremes_of_large_arrays_and_their_places_are_exact(axis: int | None, dtype: str) -> None:
    f = function_of(axis, dtype)
    x = np.random.default_rng(1).integers(-9000, 9000, (1000, COLUMNS)).astype(dtype)
    for place in (0, 255, 256, 767, 768, COLUMNS - 1):  # the ends of blocks, and of the rest
        x[place, place] = 9999
        x[place + 1, place] = -9999
    for name, found in zip(REDUCTIONS, f(x), strict=True):
        np.testing.assert_array_equal(found, getattr(np, name)(x, axis=axis))


@pytest.mark.parametrize("place", [0, 255, 256, 767, 768, COLUMNS - 1])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_one_nan_anywhere_is_the_extremum(dtype: str, place: int) -> None:
    x = np.random.default_rng(2).normal(size=(1000, COLUMNS)).astype(dtype)
    x[[7, 999], place] = np.nan
    x[7, place - 1] = np.inf
    for axis in (0, 1, None):
        for name, found in zip(REDUCTIONS, function_of(axis, dtype)(x), strict=True):
            np.testing.assert_array_equal(found, getattr(np, name)(x, axis=axis))


def test_rows_of_a_view_are_read_where_they_lie() -> None:
    x = np.random.default_rng(3).normal(size=(800, 1500))
    for axis in (0, 1):
        for view in (x[::2, 100:1400], x[::-1, :1300], x.T, x[:, ::-1]):
            for name, found in zip(REDUCTIONS, function_of(axis, "float64")(view), strict=True):
                np.testing.assert_array_equal(found, getattr(np, name)(view, axis=axis))


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("rows", [129, 131])  # four at a time, and a rest
def test_columns_are_taken_in_blocks(rows: int, threads: int) -> None:
    x = np.random.default_rng(4).integers(-9, 9, (rows, 5003)).astype(float)  # a wide block and a rest; ties
    x[rows // 2, [4095, 4096, 5002]] = np.nan
    set_threads(threads)
    results = function_of(0, "float64")(x)
    set_threads(None)
    for name, found in zip(REDUCTIONS, results, strict=True):
        np.testing.assert_array_equal(found, getattr(np, name)(x, axis=0))
