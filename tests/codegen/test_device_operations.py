"""PTX of every elementwise operation for every dtype: LLVM selects it, ptxas takes it, the numbers are the CPU's.

python tests/codegen/test_device_operations.py        # writes the tables of registers anew
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
REGISTERS = HERE / "registers.txt"  # of operations, for sm_75
EXAMPLES = HERE / "registers_examples.txt"  # of the kernels of whole programs, for sm_90
TYPES = ("float32", "float64")  # of the kernels that the table has
ROOM = 8  # registers: what a new version of LLVM or ptxas may need more


@cache
def kernels(which: str, *architectures: str) -> dict[str, str]:
    """PTX of a set for each architecture, made in a process that LLVM may end."""
    command = [sys.executable, str(HERE / "device_kernels.py"), which, *architectures]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    pieces = re.split(r"^// (sm_\d+)$", done.stdout, flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def check(text: str, architecture: str, folder: Path) -> dict[str, ptxas.Usage]:
    """What the kernels need; no stack."""
    if ptxas.ptxas_path() is None:
        pytest.skip("no ptxas: pip install nvidia-cuda-nvcc")
    usage = ptxas.assemble(text, architecture, folder)
    assert len(usage) == text.count(".entry")
    assert {name: one for name, one in usage.items() if one.stack or one.spilled} == {}
    return usage


def compare(usage: dict[str, ptxas.Usage], table: Path) -> None:
    """No kernel needs many more registers than it did."""
    recorded = dict(line.split() for line in table.read_text().splitlines())
    assert recorded.keys() <= usage.keys(), "write the table anew"
    more = {name: (usage[name].registers, number) for name, number in recorded.items()}
    assert {name: pair for name, pair in more.items() if pair[0] > int(pair[1]) + ROOM} == {}


@pytest.mark.parametrize("architecture", ["sm_75", "sm_120"])
def test_every_dtype_of_every_operation(architecture: str, tmp_path: Path) -> None:
    """No product is fused with a sum behind the rows' back."""
    text = kernels("elementwise", architecture)[architecture]
    assert text.count(".entry") > 400
    assert not re.search(r"\b(?:add|sub|mul)\.f(?:32|64)|\.approx|\.ftz", text)
    usage = check(text, architecture, tmp_path)
    if architecture == "sm_75":
        compare(usage, REGISTERS)


def test_the_example_of_every_operation(tmp_path: Path) -> None:
    """Whole programs, with reductions, scatters, sorts; on each generation."""
    for architecture, text in kernels("examples", *ptxas.ARCHITECTURES).items():
        assert text.count(".entry") > 100
        usage = check(text, architecture, tmp_path)
        if architecture == "sm_90":
            compare(usage, EXAMPLES)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        found = ptxas.assemble(kernels("elementwise", "sm_75")["sm_75"], "sm_75", Path(folder))
        programs = ptxas.assemble(kernels("examples", "sm_90")["sm_90"], "sm_90", Path(folder))
    rows = [f"{name} {one.registers}" for name, one in found.items() if name.endswith(TYPES)]
    REGISTERS.write_text("\n".join(rows) + "\n")
    EXAMPLES.write_text("".join(f"{name} {one.registers}\n" for name, one in programs.items()))
