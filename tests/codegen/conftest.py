"""Makes the helper module of this folder importable (tests are imported by path); tests get their own cache."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHINTYS_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        patch.delenv("PHINTYS_CACHE", raising=False)
        yield
