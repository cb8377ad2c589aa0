"""What the long search found once, reduced, by several ways to compute it."""

from __future__ import annotations

from pathlib import Path

import pytest
from cases import FOUND, check_text


@pytest.mark.parametrize("path", sorted(FOUND.glob("*.phi")), ids=lambda path: path.stem)
def test_found(path: Path) -> None:
    check_text(path.read_text(encoding="utf-8"), ["fast_run", "plain", "from loops", "threads"])
