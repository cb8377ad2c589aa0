"""Starts the measuring processes, follows them, and judges what they report."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from phintys.tools.report import CommandError

from .row import OURS, PEERS, Row
from .table import WORKLOADS

if TYPE_CHECKING:
    from .gpu_rows import GpuRow

COUNTS = ("OPENBLAS", "OMP", "MKL", "NUMEXPR", "NUMBA", "PHINTYS")
Result = dict[str, Any]


def environment(threads: int, cache: str) -> dict[str, str]:
    """The environment of a measuring process: libraries read their numbers of threads when they are loaded."""
    eigen = str(threads > 1).lower()
    return {
        **os.environ,
        **{f"{name}_NUM_THREADS": str(threads) for name in COUNTS},
        "NUMEXPR_MAX_THREADS": str(threads),
        "XLA_FLAGS": f"--xla_cpu_multi_thread_eigen={eigen} intra_op_parallelism_threads={threads}",
        "PHINTYS_CACHE_DIR": cache,
        "PYTENSOR_FLAGS": f"base_compiledir={Path(cache, 'pytensor')}",
    }


def follow(module: str, settings: dict[str, Any], threads: int) -> Iterator[dict[str, Any]]:
    """The lines that a measuring process prints, as they come; CommandError with its last words when it fails."""
    with tempfile.TemporaryDirectory() as cache, tempfile.TemporaryFile("w+") as words:
        command = [sys.executable, "-m", f"{__package__}.{module}", json.dumps(settings)]
        streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": words, "text": True}
        with subprocess.Popen(command, env=environment(threads, cache), **streams) as process:
            try:
                assert process.stdout is not None
                for line in process.stdout:
                    yield json.loads(line)
            except BaseException:
                process.kill()
                raise
        if process.returncode:
            words.seek(0)
            last = "".join(words.readlines()[-12:])
            raise CommandError(f"the measuring process ended with status {process.returncode}:\n{last}")


def measure(
    names: Sequence[str], peers: Sequence[str], threads: Sequence[int], rounds: int, seconds: float
) -> Iterator[Result]:
    """Results of each workload with each number of threads, with a bar of progress on a terminal."""
    from tqdm import tqdm

    with tqdm(total=len(names) * len(threads), unit="row", leave=False, disable=None) as bar:
        for count in threads:
            settings = {"rows": list(names), "peers": list(peers), "threads": count, "rounds": rounds, "seconds": seconds}
            for line in follow("measure", settings, count):
                if "begins" in line:
                    bar.set_postfix_str(f"{line['begins']}, {count} threads" if len(threads) > 1 else line["begins"])
                    continue
                bar.clear()
                yield line
                bar.update()


def judged(result: Result, judge: bool = True, row: Row | GpuRow | None = None) -> Result:
    """`result` with least times and medians, its row's title and target, the limit, and whether Phintys reached it."""
    row = row or WORKLOADS[result["name"]]
    seconds = {name: min(taken) for name, taken in result["samples"].items()}
    limit = row.target.limit(seconds)
    reached = None if limit is None or not judge else OURS in seconds and seconds[OURS] <= limit
    return {
        **result,
        "title": row.title,
        "group": row.group,
        "fresh": row.fresh,
        "target": str(row.target),
        "seconds": seconds,
        "medians": {name: median(taken) for name, taken in result["samples"].items()},
        "limit": limit,
        "reached": reached,
    }


def best_peer(result: Result) -> str | None:
    """Who came first beside Phintys and its floors, of first results among those that compile; None where nobody was there."""
    skipped = {"": (), "import": ("numpy",)}.get(result["fresh"], ("numpy", "torch"))
    peers = [name for name in result["seconds"] if name in (*PEERS, "cupy") and name not in skipped]
    return min(peers, key=lambda name: result["seconds"][name], default=None)


def versions(peers: Sequence[str] = PEERS) -> dict[str, str]:
    """The versions of the systems that are installed."""
    found = {}
    for name in (OURS, "numpy", *peers, "pycuda", "llvmlite", "xdsl", "scipy-openblas64"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    from llvmlite import binding

    return {
        "cpu": binding.get_host_cpu_name(),
        "cores": str(os.cpu_count()),
        "system": platform.system(),
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "load": f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "",
    }
