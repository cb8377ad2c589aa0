"""Makes the helper modules of this folder and the NumPy evaluator of `tests/numerics` importable; no object cache."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "numerics")]


@pytest.fixture(autouse=True)
def no_cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is tested is the compiler, not what an earlier one left behind."""
    monkeypatch.setenv("PHINTYS_CACHE", "0")
    yield
