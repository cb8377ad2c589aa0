"""What Phintys' first result consists of: CPU time of imports by package, of passes, of LLVM, and of what all functions share.

`collected(work)` does the work and says so. A part has what its phases (`ir.phases`) took themselves, without those inside of
them; what is imported is a phase as well. Other threads count, and what nothing accounts for is the rest: the expressions of
the program, its data and its first call.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from types import ModuleType
from typing import Any

from phintys.ir.phases import Phase, phase, timing

RUNTIME, PASSES, REST = "runtime that all functions share", "passes, in Python", "the rest"
# How the name of a phase begins, and the part that it belongs to. Whatever else has a name is a pass.
PARTS = {
    "import xdsl": "importing xDSL",
    "import llvmlite": "importing llvmlite",
    "import phintys": "importing Phintys",
    "import ": "importing others",
    "LLVM: load": "importing llvmlite",
    "LLVM: optimize": "LLVM, optimization",
    "LLVM: generate": "LLVM, code generation",
    "LLVM: parse": "LLVM, reading its text",
    "look into the object cache": "object cache",
    "write to the object cache": "object cache",
    "load the code": "linking",
    "load objects": "linking",
    "": PASSES,
}


def collected(work: Callable[[], object]) -> dict[str, float]:
    """CPU seconds of each part of some work, done once; together they are what the process took."""
    start = time.process_time()
    with _imports(), timing("", time.thread_time) as root:
        work()
    total = time.process_time() - start
    found = dict.fromkeys([*dict.fromkeys(PARTS.values()), RUNTIME, REST], 0.0)
    for child in (*root.children, *(child for other in root.others for child in other.children)):
        _add(child, found, shared=False)
    found[REST] = total - sum(found.values())
    return found


def _add(one: Phase, found: dict[str, float], shared: bool) -> None:
    """Add what a phase took, and those inside of it; `shared` inside of the runtime, where only importing counts for itself."""
    shared |= one.name == "runtime"
    known = next(part for start, part in PARTS.items() if one.name.startswith(start))
    part = RUNTIME if shared and not one.name.startswith(("import ", "LLVM: load")) else known
    found[part] += one.seconds - sum(child.seconds for child in one.children)
    for child in one.children:
        _add(child, found, shared)


@contextmanager
def _imports() -> Iterator[None]:
    """Have each module that is executed be a phase."""
    real = SourceFileLoader.exec_module

    def exec_module(loader: Any, module: ModuleType) -> None:
        with phase(f"import {module.__name__}"):
            real(loader, module)

    SourceFileLoader.exec_module = exec_module  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        SourceFileLoader.exec_module = real  # type: ignore[method-assign]
