"""`--time-passes`: what everything took, as a tree with percentages, and LLVM's share of it."""

from __future__ import annotations

from phintys.ir.phases import Phase

OUTSIDE = "the rest"  # of a phase, what none of its parts accounts for


def time_report(root: Phase) -> str:
    """A line for every phase, indented under the one it is part of."""
    total = root.seconds or 1e-12
    lines = [_line(phase.name, phase.seconds, total, depth) for depth, phase in _with_rest(root)]
    llvm = sum(phase.seconds for _, phase in root.walk() if phase.name.startswith("LLVM"))
    return "\n".join([*lines, _line("LLVM's share of the total", llvm, total, 0)])


def _with_rest(root: Phase) -> list[tuple[int, Phase]]:
    """All phases, and under each that has parts what they leave over, where that is a thousandth of the whole or more."""
    found: list[tuple[int, Phase]] = []

    def visit(phase: Phase, depth: int) -> None:
        found.append((depth, phase))
        for child in phase.children:
            visit(child, depth + 1)
        rest = phase.seconds - sum(child.seconds for child in phase.children)
        if phase.children and rest >= root.seconds / 1000:
            found.append((depth + 1, Phase(OUTSIDE, rest)))

    visit(root, 0)
    return found


def _line(name: str, seconds: float, total: float, depth: int) -> str:
    return f"{1e3 * seconds:10.2f} ms {100 * seconds / total:5.1f} %  {'  ' * depth}{name}"
