"""The report as a picture: each workload a line, each system a dot where its time stands to Phintys'; and the sweep."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from phintys.tools.report import duration

from .row import OURS
from .run import best_peer
from .sweep_report import UNITS
from .tables import TITLES

Result = dict[str, Any]
COLOURS = {
    "phintys": "#111827",
    "numpy": "#2563eb",
    "numexpr": "#0891b2",
    "numba": "#16a34a",
    "jax": "#9333ea",
    "torch": "#ea580c",
    "pytensor": "#db2777",
}
OTHERS = ("#111827", "#2563eb", "#ea580c", "#16a34a")
GREY, PALE, RED = "#6b7280", "#f3f4f6", "#b91c1c"
LINE, WIDTH, MARGIN = 0.27, 11.5, 1.6  # inches
COLUMNS = 1.13, 1.28  # of the width of the axes: where the figures on the right end


def draw(report: dict[str, Any], path: Path) -> None:
    """Draw what there is: the workloads into `path`, the sweep beside it, or into `path` where it is alone."""
    results, sweep = report["results"], report["sweep"]
    if results:
        workloads(results, report["machine"], path)
    if sweep:
        growth(sweep, path.with_stem(f"{path.stem}-sweep") if results else path)


def workloads(results: Sequence[Result], where: dict[str, str], path: Path) -> None:
    """Dots right of the line are slower than Phintys, so many times; a bar is a floor."""
    from matplotlib.figure import Figure

    shown = [result for result in results if OURS in result["seconds"]]
    figure = Figure(figsize=(WIDTH, MARGIN + LINE * (len(shown) + len({r["group"] for r in shown}))), layout="constrained")
    axes = figure.subplots()
    heights: list[float] = []
    titles: list[str] = []
    group, height = "", 0.0
    for result in shown:
        if result["group"] != group:
            group = result["group"]
            axes.text(0.0, height, f" {group}", transform=axes.get_yaxis_transform(), va="center", color=GREY, style="italic")
            height += 1
        if len(heights) % 2 == 0:
            axes.axhspan(height - 0.5, height + 0.5, color=PALE, zorder=0, linewidth=0)
        one_line(axes, result, height)
        heights.append(height)
        titles.append(result["title"] + (f", {result['threads']} threads" if result["threads"] > 1 else ""))
        height += 1
    axes.set_yticks(heights, titles, fontsize=9)
    axes.set_ylim(height - 0.4, -0.6)
    dress(axes, shown, where)
    save(figure, path)


def one_line(axes: Any, result: Result, height: float) -> None:
    """The dots of one workload, and Phintys' time on the right."""
    ours = result["seconds"][OURS]
    for name, seconds in result["seconds"].items():
        if name in result["floors"]:
            axes.plot(seconds / ours, height, "|", color=GREY, markersize=11, markeredgewidth=2, zorder=2)
        elif name in COLOURS and name != OURS:
            axes.plot(seconds / ours, height, "o", color=COLOURS[name], markersize=6.5, alpha=0.9, zorder=3)
    axes.plot(1, height, "D", color=COLOURS[OURS], markersize=5.5, zorder=4)
    peer = best_peer(result)
    behind = peer is not None and result["seconds"][peer] < ours
    words = "" if peer is None else f"{result['seconds'][peer] / ours:.2g} ×"
    look = {"transform": axes.get_yaxis_transform(), "va": "center", "ha": "right", "fontsize": 9}
    axes.text(COLUMNS[0], height, duration(ours), color=COLOURS[OURS], **look)
    axes.text(COLUMNS[1], height, words, color=RED if behind else COLOURS[OURS], **look)


def dress(axes: Any, shown: Sequence[Result], where: dict[str, str]) -> None:
    """Scale, line at 1, legend, words."""
    from matplotlib.lines import Line2D

    axes.set_xscale("log")
    low, high = axes.get_xlim()
    axes.set_xlim(max(low, 0.02), min(high, 2000.0))
    if high < 200:  # else the tens are close enough to each other
        axes.set_xticks([tick for tick in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if low <= tick <= high])
        axes.set_xticks([], minor=True)
    axes.axvline(1, color=COLOURS[OURS], linewidth=1, zorder=1)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g} ×")
    axes.xaxis.grid(True, color="#d1d5db", linewidth=0.6, zorder=1)
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    present = [name for name in COLOURS if any(name in result["seconds"] for result in shown)]
    marks = [mark(Line2D, "D" if name == OURS else "o", COLOURS[name], TITLES.get(name, name)) for name in present]
    if any(result["floors"] for result in shown):
        marks.append(mark(Line2D, "|", GREY, "floor of the hardware"))
    axes.figure.legend(handles=marks, loc="outside upper center", ncols=len(marks), frameon=False, fontsize=9)
    for place, words in zip(COLUMNS, ("Phintys", "best other"), strict=True):
        axes.text(place, 1.0, words, transform=axes.transAxes, fontsize=9, color=GREY, ha="right", va="center")
    axes.set_xlabel(
        f"time, in multiples of Phintys' (least of all samples; {where['cpu']}, {where['cores']} cores)", color=GREY
    )


def mark(kind: Any, sign: str, colour: str, label: str) -> Any:
    """An entry of the legend."""
    width = 2 if sign == "|" else 0
    return kind([], [], marker=sign, color=colour, linestyle="", markersize=8, markeredgewidth=width, label=label)


def growth(sweep: dict[str, Any], path: Path) -> None:
    """A panel of each kind of size, both axes logarithmic, with a line that grows as the size does."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.6 * len(sweep), 4.2), layout="constrained")
    for axes, (panel, curves) in zip(figure.subplots(1, len(sweep), squeeze=False)[0], sweep.items(), strict=True):
        for number, (name, curve) in enumerate(curves.items()):
            colour = COLOURS.get(name, OTHERS[number % len(OTHERS)])
            axes.plot(list(curve), list(curve.values()), "o-", color=colour, markersize=4, label=TITLES.get(name, name))
        size, seconds = max((size, seconds) for curve in curves.values() for size, seconds in curve.items())
        least = min(size for curve in curves.values() for size in curve)
        axes.plot([least, size], [seconds * least / size, seconds], color=GREY, linestyle=":", linewidth=1, label="linear")
        axes.set(xscale="log", yscale="log", xlabel=panel, title=f"time of a {UNITS[panel]}")
        axes.yaxis.set_major_formatter(lambda value, _: duration(value))
        axes.grid(True, color="#e5e7eb", linewidth=0.6)
        axes.legend(frameon=False, fontsize=9)
        axes.spines[["top", "right"]].set_visible(False)
    save(figure, path)


def save(figure: Any, path: Path) -> None:
    """Write the picture in the format that its name asks for."""
    figure.savefig(path, dpi=150, facecolor="white", bbox_inches="tight", pad_inches=0.15)
