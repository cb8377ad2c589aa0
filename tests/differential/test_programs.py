"""Random programs, compiled, against the evaluator (see `programs`), and what failed there once, reduced."""

from __future__ import annotations

import random

import numpy as np
from harness import check as check_function
from harness import op, values, variable
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from programs import check, generate

import phintys
import phintys.tensor as T


@settings(max_examples=200, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(st.integers(10_000, 10**9))
def test_random_programs(seed: int) -> None:
    check(generate(random.Random(seed)))


# --- reduced ------------------------------------------------------------------------------------------------------------------


def test_product_of_small_ints_feeds_a_scalar() -> None:
    x = variable("uint8", [1], "x")
    product = op("dot", op("invert", x), x)
    check_function([x], [product, product.astype("float64") + 0.5, -product], [np.array([7], "uint8")])


def test_absolute_value_of_a_negated_unsigned_number() -> None:
    x = variable("uint8", [None], "x")
    check_function([x], [abs(-x), abs(abs(-x))], [np.array([0, 1, 2, 255], "uint8")])


def test_softmax_of_a_known_size_returned_under_an_unknown_one() -> None:
    x = variable("float64", [None, None], "x")
    joined = T.concatenate([T.constant(values("float64", [2, 3])), T.constant(values("float64", [3, 3]))]) * x[:1].sum()
    outputs = [op("softmax", joined, axis=0), op("log_softmax", joined.reshape((-1, 3)), axis=1)]
    check_function([x], outputs, [values("float64", [1, 2])], ulps=32, scale=4)


def test_more_results_than_a_hundred() -> None:
    x = variable("float64", [], "x")
    check_function([x], [x + float(k) for k in range(300)], [np.array(0.5)])


def test_bits_of_numbers_without_a_common_dtype() -> None:
    x, y = variable("int64", [], "x"), variable("uint64", [], "y")
    try:
        x & y
    except TypeError as error:
        assert "common dtype" in str(error)
    else:
        raise AssertionError("int64 & uint64 has no dtype")


def test_state_returned_twice_and_updated() -> None:
    w = phintys.shared(np.arange(6.0).reshape(2, 3))
    check_function([], [w, w, w[0], w[0], w.T, w.T], [], {w: T.nnet.softmax(w)}, ulps=16, calls=2)


def test_element_of_a_new_state() -> None:
    """It is read when the state has been written, not with the elements of arguments."""
    w, x = phintys.shared(np.arange(1.0, 5.0)), variable("float64", [], "x")
    new = w / 3
    check_function([x], [x + new[-2], new[0] * 2, w[1]], [np.array(0.5)], {w: new}, ulps=4, calls=3)


def test_sum_of_negated_small_ints() -> None:
    for dtype in ("uint8", "int8"):
        x = variable(dtype, [None], "x")
        check_function([x], [(-x).sum(), (-x).prod(), (-x).astype("int32"), (-x).max()], [np.array([3, 128, 1]).astype(dtype)])


def test_element_of_a_scalar_made_a_vector() -> None:
    x = variable("float64", [], "x")
    check_function([x], [op("subtensor", x.dimshuffle("x"), index="0") * 2, x.dimshuffle("x") + x], [np.array(0.5)])


def test_casts_through_floats_saturate() -> None:
    x = variable("uint8", [None], "x")
    outputs = [
        x.astype(wide).astype(narrow) for wide in ("float32", "float64", "int64") for narrow in ("int8", "int16", "uint8")
    ]
    check_function([x], outputs, [np.array([0, 1, 127, 128, 245, 255], "uint8")])
