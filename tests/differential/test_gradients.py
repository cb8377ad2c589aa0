"""Gradients of random costs against central differences: see `gradients`."""

from __future__ import annotations

import time

import pytest
from gradients import check

SEEDS = [7919 * number for number in range(50)]
FRESH = int(time.time()) * 1000


@pytest.mark.parametrize("first", range(0, len(SEEDS), 10))
def test_random_costs(first: int) -> None:
    for seed in SEEDS[first : first + 10]:
        check(seed)


def test_fresh_costs() -> None:
    for seed in range(FRESH, FRESH + 10):
        try:
            check(seed)
        except Exception as error:
            error.add_note(f"gradients.check({seed})")
            raise
