"""NVIDIA's assembler in tests: it accepts the PTX for an architecture and says what each kernel needs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import NamedTuple

from phintys.codegen.cuda_library import ptxas_path

ARCHITECTURES = ("sm_75", "sm_80", "sm_90", "sm_120")
ENTRY = re.compile(r"Compiling entry function '([^']+)'")
FUNCTION = re.compile(r"Function properties for (\S+)")
FRAME = re.compile(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")
USED = re.compile(r"Used (\d+) registers")


class Usage(NamedTuple):
    """Registers of a thread, and bytes of its stack and of what is spilled to it."""

    registers: int
    stack: int
    spilled: int


def assemble(text: str, architecture: str, folder: Path) -> dict[str, Usage]:
    """What each kernel of the PTX needs; AssertionError with what the assembler says when it refuses the text."""
    program, source = ptxas_path(), folder / f"kernels_{architecture}.ptx"
    assert program is not None
    source.write_text(text)
    command = [program, "-v", f"-arch={architecture}", str(source), "-o", str(folder / f"kernels_{architecture}.cubin")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return read(done.stderr)


def read(report: str) -> dict[str, Usage]:
    """The kernels in what `ptxas -v` prints."""
    found: dict[str, Usage] = {}
    frames: dict[str, tuple[int, int]] = {}
    entry = function = ""
    for line in report.splitlines():
        if match := ENTRY.search(line):
            entry = match[1]
        elif match := FUNCTION.search(line):
            function = match[1]
        elif match := FRAME.search(line):
            stack, stores, loads = map(int, match.groups())
            frames[function] = stack, stores + loads
        elif match := USED.search(line):
            found[entry] = Usage(int(match[1]), *frames.get(entry, (0, 0)))
    return found
