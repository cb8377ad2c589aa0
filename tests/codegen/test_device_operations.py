"""PTX of every elementwise operation for every dtype: LLVM selects it, ptxas takes it, the numbers are the CPU's.

python tests/codegen/test_device_operations.py        # writes the table of registers anew
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import ptxas

HERE = Path(__file__).parent
REGISTERS = HERE / "registers.txt"
LARGE = {"jv_float32", "jv_float64"}  # which keep numbers across the call for a seldom argument of the cosine
TYPES = ("float32", "float64")  # of the kernels that the table has
ROOM = 8  # registers: what a new version of LLVM or ptxas may need more


@cache
def kernels(architecture: str) -> str:
    """All kernels, made in a process that LLVM may end."""
    done = subprocess.run(
        [sys.executable, str(HERE / "device_kernels.py"), architecture], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize("architecture", ["sm_75", "sm_120"])
def test_every_operation_has_code(architecture: str, tmp_path: Path) -> None:
    """No operation ends the process; no product is fused with a sum behind the rows' back; threads need no stack."""
    text = kernels(architecture)
    assert text.count(".entry") > 400
    assert not re.search(r"\b(?:add|sub|mul)\.f(?:32|64)|\.approx|\.ftz", text)
    if ptxas.find() is None:
        pytest.skip("no ptxas: pip install nvidia-cuda-nvcc")
    usage = ptxas.assemble(text, architecture, tmp_path)
    assert len(usage) == text.count(".entry")
    assert {name for name, one in usage.items() if one.stack or one.spilled} <= LARGE
    if architecture == "sm_75":
        recorded = dict(line.split() for line in REGISTERS.read_text().splitlines())
        assert recorded.keys() == {name for name in usage if name.endswith(TYPES)}, "write the table anew"
        more = {name: (usage[name].registers, number) for name, number in recorded.items()}
        assert {name: pair for name, pair in more.items() if pair[0] > int(pair[1]) + ROOM} == {}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        found = ptxas.assemble(kernels("sm_75"), "sm_75", Path(folder))
    rows = [f"{name} {one.registers}" for name, one in found.items() if name.endswith(TYPES)]
    REGISTERS.write_text("\n".join(rows) + "\n")
