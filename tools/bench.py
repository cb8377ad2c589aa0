"""Measure Phintys beside NumPy, other systems where installed, and what the hardware allows, in one run.

Everybody's results are compared with NumPy's first; then all take turns. The least time of all samples is the figure,
the median stands beside it. numba's loops into arrays that are there already stand in for hand-written C; floors (copying
or reading the operands, the matrix products contained, a call of C) are measured in the same turns. The other systems
come with `pip install 'phintys[bench]'`; those that are missing are skipped. Targets in seconds are for one core of a
3 GHz server with AVX-512; the exit status is 1 when one is missed with the first number of threads, 2 for wrong words.
"""

from __future__ import annotations

import argparse
import difflib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from .report import CommandError, UsageError, print_table, write_whole

MOST_THREADS = 1024
Report = dict[str, Any]
PICTURES = (".png", ".svg", ".pdf")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `phintys bench`."""
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help="a workload or a group of --list; all by default")
    parser.add_argument("--list", action="store_true", help="list the workloads and their targets")
    parser.add_argument("--peers", metavar="NAMES", help="beside NumPy: numexpr,numba,jax,torch,pytensor (all) or none")
    parser.add_argument("--threads", metavar="N,M", default="1", help="measure with these numbers of threads (1)")
    parser.add_argument("--device", metavar="DEVICE", default="cpu", help="cpu, cuda, cuda1, or cuda_emulated: a rehearsal")
    parser.add_argument("--rounds", type=int, default=15, help="turns that everybody has (15; fewer where they are slow)")
    parser.add_argument("--seconds", type=float, default=6.0, help="stop taking turns after so many seconds a workload (6)")
    parser.add_argument("--sweep", action="store_true", help="how time grows with elements, operations, shared variables")
    parser.add_argument(
        "--from",
        dest="saved",
        metavar="FILE",
        type=Path,
        action="append",
        help="report what --json wrote, instead of measuring; samples of several files are put together (may be repeated)",
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="write machine, versions and all samples into FILE")
    parser.add_argument("--plot", metavar="FILE", type=Path, help="draw the report into FILE (.png, .svg, .pdf)")
    parser.add_argument("--markdown", metavar="FILE", type=Path, help="write the table in Markdown into FILE")


def main(arguments: argparse.Namespace) -> int:
    """Measure in processes of their own, print each workload's table as it is done; 1 if a target is missed."""
    check_device(arguments.device)
    if arguments.device != "cpu":
        from .benchmarks import gpu_run

        return gpu_run.main(arguments)
    from .benchmarks.table import WORKLOADS

    if arguments.list:
        rows = [(name, row.group, row.title, str(row.target)) for name, row in WORKLOADS.items()]
        print_table("Workloads", ("name", "group", "what", "target"), rows)
        return 0
    threads, peers = thread_counts(arguments.threads), chosen_peers(arguments.peers)
    names = chosen_workloads(arguments.workloads, {name: row.group for name, row in WORKLOADS.items()})
    check_files(arguments)
    report = saved_report(arguments.saved, names) if arguments.saved else new_report(arguments, names, peers, threads)
    write_files(report, arguments)
    return 0 if all(result["reached"] is not False for result in report["results"]) else 1


def new_report(arguments: argparse.Namespace, names: list[str], peers: list[str], threads: list[int]) -> Report:
    """Measure, and print each table as it is done."""
    from .benchmarks import run, sweep_report, tables

    report: Report = {"machine": run.machine(), "versions": run.versions(), "results": [], "sweep": {}}
    if arguments.workloads or not arguments.sweep:
        for result in run.measure(names, peers, threads, arguments.rounds, arguments.seconds):
            report["results"].append(run.judged(result, judge=result["threads"] == threads[0]))
            tables.show(report["results"][-1], len(threads) > 1)
        tables.summary(report, threads)
    if arguments.sweep:
        report["sweep"] = sweep_report.measure(peers, threads[0])
    return report


def saved_report(paths: Sequence[Path], names: list[str]) -> Report:
    """What earlier runs have written, printed again."""
    from .benchmarks import saved, tables

    report = saved.read(paths, names)
    threads = sorted({result["threads"] for result in report["results"]})
    for result in report["results"]:
        tables.show(result, len(threads) > 1)
    tables.summary(report, threads)
    return report


def write_files(report: Report, arguments: argparse.Namespace) -> None:
    """The files that were asked for."""
    from .benchmarks import picture, tables

    if arguments.json:
        write_whole(arguments.json, json.dumps(report, indent=1).encode())
    if arguments.markdown:
        write_whole(arguments.markdown, tables.markdown(report).encode())
    if arguments.plot:
        picture.draw(report, arguments.plot)


def near(word: str, words: Iterable[str]) -> str:
    """`, did you mean ...?` where a known word is close, else all of them."""
    words = list(words)
    found = difflib.get_close_matches(word, words, 3, 0.5)
    return f"; did you mean {' or '.join(found)}?" if found else f"; there are: {', '.join(words)}"


def chosen_workloads(words: Sequence[str], groups: dict[str, str]) -> list[str]:
    """The named workloads and those of the named groups, in the order of the table; all when none is named."""
    known = [*groups, *dict.fromkeys(groups.values())]
    for word in words:
        if word not in known:
            raise UsageError(f"no workload or group is called {word!r}{near(word, known)}")
    return [name for name, group in groups.items() if not words or name in words or group in words]


def chosen_peers(text: str | None, known: Sequence[str] | None = None) -> list[str]:
    """The systems named in `text`, separated by commas; all when it is not given."""
    from .benchmarks.row import PEERS

    known = PEERS if known is None else known
    words = list(known) if text is None else [word.strip() for word in text.split(",") if word.strip() not in ("", "none")]
    for word in words:
        if word not in known:
            raise UsageError(f"no peer is called {word!r}{near(word, known)}")
    return words


def thread_counts(text: str) -> list[int]:
    """The numbers in `text`, separated by commas."""
    try:
        counts = [int(word) for word in text.split(",")]
    except ValueError:
        raise UsageError(f"--threads expects numbers separated by commas, such as 1,2, not {text!r}") from None
    if not all(1 <= count <= MOST_THREADS for count in counts) or len(set(counts)) < len(counts):
        raise UsageError(f"--threads expects different numbers from 1 to {MOST_THREADS}, not {text!r}")
    return counts


def check_device(device: str) -> None:
    """UsageError for what is no device."""
    if device not in ("cpu", "cuda", "cuda_emulated") and not (device.startswith("cuda") and device[4:].isdecimal()):
        raise UsageError(f"--device expects cpu, cuda (cuda1, cuda2, ...) or cuda_emulated, not {device!r}")


def check_files(arguments: argparse.Namespace) -> None:
    """Refuse what could not be written, before minutes are spent on measuring."""
    if arguments.rounds < 1 or not 0 < arguments.seconds < float("inf"):
        raise UsageError("--rounds and --seconds expect positive numbers")
    for path in filter(None, (arguments.json, arguments.plot, arguments.markdown)):
        if not path.absolute().parent.is_dir():
            raise UsageError(f"cannot write {path}: there is no folder {path.parent}")
    if arguments.plot:
        from .figures import available

        if arguments.plot.suffix not in PICTURES:
            raise UsageError(f"--plot expects a file that ends in {', '.join(PICTURES)}, not {arguments.plot}")
        if not available():
            raise CommandError("--plot needs matplotlib: pip install 'phintys[viz]'")
