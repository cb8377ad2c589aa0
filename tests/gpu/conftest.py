"""Functions on a device. Without an option it is one that checks what it is asked for, and computes on the CPU; where a GPU is,

    python -m pytest tests/gpu --device=cuda

runs the same tests on it.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from phintys.codegen import device as devices
from phintys.codegen.driver import Driver
from phintys.codegen.emulated_kernels import EmulatedDevice

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHINTYS_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def device(request: pytest.FixtureRequest) -> Iterator[Driver]:
    """The device that target "cuda" means in this test; all its memory is free again in the end."""
    if request.config.getoption("--device") == "cuda":
        yield devices.current()
        return
    emulated = EmulatedDevice()
    before = devices.use(emulated)
    yield emulated
    devices.use(before)
    gc.collect()
    assert not emulated.live, f"memory that nobody has freed: {[buffer.size for buffer in emulated.live.values()]} bytes"
