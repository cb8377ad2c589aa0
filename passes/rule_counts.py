"""How often each rewriting rule fires, by name: counted only inside `counting_rules()`, so that nobody else pays for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

COUNTS: list[Counter[str]] = []  # of the blocks that are open; the driver of `rewriting` asks whether there is one


@contextmanager
def counting_rules() -> Iterator[Counter[str]]:
    """How often each rule fires while the block runs, by the name of its function."""
    counts: Counter[str] = Counter()
    COUNTS.append(counts)
    try:
        yield counts
    finally:
        COUNTS.pop()
