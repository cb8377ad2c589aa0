"""What the long search found once, reduced, in every way to compute it."""

from __future__ import annotations

from pathlib import Path

import pytest
from cases import FOUND, check_text
from ways import EVERY


@pytest.mark.parametrize("path", sorted(FOUND.glob("*.phi")), ids=lambda path: path.stem)
def test_found(path: Path) -> None:
    check_text(path.read_text(encoding="utf-8"), list(EVERY))
