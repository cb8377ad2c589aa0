"""Random programs, compiled, against the evaluator: see `programs`. Seeds of programs that failed once are kept."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from programs import check, generate

FAILED = {
    2148: "a view of a temporary was taken for the state's buffer",
    27: "a product of small ints in a scalar",
    5007: "abs(-x) of unsigned numbers",
    5363: "softmax of a type that is known better than the signature says",
    44: "a state returned twice and updated",
}


@pytest.mark.parametrize("seed", FAILED)
def test_programs_that_failed(seed: int) -> None:
    check(generate(random.Random(seed)))


@settings(max_examples=300, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(st.integers(10_000, 10**9))
def test_random_programs(seed: int) -> None:
    check(generate(random.Random(seed)))
