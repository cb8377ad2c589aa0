"""Compiling again and again does not fill memory: what LLVM's optimizer takes is given back."""

from __future__ import annotations

import gc
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from phintys.codegen.engine import optimize

PROGRAM = """
define double @f(ptr %x, i64 %n) {{
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %sum = phi double [ 0.0, %entry ], [ %more, %loop ]
  %place = getelementptr double, ptr %x, i64 %i
  %element = load double, ptr %place
  %scaled = fmul double %element, {number}.0
  %more = fadd double %sum, %scaled
  %next = add i64 %i, 1
  %done = icmp eq i64 %next, %n
  br i1 %done, label %end, label %loop
end:
  ret double %more
}}
"""
# One pass manager that is not freed keeps about 80 KiB.
KEPT = 16 * 1024


def resident() -> int:
    """Bytes of memory that the process has now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc/self/statm")
def test_the_optimizer_gives_its_memory_back() -> None:
    for number in range(30):
        optimize(PROGRAM.format(number=number))
    gc.collect()
    before, count = resident(), 150
    for number in range(count):
        optimize(PROGRAM.format(number=100 + number))
    gc.collect()
    assert (resident() - before) / count < KEPT


PAUSES = """
import gc, weakref
from phintys.codegen.compiler import collection_paused
class Node: pass
def garbage():
    node = Node(); node.own = node
    return weakref.ref(node)
alive = []
for _ in range(2):
    with collection_paused():
        found = garbage()
        many = [[] for _ in range(10_000)]
    more = [[] for _ in range(10_000)]
    alive.append(found() is not None)
    gc.collect()
    assert found() is None and gc.isenabled() and not gc.get_freeze_count()
assert alive == [True, False], alive
"""


def test_the_first_compilation_leaves_its_garbage_to_the_next_full_collection() -> None:
    done = subprocess.run([sys.executable, "-c", PAUSES], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
