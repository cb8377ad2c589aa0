"""The sweep as a table, with how time grows between the last two sizes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from phintys.tools.report import duration, print_table

from .run import follow

Sweep = dict[str, dict[str, dict[int, float]]]
LINEAR = 1.15  # the power of growth that is still noise about 1
UNITS = {"elements": "call", "operations": "first result", "shared variables": "call"}


def measure(peers: Sequence[str], threads: int, part: float = 1.0) -> Sweep:
    """Measure all curves: panel, curve, size, seconds."""
    from tqdm import tqdm

    sweep: Sweep = {}
    with tqdm(unit="point", leave=False, disable=None) as bar:
        for point in follow("sweep", {"peers": list(peers), "threads": threads, "part": part}, threads):
            if sweep and point["panel"] not in sweep:
                bar.clear()
                show(*list(sweep.items())[-1])
            sweep.setdefault(point["panel"], {}).setdefault(point["curve"], {})[point["size"]] = point["seconds"]
            bar.set_postfix_str(f"{point['curve']}, {point['size']:,} {point['panel']}")
            bar.update()
    show(*list(sweep.items())[-1])
    return sweep


def growth(curve: dict[int, float]) -> float:
    """The power by which time grows between the last two sizes: 1 is linear."""
    (small, before), (large, after) = list(curve.items())[-2:]
    return math.log(after / before) / math.log(large / small)


def show(panel: str, curves: dict[str, dict[int, float]]) -> None:
    """Sizes downward, curves across: the time, and the time of one."""
    sizes = sorted({size for curve in curves.values() for size in curve})
    rows = [(f"{size:,}", *(cell(curve, size) for curve in curves.values())) for size in sizes]
    powers = [growth(curve) if len(curve) > 1 else math.nan for curve in curves.values()]
    words = [f"power {power:.2f}{'' if power <= LINEAR else ': MORE THAN LINEAR'}" for power in powers]
    rows.append(("growth at the end", *words))
    head = (panel, *curves)
    print_table(
        f"How time grows with {panel}: that of a {UNITS[panel]} (divided by their number)", head, rows, right=range(len(head))
    )


def cell(curve: dict[int, float], size: int) -> str:
    """A time, and what it makes for each one."""
    return f"{duration(curve[size])} ({duration(curve[size] / size)})" if size in curve else ""
