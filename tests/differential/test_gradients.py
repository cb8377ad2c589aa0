"""Gradients of random costs against central differences: see `gradients`."""

from __future__ import annotations

from gradients import check
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


@settings(max_examples=60, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(st.integers(10_000, 10**9))
def test_random_costs(seed: int) -> None:
    check(seed)
