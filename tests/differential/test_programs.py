"""Random programs, compiled, against the evaluator (see `programs`), and what failed there once, reduced."""

from __future__ import annotations

import contextlib
import random
import time

import numpy as np
import pytest
from harness import check as check_function
from harness import op, values, variable
from long import check_seed
from maker import COMPLEX, REAL, Maker, draw
from programs import MISFITS, Program, leaf
from steps import STEPS

import phintys
import phintys.tensor as T
from phintys.ir.ops import OPS

SEEDS = [7919 * number for number in range(120)]  # the same programs everywhere, whatever is installed
FRESH = [int(time.time()) * 1000 + number for number in range(40)]  # and others each time


@pytest.mark.parametrize("first", range(0, len(SEEDS), 12))
def test_random_programs(first: int) -> None:
    for seed in SEEDS[first : first + 12]:
        explained(seed)


@pytest.mark.parametrize("first", range(0, len(FRESH), 10), ids=lambda first: f"fresh {first}")
def test_fresh_programs(first: int) -> None:
    for seed in FRESH[first : first + 10]:
        explained(seed)


def explained(seed: int) -> None:
    """Check one program, and compute it in two more ways; a failure says how to see it again."""
    try:
        check_seed(seed)
    except Exception as error:
        error.add_note(f"python -m tests.differential --seed {seed}")
        raise


def test_every_operation_can_appear() -> None:
    """None is left out."""
    assert {*OPS} == {*STEPS}
    missing = {*STEPS}
    for seed in range(400):
        draws = random.Random(seed)
        maker = Maker(draws, False, COMPLEX * 2 + REAL if seed % 2 else REAL)
        for number in range(4):
            leaf(maker, Program(), number, draw(draws, draws.choice(maker.dtypes), draws.choices([1, 2, 3], k=number)))
        for name in ["dimshuffle", "gt", *sorted(missing)]:
            with contextlib.suppress(*MISFITS):
                STEPS[name](maker)
                missing.discard(name)
        if not missing:
            break
    assert not missing


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


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_floats_beyond_integers_saturate(dtype: str) -> None:
    """Around the ends of each integer type: elements of vectors and single ones; NaN is 0."""
    powers = [2.0**bits + more for bits in (7, 8, 15, 16, 31, 32, 63, 64) for more in (-2, -1, -0.5, 0, 0.5, 1, 2)]
    numbers = np.array([*powers, 0.0, 0.5, 0.999, 1e-310, 1e30, np.inf], dtype)
    x = np.concatenate([numbers, -numbers, np.nextafter(numbers, 0), np.nextafter(-numbers, -np.inf), [np.nan]]).astype(dtype)
    v = variable(dtype, [None], "v")
    for target in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"):
        ends = np.iinfo(target)
        exact = [0 if value != value else value if abs(value) == np.inf else int(value) for value in map(float, x)]
        expected = np.array([int(min(max(value, ends.min), ends.max)) for value in exact], target)
        f = phintys.function([v], [v.astype(target), v[-1].astype(target)])
        np.testing.assert_array_equal(f(x)[0], expected, err_msg=target)
        assert [f(x[: place + 1])[1] for place in range(len(x))] == list(expected)


def test_casts_through_floats_saturate() -> None:
    x = variable("uint8", [None], "x")
    outputs = [
        x.astype(wide).astype(narrow) for wide in ("float32", "float64", "int64") for narrow in ("int8", "int16", "uint8")
    ]
    check_function([x], outputs, [np.array([0, 1, 127, 128, 245, 255], "uint8")])
