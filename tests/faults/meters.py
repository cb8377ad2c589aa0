"""What a process holds: resident memory, C's heap, mappings, open files, threads, Python objects; and whether it grows.

Resident memory is what counts in the end and is noisy: the allocator keeps freed pages, and needs some hundred
compilations until it has what it needs. The heap's bytes in use show a leak of a kilobyte sooner.
"""

from __future__ import annotations

import ctypes
import gc
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

PROC = Path("/proc/self")
PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class Held(NamedTuple):
    """What the process holds after `done` pieces of work; bytes for `resident` and `heap`."""

    done: int
    resident: int
    heap: int
    mappings: int
    files: int
    threads: int
    objects: int

    def line(self) -> str:
        """The same for people."""
        sizes = f"resident {self.resident / 2**20:7.1f} MiB  heap {self.heap / 2**20:7.1f} MiB"
        rest = f"files {self.files}  threads {self.threads}  objects {self.objects}"
        return f"{self.done:8d}  {sizes}  mappings {self.mappings}  {rest}"


class _Mallinfo(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_size_t)
        for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")
    ]


def heap_in_use() -> int:
    """Bytes that C's allocator has given out, in all arenas; 0 where it cannot be asked."""
    try:
        mallinfo = ctypes.CDLL(None).mallinfo2
    except (AttributeError, OSError):
        return 0
    mallinfo.restype = _Mallinfo
    found = mallinfo()
    return int(found.uordblks + found.hblkhd)


def resident() -> int:
    """Bytes of memory that are the process's now."""
    return int((PROC / "statm").read_text().split()[1]) * PAGE


def held(done: int) -> Held:
    """What the process holds, garbage collected."""
    for _ in range(3):  # finalizers make garbage, too
        gc.collect()
    with open(PROC / "maps", encoding="utf-8", errors="replace") as file:
        mappings = sum(1 for _ in file)
    files = len(os.listdir(PROC / "fd"))
    return Held(done, resident(), heap_in_use(), mappings, files, threading.active_count(), len(gc.get_objects()))


def slope(samples: Sequence[Held], name: str, warm: float = 0.25, groups: int = 8) -> float:
    """Growth of a field for each piece of work: a least-squares line through the least of each of some groups of samples.

    What a program holds when a sample is taken (its arrays, the pool they went to, code not yet unloaded) only adds to what
    stays; the least of several samples is nearest to that. The first quarter, in which tables fill, is left out.
    """
    later = samples[int(len(samples) * warm) :]
    if len(later) < 2 * groups:
        raise ValueError(f"a slope needs {2 * groups} samples after the first quarter: run it longer")
    size = len(later) // groups
    parts = [later[len(later) - size * (groups - k) :][:size] for k in range(groups)]
    least = [min(part, key=lambda sample: getattr(sample, name)) for part in parts]
    work = np.array([sample.done for sample in least], float)
    return float(np.polyfit(work - work.mean(), [getattr(sample, name) for sample in least], 1)[0])
