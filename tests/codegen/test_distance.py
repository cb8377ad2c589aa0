"""Functions whose code lies gigabytes away from the runtime's, as happens once large arrays are in between."""

from __future__ import annotations

import gc
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import phintys
import phintys.tensor as T
from phintys.codegen import engine, linker

PROGRAM = """
import numpy as np

import phintys
import phintys.tensor as T
from phintys.codegen import engine, linker

x = T.dvector("x")
phintys.function([x], x + 1.0)(np.zeros(3))
code = engine.start()["phi_output"]
libc = linker._libc()
anywhere = libc.mmap
libc.mmap = lambda address, *rest: anywhere(code + (8 << 30), *rest)
for number in range(3):
    f = phintys.function([x], T.exp(x * (number + 1.5)) * 0.25)
    np.testing.assert_allclose(f(np.zeros(5)), 0.25)
far = max(abs(loaded.address - code) for loaded in engine._ENTRIES.values())
print("fine" if far > 1 << 31 else f"only {far} bytes apart")
"""


@pytest.mark.skipif(not linker.available(), reason="places code where it wants it")
def test_code_beyond_the_reach_of_a_call() -> None:
    result = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert result.stdout.strip() == "fine", result.stdout + result.stderr[-500:]


def test_a_full_process_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "capacity", lambda: len(engine._ENTRIES))
    x = T.dvector("x")
    with pytest.raises(MemoryError, match="start a new process or raise the"):
        phintys.function([x], x * 1.2345678)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts the lines of /proc/self/maps")
def test_code_that_nothing_can_call_is_unloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions that are dropped leave no mappings; one that is held works on, and so do results of others."""
    monkeypatch.setenv("PHINTYS_CACHE", "0")
    x = T.dvector("x")

    def made(number: int) -> Any:
        return phintys.function([x], x * (number + 0.625), mode="FAST_COMPILE")

    def mappings() -> int:
        with open("/proc/self/maps", encoding="ascii") as file:
            return sum(1 for _ in file)

    held = made(100)
    out = made(101)(np.ones(300_000))
    made(0)
    gc.collect()
    before, loaded = mappings(), len(engine._ENTRIES)
    for number in range(1, 25):
        made(number)
        gc.collect()
    assert len(engine._ENTRIES) <= loaded + 1 and mappings() < before + 24
    assert held(np.ones(2)).tolist() == [100.625] * 2 and out[0] == 101.625
