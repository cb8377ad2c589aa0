"""Measure Phintys beside NumPy, other compilers where installed, and what the hardware allows, in one run on one core.

Contenders take turns; a figure is the best of several medians. The other compilers come with
`pip install 'phintys[bench]'`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .report import CommandError, console, duration, print_table, write_whole

ONE_THREAD = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "PHINTYS_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `phintys bench`."""
    parser.add_argument("--only", metavar="NAME", action="append", help="measure this workload only (may be repeated)")
    parser.add_argument("--list", action="store_true", help="list the workloads and their targets")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures, in seconds, into FILE")


def main(arguments: argparse.Namespace) -> int:
    """Measure in a process of its own, print each workload's table as it is done; 1 if a target is missed."""
    from .workloads import WORKLOADS

    if arguments.list:
        print_table("Workloads", ("name", "what", "target"), [(n, w.title, str(w.target)) for n, w in WORKLOADS.items()])
        return 0
    names = arguments.only or list(WORKLOADS)
    unknown = [name for name in names if name not in WORKLOADS]
    if unknown:
        raise CommandError(f"no workload is called {unknown[0]!r}; there are: {', '.join(WORKLOADS)}")
    results = []
    for result in measure(names):
        results.append(judged(result))
        show(results[-1])
    summary(results)
    if arguments.json:
        write_whole(arguments.json, json.dumps({"machine": machine(), "results": results}, indent=1).encode())
    return 0 if all(result["reached"] for result in results) else 1


def measure(names: list[str]) -> Iterator[dict[str, Any]]:
    """Results of the measuring process as they come: libraries read their thread counts when they are loaded."""
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, **ONE_THREAD, "PHINTYS_CACHE_DIR": cache}
        command = [sys.executable, "-m", "phintys.tools.measure", *names]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                yield json.loads(line)
        if process.returncode:
            raise CommandError(f"the measuring process ended with status {process.returncode}; its message is above")


def judged(result: dict[str, Any]) -> dict[str, Any]:
    """`result` with the row's title, its target in seconds, and whether Phintys reached it."""
    from .workloads import WORKLOADS

    row = WORKLOADS[result["name"]]
    limit = row.target.limit(result["seconds"])
    return {
        **result,
        "title": row.title,
        "target": str(row.target),
        "limit": limit,
        "reached": result["seconds"]["phintys"] <= limit,
    }


def show(result: dict[str, Any]) -> None:
    """The table of one workload: each contender's time, and how it compares with Phintys."""
    ours = result["seconds"]["phintys"]
    rows = [(name, duration(seconds), f"{seconds / ours:.2f}") for name, seconds in result["seconds"].items()]
    rows += [(name, "not installed", "") for name in result["missing"]]
    print_table(f"{result['name']}: {result['title']}", ("", "time", "of Phintys' time"), rows, right=(1, 2))


def summary(results: list[dict[str, Any]]) -> None:
    """One line a workload: Phintys, NumPy, the target, and whether it is reached."""
    rows = [
        (
            result["name"],
            duration(result["seconds"]["phintys"]),
            duration(result["seconds"]["numpy"]),
            duration(result["limit"]),
            result["target"],
            "reached" if result["reached"] else "MISSED",
        )
        for result in results
    ]
    print_table("Figures to reach", ("", "Phintys", "NumPy", "limit", "which is", ""), rows, right=(1, 2, 3))
    console().print(", ".join(f"{key} {value}" for key, value in machine().items()))


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    import numpy
    from llvmlite import binding

    return {
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "cpu": binding.get_host_cpu_name(),
        "cores": str(os.cpu_count()),
    }
