"""The report as tables: one of each workload, one of all, one in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from phintys.tools.report import console, duration, print_table

from .row import OURS, PEERS
from .run import best_peer

SMALLEST = 1e-4  # seconds that are worth a line
Result = dict[str, Any]
Report = dict[str, Any]
TITLES = {"phintys": "Phintys", "numpy": "NumPy", "jax": "JAX", "torch": "PyTorch", "pytensor": "PyTensor", "cupy": "CuPy"}


def show(result: Result, with_threads: bool) -> None:
    """The table of one workload: each contender's least time and median, and how it compares with Phintys."""
    ours = result["seconds"].get(OURS)
    rows = [figures(result, name, ours) for name in ordered(result)]
    rows += [(name, words, "", "", "") for name, words in result["missing"].items()]
    threads = f", {result['threads']} threads" if with_threads else ""
    head = ("", "least", "median", "of Phintys' time", "with import" if result["imports"] else "")
    print_table(f"{result['name']}: {result['title']}{threads}", head, rows, right=(1, 2, 3, 4))
    if parts := result.get("parts"):
        whole = sum(parts.values())
        rows = [(name, duration(part), f"{part / whole:.0%}") for name, part in parts.items() if part >= SMALLEST]
        print_table(f"{result['name']}: what it consists of, in another process", ("", "CPU time", ""), rows, right=(1, 2))


def ordered(result: Result) -> list[str]:
    """Contenders, the fastest first, then floors."""
    floors = result["floors"]
    return sorted(result["seconds"], key=lambda name: (name in floors, result["seconds"][name]))


def figures(result: Result, name: str, ours: float | None) -> tuple[str, ...]:
    """One line of the table of a workload."""
    seconds, floor = result["seconds"][name], name in result["floors"]
    return (
        f"floor: {name}" if floor else TITLES.get(name, name),
        duration(seconds),
        duration(result["medians"][name]),
        f"{seconds / ours:.2f}" if ours else "",
        duration(whole(result, name)) if result["imports"].get(name) else "",
    )


def whole(result: Result, name: str) -> float:
    """CPU seconds of a process from its start to the first result, importing included."""
    imports = float(min(result["imports"][name]))
    return imports if result["fresh"] == "import" else imports + float(result["seconds"][name])


def ratio(result: Result, name: str | None) -> str:
    """How often Phintys' time fits into the other's."""
    if name is None or OURS not in result["seconds"]:
        return ""
    return f"{result['seconds'][name] / result['seconds'][OURS]:.2f}"


def named(result: Result, name: str | None) -> str:
    """A time and whose it is."""
    return "" if name is None else f"{duration(result['seconds'][name])} {TITLES.get(name, name)}"


def verdict(result: Result) -> str:
    """Whether the target is reached."""
    return {True: "reached", False: "MISSED", None: ""}[result["reached"]]


def summary(report: Report, threads: Sequence[int]) -> None:
    """One line a workload, what more threads bring, what it was measured on."""
    first = [result for result in report["results"] if result["threads"] == threads[0]]
    rows = []
    for result in first:
        peer, floor = best_peer(result), next(iter(result["floors"]), None)
        ours = duration(result["seconds"][OURS]) if OURS in result["seconds"] else "failed"
        limit = "" if result["limit"] is None else duration(result["limit"])
        line = (result["name"], ours, named(result, peer), ratio(result, peer), named(result, floor), ratio(result, floor))
        rows.append((*line, limit, verdict(result)))
    head = ("", "Phintys", "best of the others", "of Phintys'", "floor", "of Phintys'", "to reach", "")
    print_table("Summary", head, rows, right=(1, 2, 3, 4, 5, 6))
    if len(threads) > 1:
        speedups(report["results"], threads)
    words = {**report["machine"], **report["versions"]}
    console().print(", ".join(f"{key} {value}" for key, value in words.items() if value))


def speedups(results: Sequence[Result], threads: Sequence[int]) -> None:
    """How many times faster each number of threads makes Phintys than the first one, and its floor, where that is another."""
    by_row: dict[str, dict[int, Result]] = {}
    for result in results:
        by_row.setdefault(result["name"], {})[result["threads"]] = result
    rows = [(name, *(speedup(of.get(n), of.get(threads[0])) for n in threads)) for name, of in by_row.items()]
    head = ("", *(f"{n} threads" for n in threads))
    print_table("Phintys with more threads", head, rows, right=range(1, len(head)))


def speedup(result: Result | None, first: Result | None) -> str:
    """The time, and how many times it goes into the first one's; the same of the floor."""
    if result is None or first is None:
        return ""
    names = [name for name in (OURS, *result["floors"][:1]) if name in result["seconds"] and name in first["seconds"]]
    times = [f"{first['seconds'][name] / result['seconds'][name]:.2f} ×" for name in names]
    if OURS not in names:
        return ""
    floor = "" if result is first or not names[1:] else f", {names[1]} {times[1]}"
    return f"{duration(result['seconds'][OURS])} ({times[0]}{floor})"


def markdown(report: Report) -> str:
    """The table of all workloads as Markdown, and a line that says what it was measured on and how."""
    results = report["results"]
    columns = [name for name in (*PEERS, "cupy") if any(name in result["seconds"] for result in results)]
    head = ["workload", "Phintys", *(TITLES.get(name, name) for name in columns), "floor"]
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    several = len({result["threads"] for result in results}) > 1
    for result in results:
        floor = next(iter(result["floors"]), None)
        title = result["title"] + (f", {result['threads']} threads" if several else "")
        cells = [duration(result["seconds"][name]) if name in result["seconds"] else "" for name in (OURS, *columns)]
        least = min(result["seconds"][name] for name in (OURS, *columns) if name in result["seconds"])
        cells = [f"**{cell}**" if cell == duration(least) else cell for cell in cells]
        lines.append("| " + " | ".join([title, *cells, named(result, floor)]) + " |")
    where, of = report["machine"], report["versions"]
    systems = ", ".join(f"{TITLES.get(name, name)} {of[name]}" for name in columns if name in of)
    lines += ["", f"Least of all samples; {where['cpu']}, {where['cores']} cores, Python {where['python']}; {systems}."]
    return "\n".join(lines) + "\n"
