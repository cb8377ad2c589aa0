"""What the runtime starts with where the program says nothing: how many threads share a loop, and how large the pool may be."""

from __future__ import annotations

import os
from pathlib import Path

from .blas import threads_asked

MOST_BY_DEFAULT = 16
MOST = 1024
_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def default_threads() -> int:
    """What the program or the environment asks for, else the cores that this process may use, at most 16."""
    asked = threads_asked()
    return min(asked, MOST) if asked else max(1, min(_cores(), _quota(), MOST_BY_DEFAULT))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _quota() -> int:
    """The processors' worth of time that a container has; as many as anybody wants where that is not limited."""
    try:
        quota, period = _QUOTA.read_text(encoding="ascii").split()
        return -(-int(quota) // int(period))
    except (OSError, ValueError, ZeroDivisionError):
        return MOST_BY_DEFAULT


def default_pool_limit() -> int:
    """The limit that the environment or the machine's memory gives."""
    text = os.environ.get("PHINTYS_POOL_BYTES", "").strip()
    if text.isdigit():
        return int(text)
    try:
        machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        machine = 2 << 30
    return min(1 << 30, machine // 8)
